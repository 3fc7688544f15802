// The projection of trace events that rlm_get_trace and the trace resource show. Pure.

import { cutMarked, toOneLine } from '../base/text';
import type { LoopFinished, StepFinished, TraceEvent } from '../core/event';
import type { Limits } from '../core/limits';
import { countDropped } from '../core/shownTexts';
import { describeStop } from '../core/sessionErrors';
import { toContextView } from './contextView';
import { cutJsonMarked, type FitOptions, fitPayload } from './fit';
import { maxMessageJsonChars } from './stepView';
import { type UsageView, toLimitsView, toUsageView } from './usageView';

export interface TraceEventView {
  readonly ts: string;
  readonly step_index: number;
  /** The event's kind, such as `step.finished`. */
  readonly action: string;
  readonly result_status: 'ok' | 'error' | 'stopped';
  readonly summary: string;
  readonly request_id?: string | undefined;
  readonly guardrail_snapshot: UsageView;
  readonly detail: Record<string, unknown>;
}

interface Described {
  readonly status?: TraceEventView['result_status'];
  readonly summary: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Characters of a text that were not recorded, by field. */
  readonly dropped?: Readonly<Record<string, number>>;
}

const summaryChars = 160;

/**
 * `detail` takes about `maxDetailChars` as JSON; where it is cut, `detail.cut` says what and how much. Its texts
 * begin at `textOffset`, in UTF-16 units: one page of them after another shows all of them.
 */
export function toTraceEventView(
  event: TraceEvent,
  limits: Limits,
  maxDetailChars: number,
  textOffset = 0,
): TraceEventView {
  const { status, summary, detail, dropped = {} } = describeEvent(event, limits);
  return {
    ts: new Date(event.at).toISOString(),
    step_index: event.step,
    action: event.kind,
    result_status: status ?? 'ok',
    summary: toOneLine(summary, summaryChars),
    ...(event.requestId !== undefined && { request_id: event.requestId }),
    guardrail_snapshot: toUsageView(event.usage, limits),
    detail: fitDetail(detail, { maxChars: maxDetailChars, dropped }, textOffset),
  };
}

function describeEvent(event: TraceEvent, limits: Limits): Described {
  switch (event.kind) {
    case 'session.opened':
      return {
        summary: `Opened "${event.title}" (${event.language})`,
        detail: {
          session_id: event.sessionId,
          title: event.title,
          language: event.language,
          config: toLimitsView(event.limits),
          parent_session_id: event.parentSessionId,
          source_step: event.sourceStep,
          depth: event.depth,
          engine_id: event.engineId,
          version: event.version,
        },
      };
    case 'context.loaded':
      return {
        summary: `Loaded ${event.context.totalChars.toLocaleString('en')} characters from ${event.context.sourceCount} source(s) into ${event.context.variable}`,
        detail: {
          has_text: event.given.hasText,
          paths: event.given.paths,
          context: toContextView(event.context),
        },
      };
    case 'step.started':
      return { summary: `Started: ${event.code}`, detail: { code: event.code } };
    case 'step.finished':
      return describeStep(event);
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
        summary: `Ended after ${event.iterations} iteration(s): ${event.error ?? event.finishReason}`,
        detail: {
          finish_reason: event.finishReason,
          iterations: event.iterations,
          error: event.error,
        },
      };
    case 'session.stopped':
      return {
        status: 'stopped',
        summary: `Stopped by ${describeStop(event.cause, { limits, usage: event.usage })}`,
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
        summary: `Replayed ${event.stepsRun} step(s) of ${event.sourceSessionId}, ${event.differenceCount} difference(s)`,
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
    case 'session.closed':
      return { summary: `Closed: ${event.reason}`, detail: { reason: event.reason } };
  }
}

function toLoopStatus(reason: LoopFinished['finishReason']): TraceEventView['result_status'] {
  if (reason === 'submitted' || reason === 'max_iterations') {
    return 'ok';
  }
  return reason === 'failed' ? 'error' : 'stopped';
}

function describeStep({ outcome, stop, step }: StepFinished): Described {
  const { error, interruption } = outcome;
  const failed = error !== null || interruption !== null;
  const what = error
    ? `${error.type}: ${error.message}`
    : interruption
      ? `interrupted (${interruption})`
      : `${outcome.stdout.length} characters printed, ${outcome.changes.length} variables changed`;
  return {
    status: stop !== null ? 'stopped' : failed ? 'error' : 'ok',
    summary: `Step ${step}: ${what}${stop === null ? '' : `; reached ${stop}`}`,
    detail: {
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
      variables_changed: outcome.changes.map(({ name, change, type, size, preview }) => ({
        name,
        change,
        type,
        size,
        preview,
      })),
      final_answer: outcome.finalAnswer,
      interrupted: interruption,
      state_lost: outcome.stateLost,
      guardrail_stop: stop,
      duration_ms: Math.round(outcome.durationMs),
    },
    dropped: { ...outcome.dropped },
  };
}

/** Large texts and lists share the space equally; `cut` names what was shortened, and up to where a text was shown. */
function fitDetail(
  detail: Described['detail'],
  options: FitOptions,
  textOffset: number,
): Record<string, unknown> {
  const names = Object.keys(detail);
  const texts = new Set(names.filter((name) => typeof detail[name] === 'string'));
  const lists = names.filter((name) => Array.isArray(detail[name]));
  const from = textOffset > 0 ? toTextsFrom(detail, textOffset) : detail;
  const { payload, cut } = fitPayload(from, [...texts, ...lists], options);
  const whole = cut.map(({ field, shown, total }) =>
    texts.has(field)
      ? { field, shown: textOffset + shown, total: textOffset + total }
      : { field, shown, total },
  );
  return {
    ...payload,
    ...(textOffset > 0 && { text_offset: textOffset }),
    ...(whole.length > 0 && { truncated: true, cut: whole }),
  };
}

/** Lists were in the page before. */
function toTextsFrom(detail: Described['detail'], offset: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(detail)
      .filter(([, value]) => !Array.isArray(value))
      .map(([name, value]) => [name, typeof value === 'string' ? value.slice(offset) : value]),
  );
}

/** A trace as lines for a reader, at most `maxChars` characters. */
export function toTraceText(events: readonly TraceEventView[], maxChars: number): string {
  const lines = events.map(
    (event) =>
      `${event.ts} step ${event.step_index} ${event.action} ${event.result_status}: ${event.summary}`,
  );
  return cutMarked(lines.join('\n'), maxChars);
}
