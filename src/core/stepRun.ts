// One step of a session from its start to its end on record. What it asks of the host is bound to it when it
// begins, and has ended before the step's end is recorded.

import type { Clock } from './clock';
import { RlmError, toRlmError } from './errors';
import type { FinishReason } from './event';
import { HeldTime } from './heldTime';
import type { KeptAnswers } from './keptAnswers';
import type { Guardrails } from './guardrails';
import type { Limits, SharedLimits, StopReason, Usage } from './limits';
import type { ModelClient } from './model';
import { OpenCalls } from './openCalls';
import type { Recorder } from './recorder';
import type { RequestScope } from './requestScope';
import type { Outcome, Sandbox } from './sandbox';
import type { SessionModels } from './sessionModels';
import { LeaseLostError } from './traceStore';
import type { StepTurn } from './workPool';

export interface StepInput {
  readonly code: string;
  /** Shortens the session's own step time-out; never lengthens it. */
  readonly timeoutMs?: number;
  /** Of the client whose call this is, to answer the code's prompts. */
  readonly client?: ModelClient;
  /** `provider/model` for prompts that name none. */
  readonly subModel?: string | null;
  /** Ends the session with the answer that the code hands in, when it runs to its end. */
  readonly finalize?: boolean;
  /** Called when the step's turn has come. */
  readonly onStart?: () => void;
}

/** What became of a step that was to end its session. */
export type StepEnding =
  | { readonly kind: 'finalized'; readonly finishReason: FinishReason }
  /** The session is as the step left it; `reason` says why, and what to do. */
  | { readonly kind: 'open'; readonly reason: string };

export interface StepResult {
  readonly step: number;
  /** As it ran. */
  readonly code: string;
  readonly outcome: Outcome;
  /** Halves of surrogate pairs in its prompts, which models were sent as U+FFFD; none where it is left out. */
  readonly promptsReplaced?: number;
  readonly stop: StopReason | null;
  readonly usage: Usage;
  /** What others leave of the session's limits after it; left out: nothing is shared. */
  readonly shared?: SharedLimits;
  /** Time the step took in all, as charged to `maxRuntimeMs`. */
  readonly durationMs: number;
  /** Only of a step that was to end its session. */
  readonly ending?: StepEnding;
}

export interface StepParts {
  readonly sandbox: Sandbox;
  readonly recorder: Recorder;
  readonly models: SessionModels;
  readonly guardrails: Guardrails;
  /** Ends with the step. */
  readonly turn: StepTurn;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Of an earlier attempt at the same code; null: there was none. */
  readonly kept: KeptAnswers | null;
  readonly requests: RequestScope;
}

/** @throws RlmError 'SANDBOX_EXEC_ERROR' when the sandbox broke: the step has no end on record then. */
export async function runStep(
  input: StepInput,
  parts: StepParts,
  signal: AbortSignal,
): Promise<StepResult> {
  const { sandbox, recorder, models, guardrails, turn, limits, clock, requests } = parts;
  const step = recorder.summary.usage.steps + 1;
  input.onStart?.();
  const started = clock.monotonic();
  const startedWritten = recorder.append({ kind: 'step.started', code: input.code }, { step });
  startedWritten.catch(() => undefined); // awaited with the end of the step
  const held = new HeldTime(clock, () => sandbox.holdClock());
  const calls = models.createCalls(step, parts.kept);
  const hostCalls = models.createHostCalls({
    calls,
    client: input.client ? held.wrap(input.client) : null,
    subModel: input.subModel ?? null,
  });
  const open = new OpenCalls();
  let openCall: number | null = null;
  let durationMs = 0;
  const ran = await sandbox
    .runStep(
      {
        step,
        code: input.code,
        timeoutMs: turn.timeoutMs,
        maxOutputChars: limits.maxOutputChars,
        onHostCall: requests.bind((call, callSignal) =>
          open.run(calls.nextNumber, callSignal, (bound) => hostCalls.answer(call, bound)),
        ),
      },
      signal,
    )
    .finally(async () => {
      openCall = await open.settle();
      durationMs = clock.monotonic() - started - held.totalMs;
      turn.end(durationMs);
    });
  const { runtimeMs: earlierMs } = recorder.summary.usage;
  const isLastMs = turn.timeoutMs >= limits.maxRuntimeMs - earlierMs;
  const outcome = guardrails.isOverTime
    ? toTimedOut(ran, limits.maxSessionMs)
    : isLastMs
      ? withRuntimeLimit(ran, limits.maxRuntimeMs)
      : ran;
  models.spendChars(countChars(input.code, outcome));
  const before = models.readUsage();
  const usage = { ...before, steps: step, runtimeMs: before.runtimeMs + durationMs };
  const isCallsLimit = calls.refusedByLimit || models.hasSpentCalls;
  const stop =
    guardrails.judge(usage, models.leftChars) ?? (isCallsLimit ? ('llm_limit' as const) : null);
  await startedWritten.catch(() => undefined);
  const cut = outcome.interruption === null || openCall === null ? {} : { cutAtCall: openCall };
  const written = recorder.append(
    { kind: 'step.finished', outcome, stop, ...cut },
    { usage, stop },
  );
  const { shared } = recorder.summary; // of the event
  await written.catch((thrown: unknown) => {
    throw thrown instanceof LeaseLostError ? thrown : toUnrecordedError(step, toRlmError(thrown));
  });
  const { replacedSurrogates: promptsReplaced } = calls;
  return { step, code: input.code, outcome, stop, usage, shared, durationMs, promptsReplaced };
}

/** The code has run: whoever runs it again, as for another failure, has it run twice. */
function toUnrecordedError(step: number, cause: RlmError): RlmError {
  return new RlmError(
    cause.code,
    `Step ${step} has run, but its end could not be recorded: ${cause.message}`,
    {
      cause,
      nextStep: `Do not run its code again: its variables are kept while this engine runs (rlm_get_var). ${cause.nextStep}`,
    },
  );
}

/** What a step costs of the budget: all that its caller is shown of it. */
function countChars(code: string, { stdout, stderr, result, changes }: Outcome): number {
  const previews = changes.reduce((sum, { preview }) => sum + preview.length, 0);
  return code.length + stdout.length + stderr.length + (result?.length ?? 0) + previews;
}

/** A step that was cut short by what was left of the session's running time. */
function withRuntimeLimit(outcome: Outcome, maxRuntimeMs: number): Outcome {
  const { error, interruption } = outcome;
  if (interruption !== 'timeout' || !error) {
    return outcome;
  }
  const limit = `That was all that max_runtime_ms (${maxRuntimeMs.toLocaleString('en')}) left.`;
  return { ...outcome, error: { ...error, message: `${error.message} ${limit}` } };
}

/** A step that the end of the session's time has cut short, which the sandbox knows as cancelled. */
function toTimedOut(outcome: Outcome, maxSessionMs: number): Outcome {
  const { error } = outcome;
  if (outcome.interruption !== 'cancelled' || !error) {
    return outcome;
  }
  const message = `The session’s max_session_ms (${maxSessionMs.toLocaleString('en')}) have passed. What the step has done so far is kept.`;
  return {
    ...outcome,
    interruption: 'timeout',
    error: { ...error, type: 'TimeoutError', message },
  };
}
