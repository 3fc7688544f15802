// Whose a place outside of this process is, so that a later engine knows what its owner left behind.

import { hostname } from 'node:os';

/** Of places that this process starts: machine and process. */
export const ownerOfThisProcess = `${hostname()}:${process.pid}`;

/** `elsewhere`: on another machine, where nobody here can tell. */
export function readOwner(owner: string): 'alive' | 'gone' | 'elsewhere' {
  const at = owner.lastIndexOf(':');
  const pid = Number(owner.slice(at + 1));
  if (owner.slice(0, at) !== hostname() || !Number.isInteger(pid) || pid <= 0) {
    return 'elsewhere';
  }
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    return isGone ? 'gone' : 'alive';
  }
}
