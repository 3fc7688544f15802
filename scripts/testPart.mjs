// One part of the tests: run as a process of its own and timed, or left out where it cannot be run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

const isCi = !['', 'false', undefined].includes(process.env.CI);

/** Rejects when the part fails. `args`: what Node runs. */
export async function runPart(name, args) {
  const startedAt = Date.now();
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
  console.log(`\n${code === 0 ? 'passed' : 'FAILED'}: ${name}, ${seconds} s\n`);
  if (code !== 0) {
    throw new Error(`${name} failed.`);
  }
  return { name, seconds };
}

/** Says why a part is left out; throws with CI set, where nothing may be. */
export function skipPart(name, reason) {
  if (isCi) {
    throw new Error(`${name} cannot run, and CI is set: ${reason}`);
  }
  console.log(`\nSKIPPED: ${name}. ${reason}\n`);
}
