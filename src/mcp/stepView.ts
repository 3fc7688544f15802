// What a step's tools show: its result, or the prompts it waits for.

import * as z from 'zod';
import { toFence, toInline, toTable } from '../base/markdown';
import { type StepError, outputFields } from '../core/sandbox';
import { countDropped } from '../core/shownTexts';
import type { StepResult } from '../core/stepRun';
import type { Summary } from '../core/summary';
import type { InputRequired } from '../core/task/task';
import { countField, cutSchema, stopReasonField, usageSchema } from './fields';
import { cutJsonMarked, fitPayload } from './fit';
import { noPending, pendingFields, toPendingMarkdown, toPendingView } from './pendingView';
import { type ReplayView, replaySchema, toReplayText } from './replayView';
import { toUsageText, toUsageView } from './usageView';

/** What the longest message and traceback of a sandbox take as JSON, where every character is escaped. */
export const maxMessageJsonChars = 27_000;
const maxTracebackJsonChars = 52_000;

export const stepSchema = z.object({
  stdout: z.string(),
  stderr: z.string(),
  result: z.string().nullable().describe('Repr of a trailing expression.'),
  error: z
    .object({
      type: z.string(),
      message: z.string(),
      line: countField.nullable(),
      traceback: z.string(),
    })
    .nullable()
    .describe('What the code raised, or null. The session goes on.'),
  updated_vars_summary: z.array(z.string()).describe('Names of your variables, sorted.'),
  variables_changed: z.array(
    z.object({
      name: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      type: z.string(),
      size: countField.nullable(),
      preview: z.string(),
    }),
  ),
  step_index: countField.describe('1 for the first step.'),
  guardrail_stop: stopReasonField
    .nullable()
    .describe('Which guardrail this step reached; no further step runs then.'),
  final_answer: z.string().nullable().describe('What the code gave to FINAL, FINAL_VAR or SUBMIT.'),
  interrupted: z
    .enum(['timeout', 'cancelled'])
    .nullable()
    .describe('Why the step was cut short; its variables are kept.'),
  state_lost: z
    .boolean()
    .describe('The code did not let go in time: all variables but the contexts are gone.'),
  replay: replaySchema
    .nullable()
    .describe('Set when the session’s variables were gone and its record was run again first.'),
  ...pendingFields,
  usage: usageSchema,
  duration_ms: countField,
  truncated: z
    .boolean()
    .describe('Whether anything was left out: see cut, dropped_chars and abridged.'),
  abridged: z
    .array(z.enum(outputFields))
    .optional()
    .describe('Texts that show a large value in part, as they say ("… 4,900 more"): slice it.'),
  dropped_chars: countField.describe(
    'Of all output, beyond max_output_chars and kept nowhere: use a variable and rlm_get_var.',
  ),
  cut: cutSchema,
});

export type StepPayload = z.output<typeof stepSchema>;

export function toStepView(
  step: StepResult,
  { limits }: Summary,
  replay: ReplayView | null,
): StepPayload {
  const { outcome } = step;
  const { payload, cut } = fitPayload(
    {
      error: outcome.error && toErrorView(outcome.error),
      guardrail_stop: step.stop,
      interrupted: outcome.interruption,
      state_lost: outcome.stateLost,
      final_answer: outcome.finalAnswer,
      result: outcome.result,
      stdout: outcome.stdout,
      stderr: outcome.stderr,
      updated_vars_summary: [...outcome.variables],
      variables_changed: outcome.changes.map(({ name, change, type, size, preview }) => ({
        name,
        change,
        type,
        size,
        preview,
      })),
      replay,
      ...noPending,
      step_index: step.step,
      usage: toUsageView(step.usage, limits),
      duration_ms: Math.round(step.durationMs),
      dropped_chars: countDropped(outcome),
    },
    ['stdout', 'stderr', 'result', 'final_answer', 'updated_vars_summary', 'variables_changed'],
    { dropped: { ...outcome.dropped } },
  );
  const { abridged } = outcome;
  const truncated = cut.length > 0 || abridged.length > 0;
  const inPart = abridged.length > 0 ? { abridged: [...abridged] } : {};
  return toWeighed({ ...payload, truncated, ...inPart, cut });
}

