// Processes that the commands of a run have left behind: Codex ends what it knows of, but not what has made itself a
// session of its own outside a sandbox. They are known by a mark in their environment. Linux only: elsewhere the mark
// cannot be read.

import { readFile, readdir } from 'node:fs/promises';
import { runMark } from './threadConfig';

export const canFindLeftovers = process.platform === 'linux';
/** A process may start another between the list and the signal. */
const maxRounds = 20;

/** Ends them. Returns how many there were. */
export async function endLeftovers(runId: string): Promise<number> {
  const ended = new Set<number>();
  for (let round = 0; round < maxRounds; round += 1) {
    const pids = await listLeftovers(runId);
    if (pids.length === 0) {
      break;
    }
    for (const pid of pids) {
      ended.add(pid);
      kill(pid);
    }
  }
  return ended.size;
}

/** Runs, of whichever home, that have processes here. */
export async function listMarkedRuns(): Promise<readonly string[]> {
  return [...(await readMarks()).keys()];
}

/** Pids of what still runs; a zombie does not. */
export async function listLeftovers(runId: string): Promise<readonly number[]> {
  const marked = await readMarks();
  return marked.get(runId) ?? [];
}

type Marks = ReadonlyMap<string, readonly number[]>;
let running: Promise<Marks> | null = null;
let next: Promise<Marks> | null = null;

/** By run. Whoever asks while they are read gets those of the next time, which many share. */
function readMarks(): Promise<Marks> {
  if (running) {
    next ??= running.then(() => {
      next = null;
      return startReading();
    });
    return next;
  }
  return startReading();
}

function startReading(): Promise<Marks> {
  running = findMarks().finally(() => {
    running = null;
  });
  return running;
}

async function findMarks(): Promise<Marks> {
  const marks = new Map<string, number[]>();
  const names = canFindLeftovers ? await readdir('/proc').catch(() => []) : [];
  const pids = names.filter((name) => /^\d+$/u.test(name)).map(Number);
  await Promise.all(
    pids.map(async (pid) => {
      const runId = await readMark(pid);
      if (runId !== null && pid !== process.pid) {
        marks.set(runId, [...(marks.get(runId) ?? []), pid]);
      }
    }),
  );
  return marks;
}

async function readMark(pid: number): Promise<string | null> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1'); // a zombie's is empty
    const start = `${runMark}=`;
    const found = environment.split('\0').find((variable) => variable.startsWith(start));
    return found?.slice(start.length) ?? null;
  } catch {
    return null; // ended, or of another user
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
