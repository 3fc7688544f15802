// Work whose prompts the calling agent may have to answer itself: it runs on between the agent's calls.

import { onAbort } from '../base/abort';
import { type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Clock } from './clock';
import { RlmError, cancelledError } from './errors';
import type { AskClient, ModelAnswer, ModelRequest } from './model';
import type { Session, StepResult } from './session';
import { estimateTokens } from './tokens';

export interface PendingPrompt {
  readonly id: string;
  readonly prompt: string;
  /** As the code asked for it; null: any. */
  readonly model: string | null;
}

export type CallerTurn<T> = { readonly kind: 'ended'; readonly result: T } | WaitingTurn;

/** The first prompts that fit one reply, of `count`. */
export interface WaitingTurn {
  readonly kind: 'waiting';
  readonly prompts: readonly PendingPrompt[];
  readonly count: number;
}

/** A step that may wait. */
export interface KeptWork {
  readonly work: CallerWork<StepResult>;
  readonly session: Session;
}

interface Waiting extends PendingPrompt {
  readonly resolve: (text: string) => void;
}

/** A prompt must pass through the agent whole. */
const maxPromptChars = 60_000;
/** Of all prompts in one reply; the others come after these. */
const maxShownChars = 80_000;
/** Prompts asked together arrive within this. */
const gatherMs = 20;

export class CallerWork<T> {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #waiting = new Map<string, Waiting>();
  readonly #answered = new Set<string>();
  readonly #asked = new Emitter<void>();
  readonly #ended: Promise<T>;
  #isOver = false;
  #nextId = 1;

  constructor(start: (ask: AskClient, signal: AbortSignal) => Promise<T>, clock: Clock) {
    this.#clock = clock;
    this.#ended = start((request, signal) => this.#ask(request, signal), this.#controller.signal);
    const end = (): void => {
      this.#isOver = true;
    };
    this.#ended.then(end, end);
  }

  /** Waits for answers, and does nothing else. */
  get isWaiting(): boolean {
    return !this.#isOver && this.#waiting.size > 0;
  }

  /**
   * Gives answers to pending prompts; one that has its answer already keeps it.
   * @throws RlmError 'INVALID_INPUT' for an id that was never asked; then nothing was given.
   */
  answer(answers: readonly { readonly id: string; readonly text: string }[]): void {
    const unknown = answers.find(({ id }) => !this.#waiting.has(id) && !this.#answered.has(id));
    if (unknown) {
      const ids = [...this.#waiting.keys()].slice(0, 20).join(', ');
      throw new RlmError('INVALID_INPUT', `No prompt has the id ${unknown.id}.`, {
        nextStep: ids === '' ? 'Nothing waits for an answer.' : `These wait for one: ${ids}.`,
      });
    }
    for (const { id, text } of answers) {
      this.#waiting.get(id)?.resolve(text);
    }
  }

  /**
   * Settles when the work has ended, or can go on no further without answers. Aborting cancels the work.
   * @throws what the work throws.
   */
  async next(signal: AbortSignal): Promise<CallerTurn<T>> {
    const aborted = onAbort(signal, () => this.cancel());
    const stuck = this.#createStuck();
    try {
      const ended = this.#ended.then((result) => ({ kind: 'ended', result }) as const);
      return (await Promise.race([ended, stuck.promise])) ?? this.#toWaiting();
    } finally {
      aborted.dispose();
      stuck.dispose();
    }
  }

  cancel(): void {
    this.#controller.abort();
  }

  /** Resolves a moment after something waits. */
  #createStuck(): Disposable & { readonly promise: Promise<null> } {
    let timer: Disposable | undefined;
    let asked: Disposable | undefined;
    const promise = new Promise<null>((resolve) => {
      const gather = (): void => {
        timer?.dispose();
        timer = this.#clock.after(gatherMs, () => (this.isWaiting ? resolve(null) : undefined));
      };
      asked = this.#asked.event(gather);
      if (this.isWaiting) {
        gather();
      }
    });
    return {
      promise,
      dispose() {
        timer?.dispose();
        asked?.dispose();
      },
    };
  }

  #toWaiting(): WaitingTurn {
    const prompts: PendingPrompt[] = [];
    let chars = 0;
    for (const { id, prompt, model } of this.#waiting.values()) {
      chars += prompt.length;
      if (prompts.length > 0 && chars > maxShownChars) {
        break;
      }
      prompts.push({ id, prompt, model });
    }
    return { kind: 'waiting', prompts, count: this.#waiting.size };
  }

  async #ask(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const prompt = toPromptText(request);
    if (prompt.length > maxPromptChars) {
      throw new RlmError(
        'MODEL_UNAVAILABLE',
        `The calling agent answers prompts of at most ${maxPromptChars.toLocaleString('en')} characters, not ${prompt.length.toLocaleString('en')}.`,
        { nextStep: 'Ask in smaller pieces, or configure a model (rlm_status lists providers).' },
      );
    }
    const text = await this.#untilAnswered({ prompt, model: request.model }, signal);
    return {
      text,
      model: 'caller/agent',
      promptTokens: estimateTokens(prompt),
      answerTokens: estimateTokens(text),
      tokensEstimated: true,
      costUsd: null,
    };
  }

  async #untilAnswered(
    asked: { readonly prompt: string; readonly model: string | null },
    signal: AbortSignal,
  ): Promise<string> {
    const id = `p${this.#nextId++}`;
    let aborted: Disposable | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiting.set(id, { id, ...asked, resolve });
        this.#asked.fire();
        aborted = onAbort(signal, () => reject(cancelledError('The prompt')));
      });
    } finally {
      aborted?.dispose();
      this.#waiting.delete(id);
      this.#answered.add(id);
    }
  }
}

/** The work of one engine's sessions that has not been told to its caller yet, by session id. */
export class CallerWorks {
  readonly #works = new Map<string, KeptWork>();

  add(sessionId: string, kept: KeptWork): void {
    this.#works.set(sessionId, kept);
  }

  find(sessionId: string): KeptWork | undefined {
    return this.#works.get(sessionId);
  }

  delete(sessionId: string, kept: KeptWork): void {
    if (this.#works.get(sessionId) === kept) {
      this.#works.delete(sessionId);
    }
  }

  /** @throws RlmError 'INVALID_INPUT' while the session's step waits for its caller. */
  requireFree(sessionId: string): void {
    if (this.#works.get(sessionId)?.work.isWaiting) {
      throw new RlmError('INVALID_INPUT', `Session ${sessionId} waits for your answers.`, {
        nextStep:
          'Give them with rlm_answer (with no answers it shows the prompts again), or end the session with rlm_finalize.',
      });
    }
  }

  /** Ends what waits, so that the session can be worked with. */
  cancelWaiting(sessionId: string): void {
    const work = this.#works.get(sessionId)?.work;
    if (work?.isWaiting) {
      work.cancel();
      this.#works.delete(sessionId);
    }
  }
}

function toPromptText({ messages }: ModelRequest): string {
  const [only] = messages;
  if (messages.length === 1 && only) {
    return only.text;
  }
  return messages.map(({ role, text }) => `[${role}]\n${text}`).join('\n\n');
}
