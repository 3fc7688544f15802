// Runs a step's code so that an interrupt ends it and keeps what it has made: at once, then whatever of it waits for
// promises, then as long as it awaits what the system does.

import { createFailure } from '../../worker/stepFailure';
import type { RewrittenStep } from '../../worker/rewriteStep';
import { type ByteChannel, phases } from './byteChannel';
import type { NodeEnd } from './nodeEnds';
import type { NodeHost } from './nodeHost';
import type { NodePromises } from './nodePromises';

const pending = 0;
const rejected = 2;

export class NodeTasks {
  readonly #host: NodeHost;
  readonly #channel: ByteChannel;
  readonly #promises: NodePromises;
  /** Of a step that awaits what the event loop brings. */
  #awaited: object | null = null;
  #onEnd: ((end: NodeEnd) => void) | null = null;
  #isInterrupted = false;

  constructor(host: NodeHost, channel: ByteChannel, promises: NodePromises) {
    this.#host = host;
    this.#channel = channel;
    this.#promises = promises;
    host.setTickCallback(() => this.#tick());
    host.onInterrupt(() => {
      this.#isInterrupted = this.#awaited !== null;
      this.#checkSoon();
    });
    host.on('beforeExit', () => this.#endNever());
  }

  /** False where an interrupt has ended it. */
  guard(task: () => void): boolean {
    return this.#host.guard(() => {
      this.#channel.phase = phases.code;
      task();
      this.#channel.leaveCode();
    });
  }

  /** Null where the code awaits what the event loop brings. */
  run({ code, functions, isAsync, hasResult }: RewrittenStep, number: number): NodeEnd | null {
    let end: NodeEnd | null = null;
    let awaited: object | null = null;
    this.#promises.begin();
    const isDone = this.guard(() => {
      try {
        if (functions !== null) {
          this.#host.evaluate(toScript(functions, number));
        }
        const value = this.#host.evaluate(toScript(code, number));
        if (isAsync) {
          awaited = value as object; // the promise of an async function
          this.#host.handle(awaited, () => undefined);
        } else {
          end = { kind: 'value', result: hasResult ? value : undefined };
        }
      } catch (error) {
        end = { kind: 'thrown', error };
      }
      this.#runTicks();
    });
    if (!isDone) {
      this.#promises.end();
      return { kind: 'interrupted' };
    }
    this.#awaited = awaited;
    const ended = end ?? this.#readAwaited(hasResult);
    if (ended !== null) {
      this.#awaited = null;
      this.#promises.end();
    }
    return ended;
  }

  /** Once the step that awaits has ended. */
  whenEnded(onEnd: (end: NodeEnd) => void): void {
    this.#isInterrupted = false;
    this.#onEnd = onEnd;
    this.#channel.phase = phases.loop;
    this.#host.tickInfo[0] = 1;
    this.#host.later(() => this.#checkSoon()); // the loop goes round once, and says when nothing is left in it
  }

  /** In the place of what Node does after each event: the same, but that an interrupt ends it. */
  #tick(): void {
    if (this.#awaited === null) {
      this.#host.runTicks();
      return;
    }
    const isDone = this.guard(() => this.#runTicks());
    this.#isInterrupted ||= !isDone;
    this.#channel.phase = phases.loop;
    this.#host.tickInfo[0] = 1;
    this.#checkSoon();
  }

  #runTicks(): void {
    try {
      this.#host.runTicks();
    } catch (error) {
      this.#promises.addThrown(error);
    }
  }

  /** From an event of its own, with nothing of the code's below it. */
  #checkSoon(): void {
    const isSettled =
      this.#awaited !== null && this.#host.realm.read.promiseOf(this.#awaited)[0] !== pending;
    if (this.#onEnd !== null && (isSettled || this.#isInterrupted)) {
      this.#channel.phase = phases.waits;
      this.#host.later(() => this.#settle());
    }
  }

  #settle(): void {
    const ended = this.#isInterrupted
      ? ({ kind: 'interrupted' } as const)
      : this.#readAwaited(true);
    if (ended !== null) {
      this.#end(ended);
    }
  }

  #endNever(): void {
    if (this.#onEnd !== null) {
      const message = 'A top-level await waits for what can never happen: nothing is left to run.';
      this.#end({ kind: 'failure', failure: createFailure('Error', message) });
    }
  }

  #end(end: NodeEnd): void {
    const onEnd = this.#onEnd;
    this.#onEnd = null;
    this.#awaited = null;
    this.#isInterrupted = false;
    this.#channel.phase = phases.waits;
    this.#promises.end();
    onEnd?.(end);
  }

  #readAwaited(hasResult: boolean): NodeEnd | null {
    if (this.#awaited === null) {
      return null;
    }
    const details = this.#host.realm.read.promiseOf(this.#awaited);
    switch (details[0]) {
      case pending:
        return null;
      case rejected:
        return { kind: 'thrown', error: details[1] };
      default:
        return { kind: 'value', result: hasResult ? details[1] : undefined };
    }
  }
}

function toScript(code: string, step: number): string {
  return `${code}\n//# sourceURL=<step_${step}>`;
}
