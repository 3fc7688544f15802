// Tests the engine, with a Python of this machine in each sandbox that it has, and with the Codex CLI. Run after a build.

import { installBackends } from '../.ci/installBackends.mjs';
import { installCodex } from '../.ci/installCodex.mjs';
import { runPart, skipPart } from './testPart.mjs';

try {
  installBackends();
} catch (error) {
  skipPart('sessions in a native Python', error.message);
}
try {
  await installCodex();
} catch (error) {
  skipPart('agents of Codex', error.message);
}
await runPart('the engine', ['node_modules/mocha/bin/mocha.js']);