/** What matters first, then what is long: some clients show only the beginning of a reply. */
function toWeighed(payload: StepPayload): StepPayload {
  const {
    final_answer,
    result,
    stdout,
    stderr,
    variables_changed,
    updated_vars_summary,
    ...first
  } = payload;
  return {
    ...first,
    final_answer,
    result,
    stdout,
    stderr,
    variables_changed,
    updated_vars_summary,
  };
}

/** A step that waits for its caller has no result yet. */
export function toWaitingView(
  report: InputRequired,
  { usage, limits }: Summary,
  replay: ReplayView | null,
): StepPayload {
  return {
    error: null,
    guardrail_stop: null,
    ...toPendingView(report),
    interrupted: null,
    state_lost: false,
    final_answer: null,
    result: null,
    stdout: '',
    stderr: '',
    updated_vars_summary: [],
    variables_changed: [],
    step_index: usage.steps + 1,
    replay,
    usage: toUsageView(usage, limits),
    duration_ms: 0,
    dropped_chars: 0,
  };
}

/** Its texts are those that the sandbox has cut; only what a broken worker made up is longer. */
function toErrorView({ type, message, line, traceback }: StepError): StepError {
  return {
    type,
    message: cutJsonMarked(message, maxMessageJsonChars),
    line,
    traceback: cutJsonMarked(traceback, maxTracebackJsonChars),
  };
}

export function toStepMarkdown(payload: StepPayload): string {
  if (payload.pending_prompts) {
    return toPendingMarkdown(payload);
  }
  const { error } = payload;
  const changed = payload.variables_changed.map((one) => [
    one.name,
    one.change,
    one.type,
    one.size === null ? '' : one.size.toLocaleString('en'),
    one.preview,
  ]);
  return [
    `## Step ${payload.step_index} (${payload.duration_ms} ms)`,
    ...toSection('stdout', payload.stdout),
    ...toSection('stderr', payload.stderr),
    ...toSection('result', payload.result ?? ''),
    ...(error
      ? [
          `**${toInline(error.type)}**${error.line === null ? '' : ` in line ${error.line}`}`,
          toFence(error.traceback || error.message),
        ]
      : []),
    ...(changed.length > 0
      ? toTable(['variable', 'change', 'type', 'size', 'preview'], changed)
      : []),
    ...toSection('final answer', payload.final_answer ?? ''),
    ...(payload.interrupted ? [`Interrupted: ${payload.interrupted}.`] : []),
    ...(payload.replay ? [toReplayText(payload.replay)] : []),
    ...(payload.state_lost ? ['All variables but the contexts are gone.'] : []),
    ...(payload.truncated ? [toTruncationText(payload)] : []),
    `${toUsageText(payload.usage)}.`,
    ...(payload.guardrail_stop
      ? [`Stopped by **${payload.guardrail_stop}**: finish with rlm_finalize.`]
      : []),
  ].join('\n\n');
}

function toSection(title: string, text: string): string[] {
  return text === '' ? [] : [`**${title}**`, toFence(text)];
}

function toTruncationText(payload: StepPayload): string {
  const cuts = [
    ...payload.cut.map(({ field, shown, total }) => `${field}: ${shown} of ${total}`),
    ...(payload.abridged ?? []).map((field) => `${field}: a value in part`),
  ];
  if (payload.cut.length === 0) {
    return `${cuts.join('; ')}: print the items you need.`;
  }
  const tail =
    payload.dropped_chars > 0
      ? `What goes beyond max_output_chars (${payload.dropped_chars} characters) is kept nowhere: put long values into a variable and page it with rlm_get_var.`
      : 'rlm_get_trace has the rest: page it with limit 1 and text_offset.';
  return `Cut: ${cuts.join('; ')}. ${tail}`;
}
