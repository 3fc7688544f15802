// A thread that is one command of a shell: empties its realm, runs the command with just-bash over the files of the
// session, and says what came of it. It is ended from outside.

import { workerData } from 'node:worker_threads';
import './forgetNetwork';
import { Bash, InMemoryFs } from 'just-bash/browser';
import type { ShellAnswer } from '../../../core/sandboxFiles';
import type { ShellInit } from '../../../protocol/shell';
import { scrubRealm } from '../scrubRealm';
import { checkScript } from './checkScript';
import { customCommands, offeredCommands } from './commands';
import { hasReplacedBytes } from './engineHooks';
import { lockEvaluators } from './lockEvaluators';
import { TreeFs } from './treeFs';

const mebibyte = 2 ** 20;
const limits = {
  maxCallDepth: 200,
  maxSubstitutionDepth: 50,
  maxCommandCount: 1_000_000,
  maxLoopIterations: 1_000_000,
  maxBraceExpansionResults: 100_000,
  maxGlobOperations: 1_000_000,
  maxStringLength: 32 * mebibyte,
  maxLiveBytes: 128 * mebibyte,
  maxInputBytes: 128 * mebibyte,
  maxOutputSize: 32 * mebibyte,
  maxFileSystemBytes: 16 * mebibyte,
  maxExecutionTimeMs: 3_600_000,
};
const environment = {
  HOME: '/work',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  PATH: '/usr/bin:/bin',
  PWD: '/work',
  TMPDIR: '/tmp',
  TZ: 'UTC',
  USER: 'user',
};

const init = workerData as ShellInit; // made by the sandbox process
init.port.on('message', () => undefined); // the thread stays until it is ended
scrubRealm(['AbortController', 'AbortSignal', 'queueMicrotask']);
lockEvaluators();

void run().then(
  (answer) => send(answer),
  (error: unknown) =>
    send({
      ...createAnswer('', '', 1, init.maxOutputChars),
      endedBy:
        `it failed, and its output is lost: ${error instanceof Error ? error.message : String(error)}`.slice(
          0,
          300,
        ),
    }),
);

async function run(): Promise<ShellAnswer> {
  const base = new InMemoryFs();
  const bash = new Bash({
    fs: new TreeFs(init.files, base, init.maxFileBytes),
    cwd: '/work',
    env: environment,
    executionLimits: limits,
    commands: [...offeredCommands],
    customCommands: [...customCommands],
    defenseInDepth: false, // the realm is empty already
    sleep: (milliseconds) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      return Promise.resolve();
    },
  });
  try {
    checkScript(init.command);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return createAnswer('', `bash: ${message}\n`, 2, init.maxOutputChars);
  }
  const { stdout, stderr, exitCode } = await bash.exec(init.command, { rawScript: true });
  return createAnswer(stdout, stderr, exitCode, init.maxOutputChars);
}

function createAnswer(
  stdout: string,
  stderr: string,
  exitCode: number,
  maxBytes: number,
): ShellAnswer {
  const [out, err] = [cut(stdout, maxBytes), cut(stderr, maxBytes)];
  const replaced = hasReplacedBytes();
  return {
    kind: 'shell',
    stdout: out.text,
    stderr: err.text,
    droppedBytes: { stdout: out.dropped, stderr: err.dropped },
    replaced: { stdout: replaced || !stdout.isWellFormed(), stderr: !stderr.isWellFormed() },
    exitCode,
    endedBy: null,
  };
}

/** The first `maxBytes` as UTF-8, up to a whole character. */
function cut(text: string, maxBytes: number): { readonly text: string; readonly dropped: number } {
  const bytes = new TextEncoder().encode(text);
  let end = Math.min(maxBytes, bytes.length);
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return { text: new TextDecoder().decode(bytes.subarray(0, end)), dropped: bytes.length - end };
}

function send(answer: ShellAnswer): void {
  init.port.postMessage(JSON.stringify({ kind: 'filed', id: init.id, answer }));
}
