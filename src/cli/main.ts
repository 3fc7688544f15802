// Composition root of the `rlm-companion` command.

import { createWriteStream, fstatSync } from 'node:fs';
import { exitCodes } from './failure';
import { Interrupts } from './interrupts';
import { runProgram } from './program';
import { Terminal } from './terminal';

const terminal = new Terminal({
  input: process.stdin,
  output: openOutput(),
  errors: process.stderr,
  env: process.env,
});
const interrupts = new Interrupts(() => process.exit(exitCodes.interrupted));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupts.interrupt());
}
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

/**
 * Node's own stream over a file takes a write for done that has filled the disk half-way; this one
 * writes the rest or says why not. `mcp` writes to process.stdout, which is never a file there.
 */
function openOutput(): NodeJS.WritableStream & { readonly isTTY?: boolean } {
  return isFile(process.stdout.fd)
    ? createWriteStream('', { fd: process.stdout.fd, autoClose: false })
    : process.stdout;
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false; // closed: writing to it says so
  }
}
