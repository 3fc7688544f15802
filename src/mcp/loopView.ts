// A run's result, or how far it is, in the words of the wire and of Markdown.

import type * as z from 'zod';
import { toFence, toInline, toInlineCode, toTable } from '../base/markdown';
import { cutMarked, cutText, toCounted } from '../base/text';
import type { Verbosity } from '../core/event';
import type { LoopResult, LoopSubtask } from '../core/loop';
import type { Standing } from '../core/sharedLimits';
import type { InputRequired, UnfinishedReport } from '../core/task/task';
import { withoutEmpty } from './brief';
import { fitPayload } from './fit';
import type { loopResultFields, programFields, runSchema, subtaskFields } from './loopFields';
import { isPending, toBriefPending, toPendingMarkdown, toPendingView } from './pendingView';
import { Shown } from './tool';
import { type UsageView, toRemainingText, toShortUsageView, toUsageView } from './usageView';

type FieldsOf<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;
type LoopView = FieldsOf<typeof loopResultFields>;
type ProgramView = FieldsOf<typeof programFields>;
type SubtasksView = FieldsOf<typeof subtaskFields>;
export type RunView = z.output<typeof runSchema>;

/** How a call to a run ended: with its result, or with the run going on, perhaps after answers. */
export type LoopOutcome = { readonly verbosity: Verbosity } & (
  { readonly status: 'completed'; readonly result: LoopResult } | (UnfinishedReport & LoopStanding)
);

interface LoopStanding extends Standing {
  readonly sessionId: string;
  readonly iterations: number;
  readonly warnings: readonly string[];
}

const waitingNote =
  'The run waits for you, as no model is set up: reply to each prompt with rlm_answer and this session_id.';
const shownNote =
  'The run waits for prompts that you were shown before: rlm_answer with no answers shows them again.';
const loopNote =
  'Where purpose is loop you are the model that writes the code of the run: do as the prompt says. Where it is ' +
  'sub_call reply with the answer alone.';
/** Of all subtasks' answers together; the rest of the reply needs the other half. */
const subtaskAnswerChars = 50_000;
const subtaskErrorChars = 500;

/** `more`: what a kind of work shows besides, which shares the room. */
export function toLoopView<More extends object>(
  outcome: LoopOutcome,
  more: More,
): Shown<LoopView & More> {
  if (outcome.status !== 'completed') {
    return toShown({ ...toUnfinishedView(outcome), ...more }, outcome.verbosity);
  }
  const { result, verbosity } = outcome;
  const { payload, cut } = fitPayload({ ...toFinishedView(result, verbosity), ...more }, [
    'answer',
    ...(Object.keys(more) as (keyof More & string)[]), // the keys just spread
  ]);
  return toShown({ ...payload, truncated: cut.length > 0, cut }, verbosity);
}

function toShown<View extends LoopView & ProgramView & SubtasksView>(
  view: View,
  verbosity: Verbosity,
): Shown<View> {
  if (verbosity === 'full') {
    return new Shown(view, view);
  }
  const always = ['session_id', 'answer', 'iterations', 'finish_reason'] as const;
  const whole = withoutEmpty(view, [...always, 'pending_prompts', 'usage', 'truncated']);
  const isOver = view.status === 'finished';
  const short = {
    ...whole,
    pending_prompts: toBriefPending(whole.pending_prompts),
    usage: isOver || whole.usage?.remaining ? whole.usage : undefined,
  };
  const brief = withoutEmpty(short, ['iterations']);
  if (verbosity === 'normal') {
    return new Shown(whole, brief);
  }
  const terse = { ...short, ...toTerse(view) };
  return new Shown(withoutEmpty(terse, always), withoutEmpty(terse, ['iterations']));
}

/** The answer without what it cost and what it was made from. */
function toTerse({
  usage,
  tests,
  subtasks,
}: LoopView & ProgramView & SubtasksView): Partial<LoopView & ProgramView & SubtasksView> {
  return {
    usage: usage?.remaining ? usage : undefined,
    ...(tests && { tests: tests.map(({ name, passed, error }) => ({ name, passed, error })) }),
    ...(subtasks && {
      subtasks: subtasks.map(({ title, session_id, error, finish_reason }) => ({
        title,
        session_id,
        error,
        finish_reason,
      })),
    }),
  };
}

/** Of a run of any kind. */
export function toRunView(outcome: LoopOutcome): Shown<RunView> {
  return toLoopView(outcome, { ...toProgramView(outcome), ...toSubtasksView(outcome) });
}

function toUnfinishedView(
  outcome: Exclude<LoopOutcome, { readonly status: 'completed' }>,
): LoopView {
  const isWaiting = outcome.status === 'input_required';
  return {
    status: isWaiting ? 'waiting' : 'running',
    finish_reason: null,
    note: isWaiting
      ? toWaitingNote(outcome)
      : 'The run goes on: call rlm_wait with this session_id.',
    warnings: [...outcome.warnings],
    session_id: outcome.sessionId,
    answer: null,
    iterations: outcome.iterations,
    usage: toUsage(outcome, outcome.verbosity),
    ...(isWaiting ? toPendingView(outcome) : { pending_prompts: null, truncated: false }),
  };
}

