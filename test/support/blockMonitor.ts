// How long the threads that all sessions share serve nobody else: the engine's own, and the sandbox
// process's, by Linux's count of the CPU time of each. A machine that is busy with other things does
// not count, only work of the thread itself.

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasProcessTree, listChildren } from './processTree';

export interface Blocks {
  readonly engineBlockMs: number | null;
  readonly sandboxBlockMs: number | null;
}

export interface BlockMonitor {
  /** Of the last watch, or the one that is under way. */
  readonly longest: Blocks;
  /** Forgets the last watch. */
  start(): void;
  /** Settles when nothing is asked any more: what is counted from then on is none of the watch. */
  stop(): Promise<void>;
}

const everyMs = 10;

/** `ask` is answered by the sandbox process's shared thread. */
export function watchBlocks(ask: () => Promise<unknown>): BlockMonitor {
  if (!hasProcessTree) {
    const longest = { engineBlockMs: null, sandboxBlockMs: null };
    return { longest, start: () => undefined, stop: () => Promise.resolve() };
  }
  const longest = { engineBlockMs: 0, sandboxBlockMs: 0 };
  let watching: { readonly ticks: NodeJS.Timeout; readonly asked: Promise<void> } | null = null;

  const watchEngine = (): NodeJS.Timeout => {
    let last = readCpuMs(process.pid);
    return setInterval(() => {
      const now = readCpuMs(process.pid);
      longest.engineBlockMs = Math.max(longest.engineBlockMs, now - last);
      last = now;
    }, everyMs).unref();
  };
  const watchSandbox = async (): Promise<void> => {
    await ask(); // starts the process
    while (watching) {
      const [sandboxPid = 0] = await listChildren(process.pid);
      const before = readCpuMs(sandboxPid);
      await ask();
      longest.sandboxBlockMs = Math.max(longest.sandboxBlockMs, readCpuMs(sandboxPid) - before);
      await delay(everyMs, undefined, { ref: false });
    }
  };
  return {
    get longest() {
      return { ...longest };
    },
    start: () => {
      Object.assign(longest, { engineBlockMs: 0, sandboxBlockMs: 0 });
      const asked = Promise.resolve().then(watchSandbox);
      asked.catch(() => undefined); // the process it watched has ended
      watching = { ticks: watchEngine(), asked };
    },
    stop: async () => {
      const { ticks, asked } = watching ?? {};
      watching = null;
      clearInterval(ticks);
      await asked?.catch(() => undefined);
    },
  };
}

/** Of the main thread. Source: Linux, Documentation/scheduler/sched-stats. */
function readCpuMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
