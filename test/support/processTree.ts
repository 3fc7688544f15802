// Processes below one of ours, as Linux tells them.

import { readFile, readdir } from 'node:fs/promises';

export const hasProcessTree = process.platform === 'linux';

/** Pids of the children of `pid`; none when it is gone. */
export async function listChildren(pid: number): Promise<readonly number[]> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const lists = await Promise.all(
      threads.map((thread) =>
        readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
      ),
    );
    return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

/** Waits until the process has ended; a zombie has. */
export async function untilGone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat === null || /\) [ZX] /u.test(stat)) {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
