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
  /** Since the beginning, or the last `reset`. */
  readonly longest: Blocks;
  reset(): void;
  dispose(): void;
}

const everyMs = 10;

/** `ask` is answered by the sandbox process's shared thread. */
export function watchBlocks(ask: () => Promise<unknown>): BlockMonitor {
  if (!hasProcessTree) {
    const none = { engineBlockMs: null, sandboxBlockMs: null };
    return { longest: none, reset: () => undefined, dispose: () => undefined };
  }
  let longest = { engineBlockMs: 0, sandboxBlockMs: 0 };
  let isEnded = false;
  let last = readCpuMs(process.pid);
  const ticks = setInterval(() => {
    const now = readCpuMs(process.pid);
    longest.engineBlockMs = Math.max(longest.engineBlockMs, now - last);
    last = now;
  }, everyMs).unref();

  const watch = async (): Promise<void> => {
    await ask(); // starts the process
    while (!isEnded) {
      const [sandboxPid = 0] = await listChildren(process.pid);
      const before = readCpuMs(sandboxPid);
      await ask();
      longest.sandboxBlockMs = Math.max(longest.sandboxBlockMs, readCpuMs(sandboxPid) - before);
      await delay(everyMs, undefined, { ref: false });
    }
  };
  void watch().catch(() => undefined); // the process it watched has ended
  return {
    get longest() {
      return { ...longest };
    },
    reset: () => {
      longest = { engineBlockMs: 0, sandboxBlockMs: 0 };
    },
    dispose: () => {
      isEnded = true;
      clearInterval(ticks);
    },
  };
}

/** Of the main thread. Source: Linux, Documentation/scheduler/sched-stats. */
function readCpuMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
