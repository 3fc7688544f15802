// rlm_run_repl: runs one step of code in a session.

import * as z from 'zod';
import { cutText } from '../../base/text';
import type { StepError } from '../../core/sandbox';
import type { Session, StepResult } from '../../core/session';
import { countField, cutSchema, sessionIdField, stopReasonField, usageSchema } from '../fields';
import { fitPayload } from '../fit';
import { toCodeBlock, toInlineCode, toTable } from '../markdownText';
import { replaySchema, resumeSession, toReplayText } from '../replayView';
import { defineTool } from '../tool';
import { toUsageText, toUsageView } from '../usageView';

const maxCodeChars = 50_000;
/** So that an error always fits beside the rest. */
const maxErrorChars = 2_000;
const maxTracebackChars = 6_000;

const input = z.strictObject({
  session_id: sessionIdField,
  code: z
    .string()
    .min(1)
    .max(maxCodeChars)
    .describe(
      'Code in the session’s language. Variables stay from step to step; the value of a trailing ' +
        'expression is returned as result.',
    ),
  timeout_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .optional()
    .describe('Shortens the session’s step_timeout_ms (default 30,000) for this step.'),
});

const output = z.object({
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
  usage: usageSchema,
  duration_ms: countField,
  truncated: z.boolean().describe('Whether anything was left out: see dropped_chars and cut.'),
  dropped_chars: countField.describe('Characters of output beyond max_output_chars.'),
  cut: cutSchema,
});

export const runRepl = defineTool({
  name: 'rlm_run_repl',
  alias: 'run_repl',
  title: 'Run code in a session',
  description:
    'Runs one step of code in the REPL of a session from rlm_init_context; the text is in the variable ' +
    '`context`. Use it to look before you read: measure, slice, grep, search, count, and keep what you ' +
    'find in variables. Print little: every character of code and output counts against budget_limit, ' +
    'every call against max_steps, and a long print is cut. Code that raises is a normal result with ' +
    '`error` set. No network, no files, no processes. When guardrail_stop is set no further step runs: ' +
    'go to rlm_finalize. Next: another step, rlm_get_var to page a long variable, or rlm_finalize with ' +
    'the answer.',
  input,
  output,
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
  async run({ engine, signal, progress }, args) {
    const { session, replay } = await resumeSession({ engine, signal, progress }, args.session_id);
    const heartbeat = progress.startHeartbeat((elapsedMs) => toBeatText(session, elapsedMs));
    try {
      const step = await session.runStep(
        {
          code: args.code,
          ...(args.timeout_ms === undefined ? {} : { timeoutMs: args.timeout_ms }),
        },
        signal,
      );
      return { ...toFittedResult(step, session), replay };
    } finally {
      heartbeat.dispose();
    }
  },
  toMarkdown: toStepMarkdown,
});

type StepPayload = z.output<typeof output>;

function toFittedResult(step: StepResult, session: Session): Omit<StepPayload, 'replay'> {
  const { outcome } = step;
  const { payload, cut } = fitPayload(
    {
      stdout: outcome.stdout,
      stderr: outcome.stderr,
      result: outcome.result,
      error: outcome.error && toErrorView(outcome.error),
      updated_vars_summary: [...outcome.variables],
      variables_changed: outcome.changes.map(({ name, change, type, size, preview }) => ({
        name,
        change,
        type,
        size,
        preview,
      })),
      step_index: step.step,
      guardrail_stop: step.stop,
      final_answer: outcome.finalAnswer,
      interrupted: outcome.interruption,
      state_lost: outcome.stateLost,
      usage: toUsageView(step.usage, session.seed.limits),
      duration_ms: Math.round(step.durationMs),
      dropped_chars: outcome.droppedChars,
    },
    ['stdout', 'stderr', 'result', 'final_answer', 'updated_vars_summary', 'variables_changed'],
  );
  return { ...payload, truncated: cut.length > 0 || outcome.droppedChars > 0, cut };
}

function toErrorView(error: StepError): StepError {
  return {
    type: error.type,
    message: cutText(error.message, maxErrorChars).text,
    line: error.line,
    traceback: cutText(error.traceback, maxTracebackChars).text,
  };
}

function toBeatText(session: Session, elapsedMs: number): string {
  const { running, usage } = session.summary;
  const seconds = Math.floor(elapsedMs / 1_000);
  return `step ${usage.steps + 1} ${running ? 'running' : 'waiting'}, ${seconds} s`;
}

function toStepMarkdown(payload: StepPayload): string {
  const { error } = payload;
  const changed = payload.variables_changed.map((one) => [
    toInlineCode(one.name),
    one.change,
    one.type,
    one.size === null ? '' : one.size.toLocaleString('en'),
    toInlineCode(one.preview),
  ]);
  return [
    `## Step ${payload.step_index} (${payload.duration_ms} ms)`,
    ...toSection('stdout', payload.stdout),
    ...toSection('stderr', payload.stderr),
    ...toSection('result', payload.result ?? ''),
    ...(error
      ? [
          `**${error.type}**${error.line === null ? '' : ` in line ${error.line}`}`,
          toCodeBlock(error.traceback || error.message),
        ]
      : []),
    ...(changed.length > 0
      ? [toTable(['variable', 'change', 'type', 'size', 'preview'], changed)]
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
  return text === '' ? [] : [`**${title}**`, toCodeBlock(text)];
}

function toTruncationText(payload: StepPayload): string {
  const dropped =
    payload.dropped_chars > 0 ? [`${payload.dropped_chars} characters of output dropped`] : [];
  const cuts = payload.cut.map(({ field, shown, total }) => `${field}: ${shown} of ${total}`);
  return `Cut: ${[...dropped, ...cuts].join('; ')}. Keep long values in a variable and page it with rlm_get_var.`;
}
