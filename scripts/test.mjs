// The whole check, part after part, and how long each took.

import { runPart } from './testPart.mjs';

const npm = process.env.npm_execpath;
if (!npm) {
  throw new Error('Start it by `npm test`.');
}
const parts = ['check', 'build', 'test:engine', 'test:ui', 'test:vscode'];
const done = [];
try {
  for (const name of parts) {
    done.push(await runPart(name, [npm, 'run', '--silent', name]));
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  console.log(done.map(({ name, seconds }) => `${name.padEnd(12)} ${seconds} s`).join('\n'));
}
