// What a step's tools show: its result, or the prompts it waits for. The structured result has all that the
// contract lists; the text only what its reader does not know yet.

import { cutText } from '../base/text';
import { toNetworkText } from '../core/networkRecord';
import type { StepError } from '../core/sandbox';
import { toSearchHint } from '../core/searchHint';
import { countDropped } from '../core/shownTexts';
import type { StepEnding, StepResult } from '../core/stepRun';
import type { Summary } from '../core/summary';
import type { InputRequired } from '../core/task/task';
import { withoutEmpty } from './brief';
import { CodeNames } from './codeNames';
import { cutJsonMarked, fitPayload } from './fit';
import { toBriefPending, toPendingView } from './pendingView';
import { type ReplayView, toBriefReplay } from './replayView';
import { isLiteral, isNamedByCode, isPrinted } from './shownByCode';
import { type StepPayload, toChangesView } from './stepFields';
import { Shown } from './tool';
import { toLimitsView, toShortUsageView, toUsageView } from './usageView';

/** What the longest message and traceback of a sandbox take as JSON, where every character is escaped. */
export const maxMessageJsonChars = 27_000;
const maxTracebackJsonChars = 52_000;
/** Of a variable's preview in the text. */
const briefPreviewChars = 100;
/** A shorter step's time is of no use to its reader. */
const notableMs = 2_000;

/** In the contract, so that they are there whatever they say. */
const listedFields = [
  ...(['error', 'guardrail_stop', 'pending_prompts', 'final_answer', 'result'] as const),
  ...(['stdout', 'stderr'] as const),
  ...([
    'variables_changed',
    'updated_vars_summary',
    'step_index',
    'duration_ms',
    'truncated',
  ] as const),
];

type Told = Pick<Summary, 'limits' | 'verbosity'> & Partial<Pick<Summary, 'language' | 'contexts'>>;

export function toStepReply(
  step: StepResult,
  summary: Told,
  replay: ReplayView | null,
): Shown<StepPayload> {
  const verbosity = summary.verbosity ?? 'normal';
  const whole = toStepPayload(step, summary, replay);
  if (verbosity === 'full') {
    return new Shown(whole, whole);
  }
  const { limits } = summary;
  const usage = toShortUsageView({ ...step, limits });
  const brief = toBrief({ ...whole, usage }, step);
  return verbosity === 'terse'
    ? new Shown(toTerse(brief), toTerse(brief))
    : new Shown(withoutEmpty({ ...toKnown(whole, step), usage }, toKept(whole)), brief);
}

/** A step that waits for its caller has no result yet. */
export function toWaitingReply(
  report: InputRequired,
  summary: Told & Pick<Summary, 'usage' | 'shared'>,
  replay: ReplayView | null,
): Shown<StepPayload> {
  const usage = toShortUsageView(summary);
  const payload: StepPayload = {
    error: null,
    guardrail_stop: null,
    ...toPendingView(report),
    final_answer: null,
    result: null,
    step_index: summary.usage.steps + 1,
    replay,
    ...(replay && { config: { ...toLimitsView(summary.limits) } }),
    usage,
  };
  const brief = withoutEmpty<StepPayload>(
    {
      ...payload,
      pending_prompts: toBriefPending(payload.pending_prompts),
      replay: toBriefReplay(replay),
      usage: toBriefUsage(usage),
    },
    ['step_index'],
  );
  const whole = withoutEmpty(payload, [
    'error',
    'guardrail_stop',
    'pending_prompts',
    'final_answer',
    'result',
    'step_index',
  ]);
  return summary.verbosity === 'full'
    ? new Shown(whole, whole)
    : new Shown(summary.verbosity === 'terse' ? brief : whole, brief);
}

function toStepPayload(step: StepResult, summary: Told, replay: ReplayView | null): StepPayload {
  const { outcome } = step;
  const { payload, cut } = fitPayload(
    {
      error: outcome.error && toErrorView(outcome.error),
      guardrail_stop: step.stop,
      ...toEndingView(step.ending),
      pending_prompts: null,
      interrupted: outcome.interruption,
      state_lost: outcome.stateLost,
      ...(outcome.network && { network: toNetworkText(outcome.network) }),
      ...(step.promptsReplaced ? { prompts_replaced: step.promptsReplaced } : {}),
      final_answer: outcome.finalAnswer,
      result: outcome.result,
      stdout: outcome.stdout,
      stderr: outcome.stderr,
      variables_changed: toChangesView(outcome.changes),
      updated_vars_summary: [...outcome.variables],
      step_index: step.step,
      replay,
      ...(replay && { config: { ...toLimitsView(summary.limits) } }),
      usage: toUsageView({ ...step, limits: summary.limits }),
      duration_ms: Math.round(step.durationMs),
      dropped_chars: countDropped(outcome),
    },
    ['stdout', 'stderr', 'result', 'final_answer', 'updated_vars_summary', 'variables_changed'],
    { dropped: { ...outcome.dropped } },
  );
  const { abridged } = outcome;
  const truncated = cut.length > 0 || abridged.length > 0;
  const hint = toHint(step, summary);
  return toWeighed({ ...payload, ...(hint && { hint }), truncated, abridged: [...abridged], cut });
}

