// The prompts of a task that wait for the calling agent: what it is shown of each, and the answers it gives.

import { onAbort } from '../../base/abort';
import type { Disposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { RlmError, cancelledError } from '../errors';
import type { ModelAnswer, ModelMessage, ModelRequest } from '../model';
import { estimateTokens } from '../tokens';
import {
  type AskedPrompt,
  type PromptPage,
  ShownPrompts,
  fits,
  maxShownChars,
  toPromptText,
} from './shownPrompts';

export interface AgentAnswer {
  readonly id: string;
  readonly text: string;
}

interface Waiting extends AskedPrompt {
  readonly resolve: (text: string) => void;
  readonly recorded: Promise<void> | undefined;
}

/** A conversation as far as the agent knows it. */
interface Known {
  readonly id: string;
  readonly messages: readonly ModelMessage[];
}

/** Conversations that parts of one task may have at the same time. */
const maxKnown = 200;

export class TaskPrompts {
  readonly #waiting = new Map<string, Waiting>();
  readonly #shown = new ShownPrompts();
  readonly #answered = new Set<string>();
  readonly #asked = new Emitter<void>();
  /** Fires when one more waits. */
  readonly onDidAsk = this.#asked.event;
  readonly #onChange: (event: 'prompt_opened' | 'prompt_closed') => void;
  #known: Known[] = [];
  #nextId = 1;

  constructor(onChange: (event: 'prompt_opened' | 'prompt_closed') => void) {
    this.#onChange = onChange;
  }

  /** @throws RlmError 'MODEL_UNAVAILABLE' for a prompt that is too long, 'CANCELLED'. */
  async ask(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const follows = this.#findKnown(request);
    const whole = toPromptText(request.messages);
    const prompt = follows ? (request.messages.at(-1)?.text ?? '') : whole;
    if (!fits(prompt)) {
      throw tooLongError(prompt);
    }
    const id = `p${this.#nextId++}`;
    const { model, purpose, messages, origin = null } = request;
    const asked = { id, messages, prompt, whole, model, purpose, origin };
    const text = await this.#untilAnswered(
      { ...asked, follows: follows?.id ?? null, recorded: request.recorded },
      signal,
    );
    if (purpose === 'loop') {
      this.#learn({ id, messages: request.messages }, follows); // what code asks is never gone on with
    }
    return {
      text,
      model: 'caller/agent',
      promptTokens: estimateTokens(prompt),
      answerTokens: estimateTokens(text),
      tokensEstimated: true,
      costUsd: null,
    };
  }

  /**
   * Gives answers; a prompt that has its answer already keeps it.
   * Settles when what it took would survive the death of this process.
   * @returns the ids of prompts that had ended before, whose texts are of no use any more.
   * @throws RlmError 'INVALID_INPUT' for an id that was never asked or is given twice; then nothing was given.
   */
  async answer(answers: readonly AgentAnswer[]): Promise<readonly string[]> {
    const ids = answers.map(({ id }) => id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) {
      throw new RlmError('INVALID_INPUT', `The prompt ${twice} has two answers in one call.`, {
        nextStep: 'Give one answer for each prompt.',
      });
    }
    const unknown = answers.find(({ id }) => !this.#waiting.has(id) && !this.#answered.has(id));
    if (unknown) {
      const open = [...this.#waiting.keys()].slice(0, 20).join(', ');
      throw new RlmError('INVALID_INPUT', `No prompt has the id ${unknown.id}.`, {
        nextStep: open === '' ? 'Nothing waits for an answer.' : `These wait for one: ${open}.`,
      });
    }
    const late = ids.filter((id) => !this.#waiting.has(id));
    const recorded: Promise<void>[] = [];
    for (const { id, text } of answers) {
      const waiting = this.#waiting.get(id);
      this.#close(id);
      waiting?.resolve(text);
      if (waiting?.recorded) {
        recorded.push(waiting.recorded);
      }
    }
    await Promise.all(recorded);
    return late;
  }

  /**
   * Those that the agent has not been shown yet, as far as they fit one reply; at least one where any is new.
   * @param showWhole shows all that wait, whole again.
   */
  list(showWhole: boolean): PromptPage {
    return this.#shown.list([...this.#waiting.values()], showWhole);
  }

  async #untilAnswered(asked: Omit<Waiting, 'resolve'>, signal: AbortSignal): Promise<string> {
    const { id } = asked;
    let aborted: Disposable | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiting.set(id, { ...asked, resolve });
        this.#onChange('prompt_opened');
        this.#asked.fire();
        aborted = onAbort(signal, () => reject(cancelledError('The prompt')));
      });
    } finally {
      aborted?.dispose();
      this.#close(id);
    }
  }

  #close(id: string): void {
    if (this.#waiting.delete(id)) {
      this.#answered.add(id);
      this.#onChange('prompt_closed');
    }
  }

  /** The conversation that a request goes on with: the agent's reply and one more message. */
  #findKnown({ messages }: ModelRequest): Known | undefined {
    const matching = this.#known.filter(
      (known) =>
        messages.length === known.messages.length + 2 &&
        known.messages.every(({ text }, index) => text === messages[index]?.text),
    );
    // Runs of one task may begin alike, and their replies need not stand in the messages as they were given.
    return matching.length === 1 ? matching[0] : undefined;
  }

  #learn(known: Known, instead: Known | undefined): void {
    const others = this.#known.filter((one) => one !== instead);
    this.#known = [...others, known].slice(-maxKnown);
  }
}

function tooLongError({ length }: string): RlmError {
  const most = maxShownChars.toLocaleString('en');
  return new RlmError(
    'MODEL_UNAVAILABLE',
    `The calling agent answers prompts of at most ${most} characters (as JSON); this one has ${length.toLocaleString('en')}.`,
    { nextStep: 'Ask in smaller pieces, or configure a model (rlm_status lists providers).' },
  );
}
