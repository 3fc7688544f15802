// Runs a step's code so that an interrupt ends it and keeps what it has made: at once, then whatever of it waits for
// promises, then as long as it awaits what the system does.

import { createFailure } from '../../worker/stepFailure';
import type { RewrittenStep } from '../../worker/rewriteStep';
import { type ByteChannel, phases } from './byteChannel';
import type { NodeEnd } from './nodeEnds';
import type { CallbackEnd, NodeHost } from './nodeHost';
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
  #isGuarded = false;
  #step = 0;

  constructor(host: NodeHost, channel: ByteChannel, promises: NodePromises) {
    this.#host = host;
    this.#channel = channel;
    this.#promises = promises;
    host.setTickCallback(() => this.#tick());
    host.guardCallbacks((run, runsTicks) => this.#callBack(run, runsTicks));
    host.onInterrupt((step) => {
      // Called back itself: what follows from it is seen to at the tick after it.
      this.#isInterrupted ||= step === this.#step && this.#awaited !== null;
    });
    host.on('beforeExit', () => this.#endNever());
  }

  /** False where an interrupt has ended it. */
  guard(task: () => void): boolean {
    this.#isGuarded = true;
    const isDone = this.#host.guard(() => {
      this.#channel.phase = phases.code;
      task();
      this.#channel.leaveCode();
    });
    this.#isGuarded = false;
    return isDone;
  }

  /** Null where the code awaits what the event loop brings. */
  run({ code, functions, isAsync, hasResult }: RewrittenStep, number: number): NodeEnd | null {
    let end: NodeEnd | null = null;
    let awaited: object | null = null;
    this.#promises.begin();
    this.#step = this.#channel.beginStep();
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

  /** What it throws is thrown on, and Node tells `uncaughtException` of it. */
  #callBack(run: () => unknown, runsTicks: boolean): CallbackEnd {
    if (this.#awaited === null || this.#isGuarded) {
      return { isDone: true, result: run() };
    }
    let result: unknown;
    let thrown: { readonly error: unknown } | null = null;
    const isDone = this.guard(() => {
      try {
        result = run();
        if (runsTicks) {
          this.#runTicks();
        }
      } catch (error) {
        thrown = { error };
      }
    });
    this.#isInterrupted ||= !isDone;
    this.#channel.phase = phases.loop;
    this.#host.tickInfo[0] = 1;
    if (thrown !== null) {
      throw (thrown as { readonly error: unknown }).error; // set in the guarded task
    }
    return { isDone, result };
  }

  #runTicks(): void {
    for (;;) {
      try {
        this.#host.runTicks();
        return;
      } catch (error) {
        this.#promises.addThrown(error);
        this.#host.forgetCallbacks(); // and then what is left in the queues
      }
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
    if (this.#onEnd === null) {
      return;
    }
    const settled = this.#readAwaited(true);
    if (settled !== null) {
      this.#end(settled);
    } else {
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
