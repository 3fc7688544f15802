// A trace as one Markdown document: what a person reads in an editor, a pull request or a ticket.

import type { ContextInfo } from '../core/context';
import { toHandedIn } from '../core/offeredAnswer';
import {
  type AgentEvent,
  isAgentEvent,
  type FileWritten,
  type LoopFinished,
  type LoopStarted,
  type ModelAnswered,
  type ShellFinished,
} from '../core/event';
import type { Language, SandboxPlace } from '../core/sandbox';
import { toShownTexts } from '../core/shownTexts';
import { narrowLimits } from '../core/sharedLimits';
import type { AgentInfo } from '../core/agent/agentEvent';
import { toAgentLine } from '../core/agent/agentWords';
import type { ReplSummary, Summary } from '../core/summary';
import { type ExportedTrace, type StepRecord, StepReader, toVerdict } from './exportedTrace';
import { toFence, toInline, toTable } from '../base/markdown';
import {
  finishWords,
  languageWords,
  statusWords,
  toCommandText,
  toFileText,
  stopWords,
  toCountText,
  toDurationText,
  toGauges,
  toOutcomeNotes,
  toPercent,
  toFallbackText,
  toPlaceText,
  toPluralText,
  toStatusSentence,
  toTimeText,
  toTokensText,
  toUnreadableText,
  verdictWords,
} from './wording';

/** Blocks part by one empty line. */
export async function* toMarkdownExport({
  summary,
  events,
  readUnreadable,
}: ExportedTrace): AsyncGenerator<string> {
  yield toMarkdownHead(summary);
  const reader = new StepReader();
  let isEmpty = true;
  for await (const event of events) {
    const record = reader.take(event);
    if (record) {
      isEmpty = false;
      yield toMarkdownStep(record, summary.language);
    }
    if (event.kind === 'loop.started' || event.kind === 'loop.finished') {
      yield toMarkdownRun(event, reader.takeReplies());
    }
    if (isAgentEvent(event)) {
      isEmpty = false;
      yield toMarkdownAgentEvent(event);
    }
    if (event.kind === 'file.written' || event.kind === 'shell.finished') {
      yield toMarkdownFile(event);
    }
  }
  const last = reader.end();
  if (last) {
    yield toMarkdownStep(last, summary.language);
  } else if (isEmpty) {
    yield '\nNo step was run.\n';
  }
  const unreadable = readUnreadable?.() ?? [];
  if (unreadable.length > 0) {
    yield `\n${toUnreadableText(unreadable)}\n`;
  }
}

/** All there is to say before the first step; ends with a line feed. */
export function toMarkdownHead(summary: Summary): string {
  return toText([
    `# ${toInline(summary.title) || 'Untitled session'}`,
    ...toFacts(summary),
    ...(summary.finalAnswer === null ? [] : ['## Final answer', toFence(summary.finalAnswer)]),
    '## Guardrails',
    ...toTable(
      ['Limit', 'Used', 'Share'],
      toGauges(narrowLimits(summary), summary.usage).map(({ name, text, used, allowed }) => [
        name,
        text,
        `${Math.round(toPercent(used, allowed))} %`,
      ]),
    ),
    '## Contexts',
    ...(summary.contexts.length === 0
      ? ['No context was loaded.']
      : summary.contexts.flatMap(toContextBlocks)),
    '## Steps',
  ]);
}

/** One step, to follow what is before it; ends with a line feed. */
export function toMarkdownStep(record: StepRecord, language: Language | null): string {
  return `\n${toText(toStepBlocks(record, language))}`;
}

/** How a run begins or ends, with what the model said after its last step. */
export function toMarkdownRun(
  event: LoopStarted | LoopFinished,
  replies: readonly ModelAnswered[],
): string {
  const blocks =
    event.kind === 'loop.started'
      ? [
          `### Run of at most ${toPluralText(event.maxIterations, 'iteration')}`,
          toFence(event.task),
        ]
      : [
          ...replies.flatMap(toReplyBlocks),
          `_The run ended ${finishWords[event.finishReason]}, after ${toPluralText(event.iterations, 'iteration')}._`,
          ...(event.error === null ? [] : [toFence(event.error)]),
        ];
  return `\n${toText(blocks)}`;
}

