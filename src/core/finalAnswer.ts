// The answer that ends a session: given once, and the same when it is given again.

import { toRlmError } from './errors';
import type { FinishReason, StopCause } from './event';
import { type StopReason, stopReasons } from './limits';
import type { Recorder } from './recorder';
import type { SandboxSlot } from './sandboxSlot';
import {
  checkAnswer,
  emptyAnswerError,
  incompleteAnswerError,
  isBlankAnswer,
  maxAnswerChars,
  noVariableError,
  secondAnswerError,
} from './sessionErrors';
import type { StepEnding, StepResult } from './stepRun';
import type { Summary } from './summary';
import { readValue } from './variableValue';

export type FinalizeInput = { readonly text: string } | { readonly variable: string };

/** Types, in either language, of what says only that there is no value. */
const emptyTypes: readonly string[] = ['NoneType', 'ellipsis', 'undefined', 'null'];

export class FinalAnswer {
  readonly #recorder: Recorder;
  readonly #slot: SandboxSlot | null;

  /** `slot`: null where there are no variables. */
  constructor(recorder: Recorder, slot: SandboxSlot | null) {
    this.#recorder = recorder;
    this.#slot = slot;
  }

  /** @throws RlmError 'SESSION_FINALIZED' for a different answer, 'VAR_NOT_FOUND', 'INVALID_INPUT'. */
  async give(input: FinalizeInput, signal: AbortSignal): Promise<Summary> {
    const answer = await this.check(input, signal);
    const { summary } = this.#recorder;
    if (summary.status === 'finalized') {
      return summary;
    }
    await this.#recorder.append({
      kind: 'session.finalized',
      answer,
      fromVariable: 'text' in input ? null : input.variable,
      finishReason: toFinishReason(summary.stopCause),
    });
    return this.#recorder.summary;
  }

  /** The answer as it would be given; nothing has changed then. @throws RlmError as `give`. */
  async check(input: FinalizeInput, signal: AbortSignal): Promise<string> {
    const { summary } = this.#recorder;
    checkOtherAnswer(summary, input);
    if (summary.status === 'finalized') {
      return summary.finalAnswer ?? '';
    }
    const answer = 'text' in input ? input.text : await this.#read(input.variable, signal);
    checkAnswer(answer);
    return answer;
  }

  /** @throws RlmError 'VAR_NOT_FOUND', 'INVALID_INPUT' where the text is not the whole value's. */
  async #read(name: string, signal: AbortSignal): Promise<string> {
    if (!this.#slot) {
      throw noVariableError(name);
    }
    const whole = { name, offset: 0, maxChars: maxAnswerChars + 1 };
    const value = await readValue(this.#slot.require(), whole, signal);
    if (emptyTypes.includes(value.type)) {
      throw emptyAnswerError(name, value.text);
    }
    if (value.incomplete !== null) {
      throw incompleteAnswerError(name, value.incomplete);
    }
    if (isBlankAnswer(value.text)) {
      throw emptyAnswerError(name, 'an empty text');
    }
    return value.text;
  }
}

/**
 * Ends the session with the answer that a step's code handed in. Only what ran to its end counts, and nothing of
 * the step is lost where there is no such answer, or it cannot be recorded.
 */
export async function endWith(
  answer: FinalAnswer,
  { outcome, stop }: StepResult,
): Promise<StepEnding> {
  const { error, interruption, finalAnswer } = outcome;
  if (error !== null || interruption !== null) {
    return {
      kind: 'open',
      reason: `The code did not run to its end. ${stop === null ? 'Correct it and run it again.' : toStoppedAdvice(stop)}`,
    };
  }
  if (finalAnswer === null || isBlankAnswer(finalAnswer)) {
    return {
      kind: 'open',
      reason: `The code handed in no answer, or an empty one${stop === null ? ': call FINAL, FINAL_VAR or SUBMIT in the next step, or rlm_finalize.' : `. ${toStoppedAdvice(stop)}`}`,
    };
  }
  try {
    const never = new AbortController().signal; // the step has run, whatever becomes of its call
    const { stopCause } = await answer.give({ text: finalAnswer }, never);
    return { kind: 'finalized', finishReason: toFinishReason(stopCause) };
  } catch (thrown) {
    const { message, nextStep } = toRlmError(thrown);
    return { kind: 'open', reason: `The answer was not recorded: ${message} ${nextStep}` };
  }
}

function toStoppedAdvice(stop: StopReason): string {
  return `No step runs any more (${stop}): give the answer to rlm_finalize.`;
}

export function toFinishReason(stopCause: StopCause | null): FinishReason {
  return stopReasons.find((reason) => reason === stopCause) ?? 'completed';
}

/** @throws RlmError 'SESSION_FINALIZED' where the session has another answer. */
export function checkOtherAnswer(summary: Summary, input: FinalizeInput): void {
  if (summary.status === 'finalized' && !isSameAnswer(summary, input)) {
    throw secondAnswerError(summary.sessionId);
  }
}

/** Whether a finalized session was given just that: the same text, or the value of the same variable. */
export function isSameAnswer(summary: Summary, input: FinalizeInput): boolean {
  return 'text' in input
    ? summary.finalAnswer === input.text
    : summary.finalVariable === input.variable;
}
