// git's list of worktrees of one repository changes one call at a time: while one is being made, any other call that
// looks through the list fails, since it finds it half there. Other programs take no part in these turns: what fails is tried again.

import { setTimeout as delay } from 'node:timers/promises';
import { SerialQueue } from '../../base/serialQueue';
import { type RlmError, toRlmError } from '../../core/errors';

const queues = new Map<string, SerialQueue>();
/** Another program's call has ended by then, or the fault is of another kind. */
const attempts = 6;
const firstWaitMs = 20;

/** `change` in this repository's turn, and again where git refuses it: it must do all or leave nothing. */
export async function changeWorktrees<T>(repository: string, change: () => Promise<T>): Promise<T> {
  const queue = queues.get(repository) ?? new SerialQueue();
  queues.set(repository, queue);
  try {
    return await queue.run(() => attempt(change));
  } finally {
    if (queue.size === 0) {
      queues.delete(repository);
    }
  }
}

async function attempt<T>(change: () => Promise<T>): Promise<T> {
  for (let left = attempts - 1; ; left -= 1) {
    try {
      return await change();
    } catch (thrown) {
      if (left === 0 || !mayPass(toRlmError(thrown))) {
        throw thrown;
      }
      await delay(firstWaitMs * 2 ** (attempts - 1 - left));
    }
  }
}

/** What git itself refuses may be refused because of another call; that it is missing, or was cancelled, may not. */
function mayPass({ code }: RlmError): boolean {
  return code === 'INVALID_INPUT';
}