/** A file that went in or out, or a command with its output. */
export function toMarkdownFile(event: FileWritten | ShellFinished): string {
  if (event.kind === 'file.written') {
    const title = event.side === 'sandbox' ? 'Uploaded' : 'Downloaded';
    return `\n${toText([`### ${title}: ${toInline(event.path)}`, `${toInline(toFileText(event))}.`])}`;
  }
  const output = (label: string, text: string): string[] =>
    text === '' ? [] : [`**${label}**`, toFence(text)];
  return `\n${toText([
    `### Command: ${toInline(toCommandText(event))}`,
    toFence(event.command, 'sh'),
    ...output('Output', event.stdout),
    ...output('Error output', event.stderr),
  ])}`;
}

/** What was said, run, changed, asked or decided; raw audit lines are left to JSON. */
export function toMarkdownAgentEvent(event: AgentEvent): string {
  if (event.kind === 'agent.audited' || event.kind === 'agent.started') {
    return '';
  }
  const { title, detail } = toAgentLine(event);
  return `\n${toText([`### ${toInline(title)}`, ...toAgentBlocks(event, detail)])}`;
}

function toAgentBlocks(event: AgentEvent, detail: string): readonly string[] {
  switch (event.kind) {
    case 'agent.said':
      return [toFence(event.text)];
    case 'agent.ran':
      return [
        toFence(event.command, 'sh'),
        ...(event.output === '' ? [] : [toFence(event.output)]),
      ];
    case 'agent.edited':
      return [toInline(detail), toFence(event.diff, 'diff')];
    case 'agent.called':
      return [toFence(event.arguments, 'json'), toFence(event.output)];
    case 'agent.noted':
      return [toFence(event.note)];
    case 'agent.summarized':
      return [
        toFence(event.facts),
        ...(event.narrative === null ? [] : [toFence(event.narrative)]),
      ];
    case 'agent.asked':
      return [event.command, event.diff, event.reason]
        .filter((text) => text !== null)
        .map((text) => toFence(text));
    case 'agent.changed':
    case 'agent.started':
    case 'agent.decided':
    case 'agent.checked':
    case 'agent.delegated':
    case 'agent.failed':
    case 'agent.audited':
    case 'agent.refused':
      return detail === '' ? [] : [toInline(detail)];
  }
}

function toReplyBlocks(reply: ModelAnswered): readonly string[] {
  const facts = [toInline(reply.model), toDurationText(reply.durationMs), toTokensText(reply)];
  return [`**Reply:** ${facts.join(', ')}`, toFence(reply.answer ?? reply.error ?? '')];
}

function toText(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}

function toFacts(summary: Summary): readonly string[] {
  const rows: [string, string][] = [
    ['Status', `${statusWords[summary.status]}. ${toStatusSentence(summary)}`],
    ['Session', summary.sessionId],
    ...(summary.agent ? toAgentRows(summary.agent) : toReplRows(summary)),
    ['Opened', toTimeText(summary.createdAt)],
    ['Last change', toTimeText(summary.updatedAt)],
  ];
  if (summary.parentSessionId !== null) {
    const { sourceStep, depth } = summary;
    const how = sourceStep === null ? `depth ${depth}` : `forked after step ${sourceStep}`;
    rows.push(['Parent session', `${summary.parentSessionId} (${how})`]);
  }
  return toTable(['Fact', 'Value'], rows);
}

function toReplRows({ language, sandbox }: ReplSummary): [string, string][] {
  return [
    ['Language', languageWords[language]],
    ['Runs in', toPlaceText(sandbox)],
    ...toPlaceRows(sandbox),
  ];
}

function toAgentRows({
  profileTitle,
  profileId,
  task,
  isolation,
  permissions,
  folder,
}: AgentInfo): [string, string][] {
  return [
    ['Agent', `${profileTitle} (${profileId})`],
    ['Task', task],
    ['Works in', `${isolation} of ${folder}`],
    ['May', `${permissions.sandbox}, ${permissions.network ? 'with' : 'without'} network`],
  ];
}

function toPlaceRows(place: SandboxPlace): [string, string][] {
  const fallback = toFallbackText(place);
  return [
    ...(place.walls.length > 0 ? [['Walls', place.walls.join(', ')] as [string, string]] : []),
    ...(fallback === null ? [] : [['Fallback', fallback] as [string, string]]),
  ];
}

function toContextBlocks(context: ContextInfo): readonly string[] {
  const { sources, sourceCount, skipped, skippedCount } = context;
  const unlisted = sourceCount - sources.length;
  const unlistedSkipped = skippedCount - skipped.length;
  return [
    `### ${toInline(context.variable)}`,
    `${toPluralText(sourceCount, context.kind === 'text' ? 'text' : 'file')}, ` +
      `${toPluralText(context.totalChars, 'character')}, ${toPluralText(context.totalLines, 'line')}`,
    ...toTable(
      ['Source', 'Characters', 'Encoding', 'Replaced'],
      sources.map(({ path, chars, encoding, encodingFrom, replacedChars }) => [
        path,
        toCountText(chars),
        `${encoding} (${encodingFrom})`,
        toCountText(replacedChars),
      ]),
    ),
    ...toTable(
      ['Warning'],
      context.warnings.map((warning) => [warning]),
    ),
    ...(unlisted > 0 ? [`… and ${toCountText(unlisted)} more.`] : []),
    ...toTable(
      ['Skipped', 'Why'],
      skipped.map(({ path, reason }) => [path, reason]),
    ),
    ...(unlistedSkipped > 0 ? [`… and ${toCountText(unlistedSkipped)} more.`] : []),
  ];
}

