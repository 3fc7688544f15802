// Composition root of the `rlm-companion` command.

import { exitCodes } from './failure';
import { Interrupts } from './interrupts';
import { runProgram } from './program';
import { Terminal } from './terminal';

const terminal = new Terminal({
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  env: process.env,
});
const interrupts = new Interrupts(() => process.exit(exitCodes.interrupted));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupts.interrupt());
}
// The reader of our output has gone, as with `| head`: nobody is left to work for.
process.stdout.once('error', () => interrupts.interrupt());
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

/** What still holds the process after its work is done must not keep it. */
const lingerMs = 3_000;

void runProgram(process.argv.slice(2), {
  terminal,
  interrupts,
  cwd: process.cwd(),
  env: process.env,
  programFile: __filename,
  loadRuntime: () => import('../runtime'),
  exitCode: exitCodes.ok,
}).then((exitCode) => {
  process.exitCode = exitCode;
  setTimeout(() => process.exit(), lingerMs).unref();
});
