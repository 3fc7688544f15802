// A step's result, or the prompts it waits for, as Markdown.

import { toFence, toInline, toTable } from '../base/markdown';
import { isPending, toPendingMarkdown } from './pendingView';
import { toReplayText } from './replayView';
import type { StepPayload } from './stepFields';
import { toRemainingText } from './usageView';

export function toStepMarkdown(payload: StepPayload): string {
  if (isPending(payload)) {
    return [toPendingMarkdown(payload), ...toTakenUp(payload)].join('\n\n');
  }
  const { error, guardrail_stop: stop, finish_reason: reason, not_finalized: open } = payload;
  const changed = (payload.variables_changed ?? []).map((one) => [
    one.name,
    one.change,
    one.type,
    one.size?.toLocaleString('en') ?? '',
    one.preview ?? '',
  ]);
  return [
    `## Step ${payload.step_index}`,
    ...(error ? toErrorSection(error) : []),
    ...(stop ? [`Stopped by **${stop}**: finish with rlm_finalize.`] : []),
    ...(reason ? [`Finished: ${reason}.`] : []),
    ...(open ? [`**Not finalized:** ${toInline(open)}`] : []),
    ...(payload.interrupted ? [`Interrupted: ${payload.interrupted}.`] : []),
    ...(payload.state_lost ? ['All variables but the contexts are gone.'] : []),
    ...(payload.network ? [`Network: ${toInline(payload.network)}`] : []),
    ...(payload.truncated ? [toTruncationText(payload)] : []),
    ...(payload.hint ? [payload.hint] : []),
    ...(payload.prompts_replaced
      ? [`Prompts were sent with U+FFFD for ${payload.prompts_replaced} half surrogate pair(s).`]
      : []),
    ...toSection('final answer', payload.final_answer),
    ...toSection('result', payload.result),
    ...toSection('stdout', payload.stdout),
    ...toSection('stderr', payload.stderr),
    ...(changed.length > 0
      ? toTable(['variable', 'change', 'type', 'size', 'preview'], changed)
      : []),
    ...toTakenUp(payload),
    ...[toRemainingText(payload.usage ?? {})].filter((text) => text !== ''),
  ].join('\n\n');
}

function toErrorSection({ type, line, message, traceback }: NonNullable<StepPayload['error']>) {
  const text = message ?? '';
  return [
    `**${toInline(type)}**${typeof line === 'number' ? ` in line ${line}` : ''}`,
    ...(traceback && !traceback.includes(text) ? [toInline(text)] : []),
    toFence(traceback || text),
  ];
}

/** Of a session whose record was run again first. */
function toTakenUp({ replay, updated_vars_summary: names, config = {} }: StepPayload): string[] {
  if (!replay) {
    return [];
  }
  const limits = Object.entries(config).map(([name, value]) => `${name} ${value}`);
  const variables = names ? `Variables: ${names.map(toInline).join(', ') || 'none'}. ` : '';
  return [toReplayText(replay), `${variables}Guardrails: ${limits.join(', ')}.`];
}

function toSection(title: string, text: string | null | undefined): string[] {
  return text ? [`**${title}**`, toFence(text)] : [];
}

function toTruncationText({
  cut = [],
  abridged = [],
  dropped_chars: dropped = 0,
}: StepPayload): string {
  const cuts = [
    ...cut.map(({ field, shown, total }) => `${field}: ${shown} of ${total}`),
    ...abridged.map((field) => `${field}: a value in part`),
  ];
  if (cut.length === 0) {
    return `${cuts.join('; ')}: print the items you need.`;
  }
  const tail =
    dropped > 0
      ? `What goes beyond max_output_chars (${dropped} characters) is kept nowhere: put long values into a variable and page it with rlm_get_var.`
      : 'rlm_get_trace has the rest: page it with limit 1 and text_offset.';
  return `Cut: ${cuts.join('; ')}. ${tail}`;
}
