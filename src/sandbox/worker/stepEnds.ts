// How a step's code ended, as its outcome tells it: what failed, with its place in the code, and what the code
// has left behind.

import { type GuestMemory, mebibyte } from './guestMemory';
import type { GuestRepl } from './guestRepl';
import type { PromiseWatch } from './promiseWatch';
import type { Value } from './quickJs';
import { type GuestError, type StepFailure, createFailure, toStepFailure } from './stepFailure';

/** How a step's code ended; `result` is the value of its last expression, `isFull`: it was refused memory. */
export type StepEnd =
  | { readonly kind: 'value'; readonly result: Value; readonly isFull: boolean }
  | { readonly kind: 'thrown'; readonly error: Value; readonly isFull: boolean }
  | { readonly kind: 'interrupted'; readonly error: Value | null }
  | { readonly kind: 'failure'; readonly failure: StepFailure };

export class StepEnds {
  readonly #repl: GuestRepl;
  readonly #promises: PromiseWatch;
  readonly #memory: GuestMemory;

  constructor(repl: GuestRepl, promises: PromiseWatch, memory: GuestMemory) {
    this.#repl = repl;
    this.#promises = promises;
    this.#memory = memory;
  }

  toFailure(end: StepEnd, number: number): StepFailure | null {
    switch (end.kind) {
      case 'value':
        return null;
      case 'failure':
        return end.failure;
      case 'thrown':
        return this.#describe(end.error, number, end.isFull);
      case 'interrupted': {
        const place = end.error === null ? null : this.#describe(end.error, number, false);
        return { ...createInterruptedFailure(), line: place?.line ?? null };
      }
    }
  }

  /** What the code has left behind: errors that nobody has heard of, and promises that nothing settles. */
  takeLeftovers(
    end: StepEnd,
    number: number,
  ): { readonly failure: StepFailure | null; readonly notes: readonly string[] } {
    const rejections = this.#promises.takeRejections();
    const pending = this.#promises.takePending();
    if (rejections) {
      this.#repl.ask('endStatements', null); // the last one has nothing to do with it
      const failure =
        rejections.reason === null
          ? createFailure(
              'Error',
              'Promises failed that nothing awaits; their errors were not kept.',
            )
          : this.#describe(rejections.reason, number, end.kind === 'value' && end.isFull);
      const isOnly = end.kind === 'value';
      return {
        failure: isOnly ? failure : null,
        notes: [toRejectionNote(failure, rejections.count)],
      };
    }
    return {
      failure: null,
      notes: end.kind === 'value' && pending > 0 ? [toPendingNote(pending)] : [],
    };
  }

  #describe(error: Value, step: number, isFull: boolean): StepFailure {
    const described = this.#repl.readJson<GuestError>(this.#repl.call('describeError', error));
    if (!described) {
      return createFailure('Error', 'The code threw what cannot be described.');
    }
    // Without room for an error of its own, the engine throws null.
    const isBareNull = described.type === 'null' && isFull && described.place.thrownAt === '';
    if (!isBareNull && !(described.message === 'out of memory' && described.stack !== '')) {
      return toStepFailure(described, step);
    }
    const { type, message } = this.createFullFailure();
    return toStepFailure({ ...described, type, message }, step);
  }

  createFullFailure(): StepFailure {
    const limit = Math.round(this.#memory.maxBytes / mebibyte);
    return createFailure(
      'InternalError',
      `out of memory: the code's own values may take ${limit} MB beside the context (max_memory_mb). Keep less at a time, or open a session with a larger max_memory_mb`,
    );
  }
}

export function toRejectionNote({ type, message, line }: StepFailure, count: number): string {
  const place = line === null ? '' : ` (line ${line})`;
  const more = count === 1 ? '' : `, and ${count - 1} more`;
  return `note: nothing awaits the promise that failed with ${type}: ${message.slice(0, 500)}${place}${more}`;
}

export function toPendingNote(count: number): string {
  const promises = count === 1 ? 'a promise is' : `${count} promises are`;
  return `note: ${promises} still pending: code that awaits such a promise has not run to its end`;
}

export function createInterruptedFailure(): StepFailure {
  return createFailure('Interrupted', 'The step was interrupted.');
}
