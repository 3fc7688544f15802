// Work for a caller that need not stay: it runs on between the caller's calls, and where prompts are for
// the caller to answer, a call ends with them and another brings the answers.

import { onAbort, untilAborted } from '../base/abort';
import { type Disposable, DisposableStore } from '../base/disposable';
import { ClientChannel } from './clientChannel';
import type { Clock } from './clock';
import { cancelledError } from './errors';
import type { AskClient, ModelClient } from './model';
import { type AgentAnswer, type PendingPrompt, PendingPrompts } from './pendingPrompts';

export type CallerTurn<T> = EndedTurn<T> | WaitingTurn | RunningTurn;

interface EndedTurn<T> {
  readonly kind: 'ended';
  readonly result: T;
}

/** The call's time is over, and the work goes on. */
interface RunningTurn {
  readonly kind: 'running';
}

/** The work can go on no further without answers. */
export interface WaitingTurn {
  readonly kind: 'waiting';
  /** The first that fit one reply, of `count`. */
  readonly prompts: readonly PendingPrompt[];
  readonly count: number;
}

/** One call that follows the work. */
export interface CallerCall {
  /** The client's own model, asked while this call lasts; null: it offers none. */
  readonly sample: AskClient | null;
  /** Null: until the work ends or waits. */
  readonly waitMs: number | null;
  /** What aborting the call does to the work. */
  readonly onAbort: 'cancel' | 'leave';
  /** Shows prompts whole that go on with a known conversation. */
  readonly showWhole: boolean;
}

interface CallerWorkParts {
  readonly clock: Clock;
  /** Whether the caller's client offers its own model. */
  readonly canSample: boolean;
}

/** Prompts asked together, by parts that run side by side too, come within this. */
const gatherMs = 50;

export class CallerWork<T> {
  /** Settles as the work does. */
  readonly ended: Promise<T>;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #prompts = new PendingPrompts();
  readonly #channel = new ClientChannel();
  #refuse: (error: Error) => void = () => undefined;
  #isOver = false;

  constructor(
    start: (client: ModelClient, signal: AbortSignal) => Promise<T>,
    { clock, canSample }: CallerWorkParts,
  ) {
    this.#clock = clock;
    const client: ModelClient = {
      ask: (request, signal) => this.#prompts.ask(request, signal),
      sample: canSample ? (request, signal) => this.#channel.ask(request, signal) : null,
      whenReachable: (signal) => this.#channel.whenOpen(signal),
    };
    const refused = new Promise<never>((_, reject) => {
      this.#refuse = reject;
    });
    this.ended = Promise.race([start(client, this.#controller.signal), refused]);
    const end = (): void => {
      this.#isOver = true;
    };
    this.ended.then(end, end);
  }

  /** Fires when something in it asks for an answer. */
  get onDidAsk(): PendingPrompts['onDidAsk'] {
    return this.#prompts.onDidAsk;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something in it waits for answers. */
  get isWaiting(): boolean {
    return !this.#isOver && this.#prompts.count > 0;
  }

  /** @throws RlmError 'INVALID_INPUT' for an id that was never asked; then nothing was given. */
  answer(answers: readonly AgentAnswer[]): void {
    this.#prompts.answer(answers);
  }

  /**
   * Settles when the work has ended or waits for answers, or the call's time is over.
   * @throws what the work throws, and RlmError 'CANCELLED'.
   */
  next(
    call: CallerCall & { readonly waitMs: null },
    signal: AbortSignal,
  ): Promise<EndedTurn<T> | WaitingTurn>;
  next(call: CallerCall, signal: AbortSignal): Promise<CallerTurn<T>>;
  async next(call: CallerCall, signal: AbortSignal): Promise<CallerTurn<T>> {
    const held = new DisposableStore();
    held.add(this.#channel.open(call.sample));
    if (call.onAbort === 'cancel') {
      held.add(onAbort(signal, () => this.cancel()));
    }
    try {
      const settled = Promise.race([
        this.ended.then((result) => ({ kind: 'ended', result }) as const),
        this.#untilDue(call, held),
      ]);
      return call.onAbort === 'cancel'
        ? await settled
        : await untilAborted(settled, signal, () => cancelledError('The waiting'));
    } finally {
      held.dispose();
    }
  }

  cancel(): void {
    this.#controller.abort();
  }

  /** Ends it at once with that error: for work that has not begun, and now never will. */
  refuse(error: Error): void {
    this.#refuse(error);
    this.#controller.abort();
  }

  /** A moment after something waits, or when the call's time is over. */
  #untilDue({ waitMs, showWhole }: CallerCall, held: DisposableStore): Promise<CallerTurn<T>> {
    const toWaiting = (): WaitingTurn => ({
      kind: 'waiting',
      prompts: this.#prompts.list(showWhole),
      count: this.#prompts.count,
    });
    return new Promise((resolve) => {
      let gathering: Disposable | undefined;
      const gather = (): void => {
        gathering?.dispose();
        gathering = held.add(
          this.#clock.after(gatherMs, () => (this.isWaiting ? resolve(toWaiting()) : undefined)),
        );
      };
      held.add(this.#prompts.onDidAsk(gather));
      if (this.isWaiting) {
        gather();
      }
      if (waitMs !== null) {
        const settle = (): void => resolve(this.isWaiting ? toWaiting() : { kind: 'running' });
        held.add(this.#clock.after(waitMs, settle));
      }
    });
  }
}
