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
import type { AgentSummary, ReplSummary, Summary } from '../core/summary';
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
  type Gauge,
  toAgentGauges,
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
  const run: AgentRecord = { done: new Map(), files: new Map() };
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
      takeRecord(run, event);
      yield toMarkdownAgentEvent(event);
    }
    if (event.kind === 'file.written' || event.kind === 'shell.finished') {
      yield toMarkdownFile(event);
    }
  }
  if (summary.agent) {
    yield toMarkdownRecord(summary, run);
  }
  const last = reader.end();
  if (last) {
    yield toMarkdownStep(last, summary.language);
  } else if (isEmpty) {
    yield summary.agent ? '\nNothing has happened yet.\n' : '\nNo step was run.\n';
  }
  const unreadable = readUnreadable?.() ?? [];
  if (unreadable.length > 0) {
    yield `\n${toUnreadableText(unreadable)}\n`;
  }
}

/** All there is to say before the first step; ends with a line feed. */
export function toMarkdownHead(summary: Summary): string {
  return summary.agent ? toAgentHead(summary) : toReplHead(summary);
}

function toReplHead(summary: ReplSummary): string {
  return toText([
    `# ${toInline(summary.title) || 'Untitled session'}`,
    ...toFacts(summary),
    ...(summary.finalAnswer === null ? [] : ['## Final answer', toFence(summary.finalAnswer)]),
    '## Guardrails',
    ...toGaugeTable(toGauges(narrowLimits(summary), summary.usage)),
    '## Contexts',
    ...(summary.contexts.length === 0
      ? ['No context was loaded.']
      : summary.contexts.flatMap(toContextBlocks)),
    '## Steps',
  ]);
}

function toAgentHead(summary: AgentSummary): string {
  const { agent } = summary;
  return toText([
    `# ${toInline(summary.title) || 'Untitled session'}`,
    ...toFacts(summary),
    '## Task',
    toFence([agent.task, ...agent.goals.map((goal) => `- ${goal}`)].join('\n')),
    '## Limits',
    ...toGaugeTable(toAgentGauges(agent.limits, agent.usage)),
    '## Activity',
  ]);
}

function toGaugeTable(gauges: readonly Gauge[]): readonly string[] {
  return toTable(
    ['Limit', 'Used', 'Share'],
    gauges.map(({ name, text, used, allowed }) => [
      name,
      text,
      `${Math.round(toPercent(used, allowed))} %`,
    ]),
  );
}

/** What the events of a run come to. */
interface AgentRecord {
  /** Items of the checklist, with what did them. */
  readonly done: Map<string, AgentEvent & { readonly kind: 'agent.checked' }>;
  /** Each as it was changed last. */
  readonly files: Map<string, string>;
}

function takeRecord({ done, files }: AgentRecord, event: AgentEvent): void {
  if (event.kind === 'agent.checked') {
    done.set(event.item, event);
  } else if (event.kind === 'agent.edited' && event.result === 'ok') {
    event.changes.forEach(({ path, change }) => files.set(path, change));
  }
}

function toMarkdownRecord({ agent }: AgentSummary, { done, files }: AgentRecord): string {
  const items = agent.checklist.map(({ id, description }) => {
    const by = done.get(id);
    const how = by ? toAgentLine(by).detail : '';
    return [by ? 'done' : 'open', description, how];
  });
  const blocks = [
    ...(items.length > 0 ? ['## Checklist', ...toTable(['Standing', 'Item', 'How'], items)] : []),
    ...(files.size > 0
      ? [
          '## Changed files',
          ...toTable(
            ['File', 'Change'],
            [...files].map((file) => [...file]),
          ),
        ]
      : []),
  ];
  return blocks.length === 0 ? '' : `\n${toText(blocks)}`;
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
      return [toFence(event.text), ...toDropped(event)];
    case 'agent.ran':
      return [toFence(event.command, 'sh'), ...toOptional(event.output), ...toDropped(event)];
    case 'agent.edited':
      return [
        ...toTable(
          ['File', 'Change'],
          event.changes.map(({ path, change }) => [path, change]),
        ),
        ...(event.diff === '' ? [] : [toFence(event.diff, 'diff')]),
        ...toDropped(event),
      ];
    case 'agent.called':
      return [toFence(event.arguments, 'json'), ...toOptional(event.output), ...toDropped(event)];
    case 'agent.noted':
      return [toFence(event.note)];
    case 'agent.summarized':
      return [
        toFence(event.facts),
        ...(event.narrative === null ? [] : [toFence(event.narrative)]),
      ];
    case 'agent.asked':
      return [
        ...(event.command === null ? [] : [toFence(event.command, 'sh')]),
        ...(event.diff === null ? [] : [toFence(event.diff, 'diff')]),
        ...toOptional(event.reason ?? ''),
      ];
    case 'agent.failed':
      return [toFence(event.message)];
    case 'agent.refused':
      return [toFence(event.what)];
    case 'agent.changed':
      return [
        ...(detail === '' ? [] : [toInline(detail)]),
        ...event.leftBehind.map((left) => `Left behind: ${toInline(left)}`),
      ];
    case 'agent.started':
    case 'agent.decided':
    case 'agent.checked':
    case 'agent.delegated':
    case 'agent.audited':
      return detail === '' ? [] : [toInline(detail)];
  }
}

function toOptional(text: string): readonly string[] {
  return text === '' ? [] : [toFence(text)];
}

function toDropped({ droppedChars }: { readonly droppedChars: number }): readonly string[] {
  return droppedChars > 0
    ? [`_${toPluralText(droppedChars, 'character')} more were not recorded._`]
    : [];
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
  isolation,
  permissions,
  folder,
}: AgentInfo): [string, string][] {
  return [
    ['Agent', `${profileTitle} (${profileId})`],
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
