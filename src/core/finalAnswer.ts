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
  #variable: string | null = null;

  constructor(recorder: Recorder, slot: SandboxSlot) {
    this.#recorder = recorder;
    this.#slot = slot;
  }

  /** @throws RlmError 'SESSION_FINALIZED' for a different answer, 'VAR_NOT_FOUND', 'INVALID_INPUT'. */
  async give(input: FinalizeInput, signal: AbortSignal): Promise<Summary> {
    const isAgain = this.#recorder.summary.status === 'finalized';
    if (isAgain && !('text' in input)) {
      return this.#requireSame(this.#variable === input.variable);
    }
    const answer = 'text' in input ? input.text : await this.#read(input.variable, signal);
    if (isAgain) {
      return this.#requireSame(this.#recorder.summary.finalAnswer === answer);
    }
    checkAnswer(answer);
    const cause = this.#recorder.summary.stopCause;
    this.#variable = 'text' in input ? null : input.variable;
    await this.#recorder.append({
      kind: 'session.finalized',
      answer,
      fromVariable: this.#variable,
      finishReason: stopReasons.find((reason) => reason === cause) ?? 'completed',
    });
    return this.#recorder.summary;
  }

  #requireSame(isSame: boolean): Summary {
    const { summary } = this.#recorder;
    if (!isSame) {
      throw secondAnswerError(summary.sessionId);
    }
    return summary;
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
