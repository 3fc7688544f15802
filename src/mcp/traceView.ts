// The projection of a trace's entries that rlm_get_trace and the trace resource show. Pure.

import { cutMarked, toOneLine } from '../base/text';
import type { TraceEvent } from '../core/event';
import type { Limits } from '../core/limits';
import type { TraceAction } from '../core/traceActions';
import { withoutEmpty } from './brief';
import type { toContextView } from './contextView';
import { type FitOptions, fitPayload } from './fit';
import { type TraceEntry, toAction } from './traceEntries';
import { type Described, type ResultStatus, describeEntry } from './traceWords';
import { type UsageView, toShortUsageView, toUsageView } from './usageView';

export interface TraceEntryView {
  readonly ts: string;
  readonly step_index: number;
  readonly action: TraceAction;
  readonly result_status: ResultStatus;
  readonly summary: string;
  readonly request_id?: string | undefined;
  readonly user?: string | undefined;
  readonly guardrail_snapshot: UsageView;
  readonly detail: Record<string, unknown>;
}

/** How an entry is shown. */
export interface TraceViewOptions {
  readonly sessionId: string;
  readonly limits: Limits;
  /** The step without an end, if it is the last of the trace, runs now. */
  readonly isRunning: boolean;
  readonly detail: TraceDetail;
}

/**
 * `full`: `detail` takes about `maxChars` as JSON; where it is cut, `detail.cut` says what and how much. Its texts
 * begin at `textOffset`, in UTF-16 units: one page of them after another shows all of them.
 */
export type TraceDetail =
  | { readonly kind: 'summary' }
  | { readonly kind: 'full'; readonly maxChars: number; readonly textOffset: number };

const summaryChars = 160;

export function toTraceEntryView(entry: TraceEntry, options: TraceViewOptions): TraceEntryView {
  const { sessionId, limits, detail: wanted } = options;
  const last = toLastEvent(entry);
  const { status = 'ok', summary, detail, dropped = {} } = describeEntry(entry, options);
  const isSummary = wanted.kind === 'summary';
  return {
    ts: new Date(last.at).toISOString(),
    step_index: last.step,
    action: toAction(entry, sessionId),
    result_status: status,
    summary: toOneLine(summary, summaryChars),
    ...(last.requestId !== undefined && { request_id: last.requestId }),
    ...(last.user !== undefined && { user: last.user }),
    guardrail_snapshot: isSummary
      ? toShortUsageView({ ...last, limits })
      : toUsageView({ ...last, limits }),
    detail: isSummary
      ? toBriefDetail(detail)
      : fitDetail(detail, { maxChars: wanted.maxChars, dropped }, wanted.textOffset),
  };
}

function toLastEvent(entry: TraceEntry): TraceEvent {
  switch (entry.kind) {
    case 'opened':
      return entry.loaded ?? entry.opened;
    case 'step': {
      const { started, finished } = entry;
      const event = finished ?? started;
      if (!event) {
        throw new Error('A step has neither its start nor its end.');
      }
      return event;
    }
    case 'other':
      return entry.event;
  }
}

/** Of texts in a summary; what is not named here is left to `full`. */
const briefTextChars: Readonly<Record<string, number>> = {
  code: 600,
  stdout: 400,
  stderr: 200,
  result: 300,
  final_answer: 500,
  task: 300,
  prompt: 300,
  command: 400,
  answer: 300,
};
const briefFields: readonly string[] = [
  ...['title', 'language', 'parent_session_id', 'source_step', 'paths', 'context'],
  ...['error', 'guardrail_stop', 'interrupted', 'state_lost', 'network'],
  ...['dropped_chars', 'abridged'],
  ...['model', 'child_session_id', 'max_iterations', 'iterations', 'finish_reason'],
  ...['cause', 'reason', 'final_var_name', 'source_session_id', 'through_step', 'steps_run'],
  ...['difference_count', 'duration_ms', 'replaced_surrogates'],
  ...['side', 'path', 'source_path', 'bytes', 'sha256', 'replaced', 'exit_code', 'ended_by'],
];

function toBriefDetail(detail: Described['detail']): Record<string, unknown> {
  const brief = Object.entries(detail).flatMap(([name, value]) => {
    const maxChars = briefTextChars[name];
    if (maxChars !== undefined) {
      return [[name, typeof value === 'string' ? cutMarked(value, maxChars) : value] as const];
    }
    return briefFields.includes(name) ? [[name, value] as const] : [];
  });
  const { context, ...rest } = Object.fromEntries(brief);
  return withoutEmpty({ ...rest, ...(isContext(context) && { context: toBriefSizes(context) }) });
}

type ContextView = ReturnType<typeof toContextView>;

function isContext(value: unknown): value is ContextView {
  return typeof value === 'object' && value !== null && 'total_chars' in value;
}

function toBriefSizes({ variable, total_chars, total_lines, source_count }: ContextView) {
  return { variable, total_chars, total_lines, source_count };
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
export function toTraceText(entries: readonly TraceEntryView[], maxChars: number): string {
  const lines = entries.map(
    (entry) =>
      `${entry.ts} step ${entry.step_index} ${entry.action} ${entry.result_status}: ${entry.summary}`,
  );
  return cutMarked(lines.join('\n'), maxChars);
}
