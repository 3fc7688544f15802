// What each entry of a trace says: its outcome, one line, and all that is known of it. Pure.

import {
  isAgentEvent,
  type ContextLoaded,
  type FileWritten,
  type LoopFinished,
  type SessionOpened,
  type ShellFinished,
  type StepFinished,
} from '../core/event';
import type { Limits } from '../core/limits';
import { toNetworkText } from '../core/networkRecord';
import { noAgentStanding } from '../core/summary';
import { toPlaceName } from '../core/sandboxPlace';
import { toCounted } from '../base/text';
import { countDropped } from '../core/shownTexts';
import { describeStop } from '../core/sessionErrors';
import { toContextView } from './contextView';
import { cutJsonMarked } from './fit';
import { describeAgentEvent } from './agentEntries';
import { toAgentView } from './agentView';
import { toPlaceView } from './placeView';
import { maxMessageJsonChars } from './stepView';
import type { OtherEvent, TraceEntry } from './traceEntries';
import { toLimitsView } from './usageView';
import { toChangesView } from './stepFields';

export type ResultStatus = 'ok' | 'error' | 'stopped' | 'running';

export interface Described {
  readonly status?: ResultStatus;
  readonly summary: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Characters of a text that were not recorded, by field. */
  readonly dropped?: Readonly<Record<string, number>>;
}

/** `isRunning`: a step without an end runs now. */
export function describeEntry(
  entry: TraceEntry,
  { limits, isRunning }: { readonly limits: Limits; readonly isRunning: boolean },
): Described {
  switch (entry.kind) {
    case 'opened':
      return describeOpened(entry.opened, entry.loaded);
    case 'step':
      return describeStep(entry, isRunning);
    case 'other':
      return describeEvent(entry.event, limits);
  }
}

function describeEvent(event: OtherEvent, limits: Limits): Described {
  if (isAgentEvent(event)) {
    return describeAgentEvent(event);
  }
  switch (event.kind) {
    case 'context.loaded':
      return describeLoaded(event);
    case 'model.answered':
      return {
        status: event.error === null ? 'ok' : 'error',
        summary:
          event.error === null
            ? `${event.model} answered ${event.answerTokens} tokens to ${event.promptTokens}`
            : `${event.model} failed: ${event.error}`,
        detail: {
          call: event.call,
          purpose: event.purpose,
          child_session_id: event.childSessionId,
          model: event.model,
          prompt: event.prompt,
          prompt_chars: event.promptChars,
          ...(event.replacedSurrogates && { replaced_surrogates: event.replacedSurrogates }),
          answer: event.answer,
          error: event.error,
          prompt_tokens: event.promptTokens,
          answer_tokens: event.answerTokens,
          tokens_estimated: event.tokensEstimated,
          cost_usd: event.costUsd,
          duration_ms: Math.round(event.durationMs),
        },
        dropped: { prompt: Math.max(0, event.promptChars - event.prompt.length) },
      };
    case 'loop.started':
      return {
        summary: `Began to work on: ${event.task}`,
        detail: {
          task: event.task,
          model: event.model,
          sub_model: event.subModel,
          max_iterations: event.maxIterations,
        },
      };
    case 'loop.finished':
      return {
        status: toLoopStatus(event.finishReason),
        summary: `Ended after ${toCounted(event.iterations, 'iteration')}: ${event.error ?? event.finishReason}`,
        detail: {
          finish_reason: event.finishReason,
          iterations: event.iterations,
          error: event.error,
        },
      };
    case 'session.stopped':
      return {
        status: 'stopped',
        summary: `Stopped by ${describeStop(event.cause, { ...event, limits })}`,
        detail: { cause: event.cause },
      };
    case 'session.finalized':
      return {
        status: event.finishReason === 'completed' ? 'ok' : 'stopped',
        summary: `Finalized (${event.finishReason}): ${event.answer}`,
        detail: {
          final_answer: event.answer,
          final_var_name: event.fromVariable,
          finish_reason: event.finishReason,
        },
      };
    case 'session.replayed':
      return {
        status: event.differenceCount === 0 ? 'ok' : 'error',
        summary: `Replayed ${toCounted(event.stepsRun, 'step')} of ${event.sourceSessionId}, ${toCounted(event.differenceCount, 'difference')}`,
        detail: {
          source_session_id: event.sourceSessionId,
          through_step: event.throughStep,
          steps_run: event.stepsRun,
          steps_skipped: event.stepsSkipped,
          difference_count: event.differenceCount,
          differences: event.differences,
          engine_id: event.engineId,
        },
      };
    case 'file.written':
      return describeFile(event);
    case 'shell.finished':
      return describeCommand(event);
    case 'session.closed':
      return { summary: `Closed: ${event.reason}`, detail: { reason: event.reason } };
  }
}

