// Sandboxes as the engine uses them, at the core's port: real process, real workers, real files.

import { setMaxListeners } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FileContextReader } from '../src/context/fileContextReader';
import type { ContextSizes, Language } from '../src/core/sandbox';
import type { SandboxProcess } from '../src/sandbox/sandboxProcess';
import { Repl, type RunOptions, createSandboxes } from '../test/support/repl';
import type { Bench } from './bench';
import { detectHere } from '../test/support/detectHere';

export { Repl };

export const never = new AbortController().signal;
setMaxListeners(0, never); // every step in flight listens to it
const stepTimeoutMs = 120_000;

/** What a step prints that only asks how long the context is. */
export const lengthCode: Readonly<Record<Language, (step: number) => string>> = {
  python: (step) => `x = ${step}\nprint(len(context))`,
  javascript: (step) => `x = ${step};\nprint(context.length)`,
};

/** A sandbox process of its own, started when first used. */
export function openSandboxes(bench: Bench): SandboxProcess {
  return bench.store.add(createSandboxes());
}

export async function openFromFile(
  sandboxes: SandboxProcess,
  language: Language,
  file: string,
): Promise<Repl> {
  const repl = await Repl.open(sandboxes, { language });
  await loadFile(repl, file);
  return repl;
}

export function loadFile(repl: Repl, file: string): Promise<ContextSizes> {
  const folder = path.dirname(file);
  const reader = new FileContextReader({
    detectEncoding: detectHere,
    roots: () => [folder],
    baseFolder: folder,
  });
  return repl.sandbox.loadContext(
    {
      variable: 'context',
      write: async (sink) => {
        const report = await reader.readContext({ text: null, paths: [file] }, sink, never);
        return report.shape;
      },
    },
    never,
  );
}

/** Runs a step that must succeed, and gives what it printed. */
export async function runStep(repl: Repl, code: string, options: RunOptions = {}): Promise<string> {
  const outcome = await repl.run(code, { timeoutMs: stepTimeoutMs, ...options });
  if (outcome.error || outcome.interruption) {
    throw new Error(outcome.error?.traceback ?? `The step was interrupted: ${code}`);
  }
  return outcome.stdout;
}

/** A step that only asks how long the context is, and checks the answer. */
export function createLengthStep(
  language: Language,
  chars: number,
  run: (code: string) => Promise<string>,
): () => Promise<void> {
  let step = 0;
  return async () => {
    step += 1;
    const printed = await run(lengthCode[language](step));
    if (printed.trim() !== String(chars)) {
      throw new Error(`A step printed ${printed.slice(0, 80)} for a context of ${chars}.`);
    }
  };
}

/** Until nothing starts any more: a worker of each language waits in reserve. */
export async function untilWarm(sandboxes: SandboxProcess): Promise<void> {
  sandboxes.prewarm();
  for (let waiting = 0; waiting < 2;) {
    waiting = (await sandboxes.readStatus()).warmWorkers;
    await delay(20);
  }
}

/** Resident bytes of this process's one sandbox process; null where there is no /proc. */
export async function readSandboxBytes(): Promise<number | null> {
  const pids = await readdir('/proc').catch(() => []);
  for (const pid of pids.filter((name) => /^\d+$/u.test(name))) {
    const read = (name: string): Promise<string> =>
      readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
    const status = await read('status');
    const isChild = status.includes(`\nPPid:\t${process.pid}\n`);
    const resident = /\nVmRSS:\s*(\d+) kB/u.exec(status);
    if (
      isChild &&
      resident &&
      (await read('cmdline')).includes(path.join('sandbox', 'process.js'))
    ) {
      return Number(resident[1]) * 1_024;
    }
  }
  return null;
}