function toStepBlocks(record: StepRecord, language: Language | null): readonly string[] {
  const { step, code, outcome, stop, calls } = record;
  const duration = outcome ? `, ${toDurationText(outcome.durationMs)}` : '';
  const texts = outcome && toShownTexts(outcome);
  const title = step === 0 ? 'Before the first step' : `Step ${step}`;
  const labelled = (label: string, text: string | null): string[] =>
    text === null || text === '' ? [] : [`**${label}**`, toFence(text)];
  return [
    `### ${title}: ${verdictWords[toVerdict(record)]}${duration}`,
    ...record.thinking.flatMap(toReplyBlocks),
    ...(code === null ? [] : [toFence(code, language ?? undefined)]),
    ...labelled('Output', texts?.stdout ?? null),
    ...labelled('Error output', texts?.stderr ?? null),
    ...labelled('Result', texts?.result ?? null),
    ...labelled('Answer handed in', outcome && toHandedIn(outcome)),
    ...toErrorBlocks(record),
    ...(outcome ? toOutcomeNotes(outcome).map((note) => `_${note}_`) : []),
    ...(stop === null ? [] : [`_The session was stopped ${stopWords[stop]}._`]),
    ...toTable(
      ['Variable', 'Change', 'Type', 'Size', 'Preview'],
      (outcome?.changes ?? []).map(({ name, change, type, size, preview }) => [
        name,
        change,
        type,
        size === null ? '' : toCountText(size),
        preview,
      ]),
    ),
    ...calls.flatMap(toCallBlocks),
  ];
}

function toErrorBlocks({ outcome }: StepRecord): readonly string[] {
  if (!outcome?.error) {
    return [];
  }
  const { type, message, line, traceback } = outcome.error;
  const where = line === null ? '' : ` (line ${line})`;
  return [
    `**${toInline(`${type}: ${message}`)}**${where}`,
    ...(traceback === '' ? [] : [toFence(traceback)]),
  ];
}

function toCallBlocks(event: ModelAnswered): readonly string[] {
  const { call, model, prompt, promptChars, answer, error } = event;
  const cut =
    promptChars > prompt.length
      ? `, first ${toCountText(prompt.length)} of ${toCountText(promptChars)} characters`
      : '';
  return [
    `#### Sub-model call ${call + 1}: ${toInline(model)}, ${toDurationText(event.durationMs)}, ${toTokensText(event)}`,
    ...(event.childSessionId === null
      ? []
      : [`Answered by the session ${toInline(event.childSessionId)}.`]),
    `**Prompt**${cut}`,
    toFence(prompt),
    ...(answer === null
      ? [`**Failed:** ${toInline(error ?? 'no answer')}`]
      : ['**Answer**', toFence(answer)]),
  ];
}
