// Answers that models or a calling agent had given to a step whose engine ended before the step did. They serve
// the same code when it is the next to run: whoever answered is not asked again.

import type { ModelAnswered } from './event';
import { childModel, describePrompt } from './modelCalls';

/** A step that began and has no end of its own on record. */
export interface CutStep {
  readonly code: string;
  readonly calls: readonly ModelAnswered[];
}

export class KeptAnswers {
  readonly #code: string;
  readonly #calls: ReadonlyMap<number, ModelAnswered>;

  constructor({ code, calls }: CutStep) {
    const answered = calls.filter(({ answer, model }) => answer !== null && model !== childModel);
    this.#code = code;
    this.#calls = new Map(answered.map((call) => [call.call, call]));
  }

  /** Only the same code asks the same again. */
  isOf(code: string): boolean {
    return this.#code === code;
  }

  /** What was answered to that very prompt, asked of that model as the step's call of that number. */
  find(asked: { readonly call: number; readonly model: string }, prompt: string) {
    const call = this.#calls.get(asked.call);
    const isSame = call && (call.askedModel ?? call.model) === asked.model;
    return isSame && isSamePrompt(call, prompt) ? call : undefined;
  }
}

/** Whether the event is of that prompt, the whole of it. */
export function isSamePrompt(call: ModelAnswered, prompt: string): boolean {
  const asked = describePrompt(prompt);
  return (
    call.promptChars === asked.promptChars &&
    call.prompt === asked.prompt &&
    call.promptHash === asked.promptHash
  );
}
