// What a session refuses, and how it says so.

import { RlmError } from './errors';
import type { StopCause } from './event';
import type { Limits, SharedLimit, StopReason, Usage } from './limits';
import type { ReplayReport } from './replayRun';
import type { Standing } from './sharedLimits';
import type { Summary } from './summary';

/** Longer answers stay in their variable, to be paged with rlm_get_var. */
export const maxAnswerChars = 500_000;

/** @throws RlmError 'SESSION_FINALIZED' | 'GUARDRAIL_STOPPED' unless the session is active. */
export function requireActive(summary: Summary): void {
  const { sessionId, status, stopCause } = summary;
  if (status === 'finalized') {
    throw new RlmError('SESSION_FINALIZED', `Session ${sessionId} is finalized.`, {
      nextStep: 'Read its trace with rlm_get_trace, fork it with rlm_fork, or open a new session.',
    });
  }
  if (status === 'stopped') {
    const by = describeStop(stopCause, summary);
    throw new RlmError('GUARDRAIL_STOPPED', `Session ${sessionId} was stopped by ${by}.`, {
      nextStep:
        'Read what it has with rlm_get_var, finish with rlm_finalize, or go on in a fork with a larger config (rlm_fork).',
    });
  }
}

/** To stand after "stopped by"; of a guardrail with the limit that was reached, and its value. */
export function describeStop(cause: StopCause | null, session: Standing): string {
  switch (cause) {
    case 'user':
      return 'the user';
    case 'run_ended':
      return 'the end of its run, which had no answer';
    case null:
      return 'an unknown cause';
    case 'max_steps':
    case 'timeout':
    case 'budget_exceeded':
    case 'llm_limit':
      return `its guardrail ${cause} (${describeLimit(cause, session)})`;
  }
}

/** Of a fork that could run no step: it begins with what its parent had used by that step. */
export function exhaustedForkError(
  reason: StopReason,
  { limits, usage }: { readonly limits: Limits; readonly usage: Usage },
): RlmError {
  const limit = describeLimit(reason, { limits, usage });
  const [name = ''] = limit.split(' ');
  return new RlmError(
    'INVALID_INPUT',
    `The fork could run no step: its ${limit} is used up by what the other session had done by that step.`,
    {
      nextStep: `Fork with a larger ${name} (rlm_fork), or at an earlier step.`,
    },
  );
}

/** What was used up may also be what a session shares with others. */
function describeLimit(reason: StopReason, { limits, usage, shared = {} }: Standing): string {
  const say = (name: string, max: number): string => `${name} ${max.toLocaleString('en')}`;
  const ofRun = (name: string, { max }: SharedLimit): string =>
    `${say(name, max)} of the run that it is a part of`;
  const ofParent = (name: string, { max }: SharedLimit): string =>
    `${say(name, max)} of a session that it is a child of`;
  const { steps, runtimeMs, budgetUsed, llmCalls, llmTokens } = shared;
  switch (reason) {
    case 'max_steps':
      return usage.steps < limits.maxSteps && steps
        ? ofRun('max_steps', steps)
        : say('max_steps', limits.maxSteps);
    case 'timeout':
      if (usage.runtimeMs >= limits.maxRuntimeMs) {
        return say('max_runtime_ms', limits.maxRuntimeMs);
      }
      return runtimeMs?.left === 0
        ? ofRun('max_runtime_ms', runtimeMs)
        : say('max_session_ms', limits.maxSessionMs);
    case 'budget_exceeded':
      return usage.budgetUsed < limits.budgetLimit && budgetUsed
        ? ofParent('budget_limit', budgetUsed)
        : say('budget_limit', limits.budgetLimit);
    case 'llm_limit':
      if (usage.llmCalls >= limits.maxLlmCalls) {
        return say('max_llm_calls', limits.maxLlmCalls);
      }
      if (llmCalls?.left === 0) {
        return ofParent('max_llm_calls', llmCalls);
      }
      return llmTokens
        ? ofParent('max_llm_tokens', llmTokens)
        : say('max_llm_tokens', limits.maxLlmTokens);
  }
}