function toHint(
  { code, durationMs }: StepResult,
  { language, contexts = [] }: Told,
): string | null {
  const contextChars = contexts.reduce((sum, { totalChars }) => sum + totalChars, 0);
  return language ? toSearchHint({ code, language, durationMs, contextChars }) : null;
}

/** What matters first, then what is long: some clients show only the beginning of a reply. */
function toWeighed(payload: StepPayload): StepPayload {
  const { stdout, stderr, variables_changed, updated_vars_summary, ...first } = payload;
  const { step_index, replay, config, usage, duration_ms, final_answer, result, ...flags } = first;
  const short = { step_index, duration_ms, usage, replay, config };
  const long = { stdout, stderr, variables_changed, updated_vars_summary };
  return { ...flags, final_answer, result, ...short, ...long };
}

function toEndingView(
  ending: StepEnding | undefined,
): Pick<StepPayload, 'finish_reason' | 'not_finalized'> {
  switch (ending?.kind) {
    case undefined:
      return {};
    case 'finalized':
      return { finish_reason: ending.finishReason };
    case 'open':
      return { not_finalized: ending.reason };
  }
}

/** Of an interrupted step it matters that its variables are still there. */
function toKept({ interrupted }: StepPayload): readonly (keyof StepPayload)[] {
  return interrupted ? [...listedFields, 'state_lost'] : listedFields;
}

/** Without variables that the step's code names by importing, defining, looping or deleting. */
function toKnown(whole: StepPayload, { code, outcome }: StepResult): StepPayload {
  const names = new CodeNames(code);
  const changes = whole.variables_changed?.filter((_, index) => {
    const change = outcome.changes[index];
    return !change || !isNamedByCode(change, names);
  });
  return { ...whole, ...(changes && { variables_changed: changes }) };
}

/** What the reader of the step's code does not know yet. */
function toBrief(whole: StepPayload, { code, outcome }: StepResult): StepPayload {
  const names = new CodeNames(code);
  const changes: NonNullable<StepPayload['variables_changed']> = outcome.changes
    .slice(0, whole.variables_changed?.length)
    .filter((change) => !isNamedByCode(change, names) && !isLiteral(change, names))
    .map(({ name, change, type, size, preview }) => ({
      name,
      change,
      type,
      ...(size !== null && { size }),
      ...(!isPrinted({ name, preview }, names, outcome) && { preview: toBriefPreview(preview) }),
    }));
  return withoutEmpty<StepPayload>(
    {
      ...whole,
      error: toBriefError(whole.error ?? null),
      variables_changed: whole.finish_reason ? [] : changes, // no step can use them any more
      updated_vars_summary: whole.replay ? whole.updated_vars_summary : [],
      replay: toBriefReplay(whole.replay),
      usage: toBriefUsage(whole.usage),
      duration_ms: (whole.duration_ms ?? 0) < notableMs ? 0 : whole.duration_ms,
    },
    whole.final_answer === '' ? ['step_index', 'final_answer'] : ['step_index'],
  );
}

/** Names and types are enough; what the code printed is all that it wanted to see. */
function toTerse({ variables_changed: changes = [], ...brief }: StepPayload): StepPayload {
  const named = changes.map(({ name, change, type }) => ({ name, change, type }));
  return { ...brief, ...withoutEmpty({ variables_changed: named }) };
}

/** A traceback ends with the message. */
function toBriefError(error: StepPayload['error']): StepPayload['error'] {
  if (!error?.traceback) {
    return error;
  }
  const { message = '', ...rest } = error;
  return error.traceback.includes(message) ? rest : error;
}

function toBriefPreview(preview: string): string {
  const cut = cutText(preview, briefPreviewChars);
  return cut.truncated ? `${cut.text}…` : preview;
}

/** Only what runs short. */
function toBriefUsage(usage: StepPayload['usage']): StepPayload['usage'] {
  return usage?.remaining ? usage : undefined;
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