/** Who has been shown a conversation's beginning knows what to do. */
function toWaitingNote({ prompts }: InputRequired): string {
  if (prompts.length === 0) {
    return shownNote;
  }
  const isNew = prompts.some(({ purpose, follows }) => purpose === 'loop' && follows === null);
  return isNew ? `${waitingNote} ${loopNote}` : 'Reply with rlm_answer.';
}

/** What matters first, then what is long: some clients show only the beginning of a reply. */
function toFinishedView(result: LoopResult, verbosity: Verbosity): LoopView {
  return {
    status: 'finished',
    finish_reason: result.finishReason,
    note: toNote(result),
    warnings: [...result.warnings],
    session_id: result.sessionId,
    truncated: false,
    cut: [],
    answer: result.answer,
    iterations: result.iterations,
    usage: toUsage(result, verbosity),
    pending_prompts: null,
  };
}

function toUsage(standing: Standing, verbosity: Verbosity): UsageView {
  return verbosity === 'full' ? toUsageView(standing) : toShortUsageView(standing);
}

const heads = { finished: 'Answer', running: 'Still running', waiting: 'Waiting for you' } as const;

export function toLoopMarkdown(view: LoopView): string {
  const { note, warnings = [], answer, finish_reason: reason } = view;
  return [
    `## ${heads[view.status]}`,
    ...(note ? [`**Note:** ${note}`] : []),
    ...warnings.map((warning) => `**Warning:** ${toInline(warning)}`),
    ...(typeof answer === 'string' ? [toFence(answer)] : []),
    ...(isPending(view) ? [toPendingMarkdown(view)] : []),
    `Session ${toInlineCode(view.session_id)}: ${toCounted(view.iterations, 'iteration')}${reason ? `, ended by ${reason}` : ''}. ${toRemainingText(view.usage ?? {})}`.trim(),
  ].join('\n\n');
}

/** Of a run of any kind. */
export function toRunMarkdown(view: RunView): string {
  return toLoopMarkdown(view) + toProgramMarkdown(view) + toSubtasksMarkdown(view);
}

export function toProgramMarkdown({ code, tests }: ProgramView): string {
  if (typeof code !== 'string') {
    return '';
  }
  const rows = (tests ?? []).map(({ name, passed, error }) => [
    name,
    passed ? 'passed' : `failed: ${error ?? ''}`,
  ]);
  return ['', toFence(code), ...toTable(['test', 'result'], rows)].join('\n\n');
}

export function toSubtasksMarkdown({ subtasks }: SubtasksView): string {
  return (subtasks ?? [])
    .map(({ title, session_id: sessionId, answer, error }) => {
      const head = `\n\n### ${toInline(title)}`;
      if (error !== null) {
        return `${head}\n\n${toInline(`failed: ${error}`)}`;
      }
      return `${head}\n\n${typeof answer === 'string' ? toFence(answer) : `Session ${toInlineCode(sessionId ?? '')}`}`;
    })
    .join('');
}

/** What a reader of the answer must not miss; null: nothing. */
function toNote({ answer, finishReason, subtasks = [] }: LoopResult): string | null {
  if (finishReason === 'submitted') {
    return toPartsNote(subtasks);
  }
  if (finishReason === 'max_iterations') {
    return answer === null
      ? 'max_iterations was reached and no answer could be drawn from the variables. Look at them with rlm_get_var, or run again with more iterations.'
      : 'No iteration handed in an answer: this one was drawn from what the variables held when max_iterations was reached. Check it, or run again with more iterations.';
  }
  return `The guardrail ${finishReason} ended the run before there was an answer. rlm_get_var reads what the variables hold; rlm_fork goes on from there with a larger config.`;
}

/** An answer that was put together may lack what some parts were to give. */
function toPartsNote(subtasks: readonly LoopSubtask[]): string | null {
  const failed = subtasks.filter(({ answer }) => answer === null).length;
  const drawn = subtasks.filter(
    ({ answer, finishReason }) => answer !== null && finishReason === 'max_iterations',
  ).length;
  const lacks = [
    failed > 0 && `${failed} gave no answer`,
    drawn > 0 &&
      `${drawn} did not finish: what there is of them was drawn from their variables at max_iterations`,
  ].filter((lack) => lack !== false);
  return lacks.length === 0
    ? null
    : `The answer may lack something: of ${toCounted(subtasks.length, 'part')} ${lacks.join(', and ')}. subtasks says which.`;
}

export function toProgramView(outcome: LoopOutcome): ProgramView {
  const program = outcome.status === 'completed' ? outcome.result.program : undefined;
  const tests = program?.tests.map(({ name, code, error }) => ({
    name,
    code,
    passed: error === null,
    error,
  }));
  return { code: program?.code ?? null, tests: tests ?? null };
}

export function toSubtasksView(outcome: LoopOutcome): SubtasksView {
  const subtasks = outcome.status === 'completed' ? outcome.result.subtasks : undefined;
  const share = Math.floor(subtaskAnswerChars / Math.max(1, subtasks?.length ?? 0));
  const views = subtasks?.map(({ title, sessionId, answer, error, finishReason }) => {
    const cut = cutText(answer ?? '', share);
    return {
      title,
      session_id: sessionId,
      answer: answer === null ? null : cutMarked(answer, share),
      error: error === null ? null : cutMarked(error, subtaskErrorChars),
      finish_reason: finishReason,
      truncated: cut.truncated,
    };
  });
  return { subtasks: views ?? null };
}
