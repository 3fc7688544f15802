// One worker that is asked one thing at a time: its answers matched to the questions, its time limits
// and interrupts, and the end of one that does not let go or speaks out of turn.

import { onAbort } from '../base/abort';
import type { Disposable } from '../base/disposable';
import type { NetworkRecord } from '../core/networkRecord';
import type { Interruption } from '../core/sandbox';
import type { FromWorker, ReplyMessage, ToWorker } from '../protocol/worker';
import { StepClock } from './stepClock';
import type { WorkerHandle } from './workerHandle';

export type Question = Exclude<ToWorker, { kind: 'reply' }>;
type Answer = Exclude<FromWorker, { kind: 'ready' | 'call' | 'broken' }>;
export type WorkerCall = Extract<FromWorker, { kind: 'call' }>;

interface PendingQuestion {
  readonly resolve: (answer: Answer | null) => void;
  readonly id: string;
  readonly answerKind: Answer['kind'];
}

interface Interruptible {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called with each attempt to interrupt. */
  readonly onInterrupt: () => void;
}

interface Interrupted {
  /** Null when the worker died first. */
  readonly answer: Answer | null;
  readonly interruption: Interruption | null;
  /** Why the worker died. */
  readonly lostBy: string | null;
  /** What was connected to meanwhile; null: nothing. */
  readonly network: NetworkRecord | null;
}

const interruptEveryMs = 100;
/** How long interrupted code has to let go before its worker is killed. */
const graceMs = 1_500;
const answerKinds = { load: 'loaded', run: 'ran', read: 'value', files: 'filed' } as const;

export class AskedWorker implements Disposable {
  readonly #worker: WorkerHandle;
  readonly onDidEnd: WorkerHandle['onDidEnd'];
  #pending: PendingQuestion | undefined;
  #clock: StepClock | undefined;
  /** The code waits for the reply to its last call. */
  #isCalling = false;

  /** `onCall` hears what the running code asks for. */
  constructor(worker: WorkerHandle, onCall: (call: WorkerCall) => void) {
    this.#worker = worker;
    this.onDidEnd = worker.onDidEnd;
    worker.onMessage((message) => this.#receive(message, onCall));
    worker.onDidEnd(() => {
      this.#pending?.resolve(null);
      this.#pending = undefined;
    });
  }

  get endedBy(): string | null {
    return this.#worker.endedBy;
  }

  /** The answer, or null when the worker died first; it is killed when it takes longer. */
  async ask(question: Question, timeoutMs: number): Promise<Answer | null> {
    const timer = setTimeout(() => this.end(), timeoutMs);
    try {
      return await this.#send(question);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Interrupts by the clock or by `signal`; kills what does not let go. */
  async askInterruptibly(question: Question, options: Interruptible): Promise<Interrupted> {
    const worker = this.#worker;
    let interruption: Interruption | null = null;
    let lostBy: string | null = null;
    const timers: NodeJS.Timeout[] = [];
    const interrupt = (by: Interruption): void => {
      if (interruption !== null) {
        return;
      }
      interruption = by;
      const ask = (): void => {
        options.onInterrupt();
        worker.requestInterrupt();
      };
      ask();
      timers.push(setInterval(ask, interruptEveryMs));
      timers.push(setTimeout(() => this.end(), graceMs));
    };
    const ended = worker.onDidEnd((reason) => {
      lostBy = reason;
    });
    const registration = onAbort(options.signal, () => interrupt('cancelled'));
    const clock = new StepClock(options.timeoutMs, () => interrupt('timeout'));
    this.#clock = clock;
    try {
      const answer = await this.#send(question);
      return { answer, interruption, lostBy, network: worker.takeNetwork() };
    } finally {
      timers.forEach(clearTimeout);
      clock.dispose();
      this.#clock = undefined;
      registration.dispose();
      ended.dispose();
      worker.clearInterrupt();
    }
  }

  /** Stops the clock of the question under way, or lets it go on; holds add up. */
  hold(held: boolean): void {
    this.#clock?.hold(held);
  }

  reply(message: ReplyMessage): void {
    this.#isCalling = false;
    this.#worker.send(message);
  }

  /** For one that is no longer to be trusted: another may take its place. */
  end(): void {
    this.#worker.end();
  }

  /** Once it has ended: another where it ran; null: any will do. */
  replace(): Promise<WorkerHandle | null> {
    return this.#worker.replace();
  }

  dispose(): void {
    this.#worker.dispose();
  }

  #send(question: Question): Promise<Answer | null> {
    return new Promise((resolve) => {
      if (this.endedBy !== null) {
        resolve(null);
        return;
      }
      this.#isCalling = false;
      this.#pending = { id: question.id, answerKind: answerKinds[question.kind], resolve };
      this.#worker.send(question);
    });
  }

  #receive(message: FromWorker, onCall: (call: WorkerCall) => void): void {
    switch (message.kind) {
      case 'call':
        if (this.#isCalling) {
          this.end(); // code waits in one call at a time
        } else {
          this.#isCalling = true;
          onCall(message);
        }
        return;
      case 'loaded':
      case 'ran':
      case 'value':
      case 'filed':
        if (message.id === this.#pending?.id && message.kind === this.#pending.answerKind) {
          const pending = this.#pending;
          this.#pending = undefined;
          pending.resolve(message);
        } else {
          this.end(); // an answer to nothing that was asked
        }
        return;
      case 'ready':
      case 'broken':
        return;
    }
  }
}
