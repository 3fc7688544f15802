// The answer that ends a session: given once, and the same when it is given again.

import { stopReasons } from './limits';
import type { Recorder } from './recorder';
import type { SandboxSlot } from './sandboxSlot';
import { checkAnswer, maxAnswerChars, noVariableError, secondAnswerError } from './sessionErrors';
import type { Summary } from './summary';

export type FinalizeInput = { readonly text: string } | { readonly variable: string };

const readTimeoutMs = 10_000;

export class FinalAnswer {
  readonly #recorder: Recorder;
  readonly #slot: SandboxSlot;

  constructor(recorder: Recorder, slot: SandboxSlot) {
    this.#recorder = recorder;
    this.#slot = slot;
  }

  /** @throws RlmError 'SESSION_FINALIZED' for a different answer, 'VAR_NOT_FOUND', 'INVALID_INPUT'. */
  async give(input: FinalizeInput, signal: AbortSignal): Promise<Summary> {
    const { summary } = this.#recorder;
    if (summary.status === 'finalized') {
      if (!isSameAnswer(summary, input)) {
        throw secondAnswerError(summary.sessionId);
      }
      return summary;
    }
    const answer = 'text' in input ? input.text : await this.#read(input.variable, signal);
    checkAnswer(answer);
    const cause = summary.stopCause;
    await this.#recorder.append({
      kind: 'session.finalized',
      answer,
      fromVariable: 'text' in input ? null : input.variable,
      finishReason: stopReasons.find((reason) => reason === cause) ?? 'completed',
    });
    return this.#recorder.summary;
  }

  async #read(name: string, signal: AbortSignal): Promise<string> {
    const value = await this.#slot
      .require()
      .readVariable(
        { name, offset: 0, maxChars: maxAnswerChars + 1, timeoutMs: readTimeoutMs },
        signal,
      );
    if (!value) {
      throw noVariableError(name);
    }
    return value.text;
  }
}

/** Whether a finalized session was given just that: the same text, or the value of the same variable. */
export function isSameAnswer(summary: Summary, input: FinalizeInput): boolean {
  return 'text' in input
    ? summary.finalAnswer === input.text
    : summary.finalVariable === input.variable;
}
