// How a step's code ended on Node, as its outcome tells it; as stepEnds.ts.

import { CodeLines } from '../../worker/codeLines';
import {
  type GuestError,
  type StepFailure,
  createFailure,
  toStepFailure,
} from '../../worker/stepFailure';
import { createInterruptedFailure, toPendingNote, toRejectionNote } from '../../worker/stepEnds';
import type { NodePromises } from './nodePromises';
import type { NodeRepl } from './nodeRepl';

export type NodeEnd =
  | { readonly kind: 'value'; readonly result: unknown }
  | { readonly kind: 'thrown'; readonly error: unknown }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'failure'; readonly failure: StepFailure };

/** As the engine says it of its own bindings; the runner's say it as QuickJS does. */
const earlyName = /^Cannot access '(.+)' before initialization$/u;

/** Also what the runner notes of a `throw`. */
const frameOfStep = /^ *at (?:async )?(?:([^(]*) \()?<step[_ ](\d+)>:(\d+)/u;

export class NodeEnds {
  readonly #repl: NodeRepl;
  readonly #promises: NodePromises;
  /** Of steps whose lines the engine counts in another way: by its number of a line, that of the code. */
  readonly #lines = new Map<number, readonly number[]>();

  constructor(repl: NodeRepl, promises: NodePromises) {
    this.#repl = repl;
    this.#promises = promises;
  }

  /** The code of a step that begins. */
  begin(step: number, code: string): void {
    this.#lines.delete(step);
    if (/[\u2028\u2029]/.test(code)) {
      const lines = new CodeLines(code);
      const starts = [...code.matchAll(/\r\n?|[\n\u2028\u2029]/g)];
      this.#lines.set(step, [1, ...starts.map((one) => lines.lineOf(one.index + one[0].length))]);
    }
  }

  toFailure(end: NodeEnd, number: number): StepFailure | null {
    switch (end.kind) {
      case 'value':
        return null;
      case 'failure':
        return end.failure;
      case 'thrown':
        return this.#describe(end.error, number);
      case 'interrupted': // the engine tells nothing of where, but for the statement
        return { ...createInterruptedFailure(), line: this.#describe(undefined, number).line };
    }
  }

  /** What the code has left behind: errors that nobody has heard of, and promises that nothing settles. */
  takeLeftovers(
    end: NodeEnd,
    number: number,
  ): { readonly failure: StepFailure | null; readonly notes: readonly string[] } {
    const rejections = this.#promises.takeRejections();
    const pending = this.#promises.takePending();
    if (rejections) {
      this.#repl.ask('endStatements', null); // the last one has nothing to do with it
      const failure = this.#describe(rejections.reason, number);
      return {
        failure: end.kind === 'value' ? failure : null,
        notes: [toRejectionNote(failure, rejections.count)],
      };
    }
    return {
      failure: null,
      notes: end.kind === 'value' && pending > 0 ? [toPendingNote(pending)] : [],
    };
  }

  #describe(error: unknown, step: number): StepFailure {
    const described = this.#repl.call<GuestError>('describeError', error);
    if (!described) {
      return createFailure('Error', 'The code threw what cannot be described.');
    }
    const { place, type } = described;
    const early = type === 'ReferenceError' ? earlyName.exec(described.message)?.[1] : undefined;
    const message = early === undefined ? described.message : `${early} is not initialized`;
    return toStepFailure(
      {
        ...described,
        message,
        messageChars: described.messageChars + message.length - described.message.length,
        stack: this.#toFrames(described.stack, described.message),
        place: { ...place, thrownAt: this.#toFrames(place.thrownAt, '') },
      },
      step,
    );
  }

  /** The engine's stacks begin with the message, and name what runs outside functions by `eval`. */
  #toFrames(stack: string, message: string): string {
    const at = message === '' ? -1 : stack.indexOf(message);
    const frames = at === -1 ? stack : stack.slice(at + message.length);
    return frames
      .split('\n')
      .map((line) => this.#toFrame(line))
      .join('\n');
  }

  #toFrame(line: string): string {
    const [, name = '', step = '', number = ''] = frameOfStep.exec(line) ?? [];
    if (step === '') {
      return '';
    }
    const lines = this.#lines.get(Number(step));
    const known = lines === undefined ? Number(number) : lines[Number(number) - 1];
    if (known === undefined) {
      return ''; // the statement it is in is known still
    }
    const place = `<step ${step}>:${known}`;
    const isOutside = name === '' || name === 'eval';
    return `    at ${isOutside ? '<eval>' : name} (${place}`;
  }
}