function describeFile(event: FileWritten): Described {
  const { side, path, sourcePath, bytes, sha256, replaced } = event;
  const what = side === 'sandbox' ? 'Uploaded' : 'Downloaded to';
  return {
    summary: `${what} ${path}: ${bytes.toLocaleString('en')} bytes, SHA-256 ${sha256}`,
    detail: {
      ...{ side, path, source_path: sourcePath, bytes, sha256, replaced },
      content_kept: event.keptAs !== null,
    },
  };
}

function describeCommand(event: ShellFinished): Described {
  const { command, exitCode, stdout, stderr, interruption, stop, droppedBytes, replaced } = event;
  const how = interruption ?? (exitCode === null ? 'no exit code' : `exit code ${exitCode}`);
  const failed = exitCode !== 0 || interruption !== null;
  return {
    status: stop !== null ? 'stopped' : failed ? 'error' : 'ok',
    summary: `${how}: ${command}${stop === null ? '' : `; reached ${stop}`}`,
    detail: {
      ...{ command, exit_code: exitCode, stdout, stderr },
      dropped_bytes: droppedBytes,
      not_utf8: replaced.stdout || replaced.stderr,
      interrupted: interruption,
      ended_by: event.endedBy,
      state_lost: event.stateLost,
      ...(event.network && { network: toNetworkText(event.network) }),
      guardrail_stop: stop,
      duration_ms: Math.round(event.durationMs),
    },
  };
}

function toLoopStatus(reason: LoopFinished['finishReason']): ResultStatus {
  if (reason === 'submitted' || reason === 'max_iterations') {
    return 'ok';
  }
  return reason === 'failed' ? 'error' : 'stopped';
}

function describeOpened(opened: SessionOpened, loaded: ContextLoaded | null): Described {
  const context = loaded && describeLoaded(loaded);
  const what = context
    ? `; ${context.summary.charAt(0).toLowerCase()}${context.summary.slice(1)}`
    : '';
  return {
    summary: `Opened "${opened.title}" (${toOpenedText(opened)})${what}`,
    detail: {
      session_id: opened.sessionId,
      title: opened.title,
      ...(opened.agent
        ? { agent: toAgentView({ ...opened.agent, ...(opened.agentStanding ?? noAgentStanding) }) }
        : { language: opened.language, sandbox: toPlaceView(opened.sandbox) }),
      config: toLimitsView(opened.limits),
      parent_session_id: opened.parentSessionId,
      source_step: opened.sourceStep,
      depth: opened.depth,
      engine_id: opened.engineId,
      version: opened.version,
      ...context?.detail,
    },
  };
}

function toOpenedText({ agent, language, sandbox }: SessionOpened): string {
  return agent ? `agent ${agent.profileId}` : `${language}, ${toPlaceName(sandbox)}`;
}

function describeLoaded({ context, given }: ContextLoaded): Described {
  return {
    summary: `Loaded ${toCounted(context.totalChars, 'character')} from ${toCounted(context.sourceCount, 'source')} into ${context.variable}`,
    detail: { has_text: given.hasText, paths: given.paths, context: toContextView(context) },
  };
}

function describeStep(
  { started, finished }: Extract<TraceEntry, { readonly kind: 'step' }>,
  isRunning: boolean,
): Described {
  const code = started?.code ?? null;
  return finished
    ? describeFinished(finished, code)
    : {
        status: isRunning ? 'running' : 'error',
        summary: `Step ${started?.step ?? 0} ${isRunning ? 'runs' : 'has no end on record'}`,
        detail: { code },
      };
}

function describeFinished({ outcome, stop, step }: StepFinished, code: string | null): Described {
  const { error, interruption } = outcome;
  const failed = error !== null || interruption !== null;
  const what = error
    ? `${error.type}: ${error.message}`
    : interruption
      ? `interrupted (${interruption})`
      : `${toCounted(outcome.stdout.length, 'character')} printed, ${toCounted(outcome.changes.length, 'variable')} changed`;
  return {
    status: stop !== null ? 'stopped' : failed ? 'error' : 'ok',
    summary: `Step ${step}: ${what}${stop === null ? '' : `; reached ${stop}`}`,
    detail: {
      code,
      stdout: outcome.stdout,
      stderr: outcome.stderr,
      dropped_chars: countDropped(outcome),
      result: outcome.result,
      error: error && {
        type: error.type,
        message: cutJsonMarked(error.message, maxMessageJsonChars),
        line: error.line,
      },
      traceback: error?.traceback ?? null,
      updated_vars_summary: outcome.variables,
      variables_changed: toChangesView(outcome.changes),
      final_answer: outcome.finalAnswer,
      interrupted: interruption,
      state_lost: outcome.stateLost,
      ...(outcome.network && { network: toNetworkText(outcome.network) }),
      guardrail_stop: stop,
      duration_ms: Math.round(outcome.durationMs),
    },
    dropped: { ...outcome.dropped },
  };
}
