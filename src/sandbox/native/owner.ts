// Whose a place outside of this process is, so that a later engine knows what its owner left behind.

import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Of places that this process starts: machine and process. */
export const ownerOfThisProcess = `${hostname()}:${process.pid}`;

/**
 * Of the numbers of processes that `ownerOfThisProcess` is one of: machines may have the same name, as containers and
 * laptops do. Empty where the system tells nothing; another one after each start of the machine.
 */
export const machineTag = createMachineTag();

function createMachineTag(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const told = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    return createHash('sha256').update(told).digest('hex').slice(0, 16);
  } catch {
    return '';
  }
}

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

/** Of containers: a name that another engine on another machine, or in another container, cannot have. */
export const uniqueOwnerOfThisProcess = `${machineTag}/${readStart('self')}/${ownerOfThisProcess}`;

/** Of a label as above: `gone` only where the numbers of processes are those of this one, and the process is another or none. */
export function readUniqueOwner(owner: string): 'alive' | 'gone' | 'elsewhere' {
  const [tag = '', start = '', ...rest] = owner.split('/');
  if (tag !== machineTag || rest.length === 0) {
    return 'elsewhere';
  }
  const name = rest.join('/');
  const state = readOwner(name);
  const now = readStart(name.slice(name.lastIndexOf(':') + 1));
  return state === 'alive' && start !== '' && now !== '' && now !== start ? 'gone' : state;
}

/** When a process was started, in ticks since the machine was; empty where the system does not tell. */
function readStart(pid: string): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
