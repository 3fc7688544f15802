// Whose a place outside of this process is, so that a later engine knows what its owner left behind.

import { hostname } from 'node:os';

/** Of places that this process starts: machine and process. */
export const ownerOfThisProcess = `${hostname()}:${process.pid}`;

/** Its owner ran on this machine and is gone; of other machines nobody here can tell. */
export function isOrphan(owner: string): boolean {
  const at = owner.lastIndexOf(':');
  const pid = Number(owner.slice(at + 1));
  if (owner.slice(0, at) !== hostname() || !Number.isInteger(pid) || pid <= 0) {
    return false;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