export function sandboxGoneError(sessionId: string, reason: string): RlmError {
  return new RlmError(
    'SANDBOX_EXEC_ERROR',
    `The sandbox of session ${sessionId} is gone: ${reason}.`,
    {
      nextStep: 'Run a step again: the recorded steps are then run in a new sandbox first.',
    },
  );
}

export function secondAnswerError(sessionId: string): RlmError {
  return new RlmError(
    'SESSION_FINALIZED',
    `Session ${sessionId} is already finalized with a different answer.`,
    { nextStep: 'Use the answer it has (rlm_get_trace shows it), or open a new session.' },
  );
}

/** `note`: what may have become of it. */
export function noVariableError(name: string, note = ''): RlmError {
  return new RlmError('VAR_NOT_FOUND', `There is no variable ${name}.${note && ` ${note}`}`, {
    nextStep: 'Run SHOW_VARS() to list the variables of this session.',
  });
}

/** `step` waits for its caller's answers: it was looked at what had been before it. */
export function noVariableYetError(name: string, step: number): RlmError {
  return new RlmError(
    'VAR_NOT_FOUND',
    `There was no variable ${name} before step ${step}, which waits for your answers.`,
    { nextStep: 'Answer its prompts with rlm_answer, and read the variable then.' },
  );
}

export function takenVariableError(name: string): RlmError {
  return new RlmError(
    'INVALID_INPUT',
    `There is a variable ${name} already; it is kept as it is.`,
    {
      nextStep: `Load under another name, or without one. If the new text is to take its place, set ${name} to the new variable in a step then (rlm_run_repl).`,
    },
  );
}

export function runningStepError(name: string): RlmError {
  return new RlmError(
    'INVALID_INPUT',
    `${name} cannot be read before the step that runs has ended.`,
    {
      nextStep:
        'Answer its prompts with rlm_answer and finalize then, or give the answer itself as final_text: that ends the step.',
    },
  );
}

/** A value that was rebuilt otherwise than it was recorded is not committed unseen. */
export function differsError(name: string, { differenceCount }: ReplayReport): RlmError {
  return new RlmError(
    'INVALID_INPUT',
    `The session’s record was run again to rebuild ${name}, with ${differenceCount} difference(s) from the record.`,
    {
      nextStep:
        'Look at the value with rlm_get_var, and call again if it is the answer; rlm_get_trace lists the differences.',
    },
  );
}

/** Empty, or nothing but white space: such a text answers nothing, however it is given. */
export function isBlankAnswer(answer: string): boolean {
  return answer.trim() === '';
}

/** A variable that says only that there is no value. */
export function emptyAnswerError(name: string, shown: string): RlmError {
  return new RlmError('INVALID_INPUT', `${name} is no answer: its value is ${shown}.`, {
    nextStep:
      'The session is still open. Finalize with the variable that holds the answer, or with final_text.',
  });
}

/** `reason`: the end of “x is not whole: …”. */
export function incompleteAnswerError(name: string, reason: string): RlmError {
  return new RlmError('INVALID_INPUT', `${name} is no answer, as it is not whole: ${reason}.`, {
    nextStep:
      'The session is still open. Make a string of what matters in a step, and finalize with that variable or with final_text.',
  });
}

/** @throws RlmError 'INVALID_INPUT' for what is no answer, or longer than a trace keeps. */
export function checkAnswer(answer: string): void {
  if (isBlankAnswer(answer)) {
    throw new RlmError('INVALID_INPUT', 'The answer is empty.', {
      nextStep:
        'The session is still open. Give a text that says what came out, also where nothing was found.',
    });
  }
  if (answer.length > maxAnswerChars) {
    throw new RlmError(
      'INVALID_INPUT',
      `The answer has more than ${maxAnswerChars.toLocaleString('en')} characters.`,
      {
        nextStep:
          'Finalize with a summary, and page the long variable with rlm_get_var while the session lives.',
      },
    );
  }
}
