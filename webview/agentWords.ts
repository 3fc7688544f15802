// An agent's entries in the reader's words: what a row, the timeline and a screen reader say of each.

import { toOneLine } from '../src/base/text';
import { showControls } from '../src/base/visible';
import type {
  ActionResult,
  AgentAsked,
  AgentChanged,
  AgentDecided,
  AgentSaid,
  ApprovalSubject,
  Decider,
  Decision,
  Speaker,
} from '../src/core/agent/agentEvent';
import { toInnerCommand } from '../src/core/agent/innerCommand';
import type { AgentEvent } from '../src/core/event';
import { toCountText, toDurationText } from '../src/export/wording';
import type { IconName } from './icons';
import { t, toPlural } from './l10n';
import type { AgentEntry } from './model/agentEntries';
import { type AgentTone, toAgentTone } from './model/agentTone';
import { statusWord } from './words';

const excerptChars = 160;

export interface AgentRowText {
  readonly icon: IconName;
  readonly tone: AgentTone;
  /** What it is about, one line; may hold characters that cannot be seen. */
  readonly title: string;
  readonly isCode: boolean;
  /** What kind of entry it is, and how it stands. */
  readonly facts: string;
}

/** `isLive`: what has not ended may still do so. */
export function toAgentRow(entry: AgentEntry, isLive: boolean): AgentRowText {
  const tone = toLiveTone(entry, isLive);
  const { title, isCode = false, facts, icon } = describe(entry, isLive);
  const shown = title === '' ? facts.join(' · ') : title;
  return {
    icon: icon ?? toneIcons[tone],
    tone,
    title: toOneLine(shown, excerptChars),
    isCode: isCode && title !== '',
    facts: title === '' ? '' : facts.join(' · '),
  };
}

export function toLiveTone(entry: AgentEntry, isLive: boolean): AgentTone {
  const tone = toAgentTone(entry);
  return !isLive && (tone === 'running' || tone === 'waiting') ? 'stopped' : tone;
}

/** What has begun and not ended; null where that says nothing of how it ended. */
export function toToneWord(entry: AgentEntry, isLive: boolean): string {
  const { last } = entry;
  if (last.kind === 'agent.started') {
    return isLive ? t('Running') : t('Its end is not on record');
  }
  if (last.kind === 'agent.asked') {
    return isLive ? t('Waits for you') : t('Nobody has answered');
  }
  if (last.kind === 'agent.decided') {
    return decisionWords[last.decision];
  }
  return 'result' in last ? resultWords[last.result] : '';
}

const toneIcons: Readonly<Record<AgentTone, IconName>> = {
  ok: 'check',
  error: 'cross',
  stopped: 'stop',
  running: 'running',
  waiting: 'flag',
  muted: 'dash',
};

interface Described {
  readonly title: string;
  readonly isCode?: boolean;
  readonly facts: readonly string[];
  /** Where its kind says more than how it stands. */
  readonly icon?: IconName;
}

function describe(entry: AgentEntry, isLive: boolean): Described {
  const { first, last } = entry;
  const word = toToneWord(entry, isLive);
  switch (first.kind) {
    case 'agent.started':
    case 'agent.ran':
      return {
        title: toInnerCommand(first.command),
        isCode: true,
        facts: [t('Command'), word, ...toEndFacts(last)],
      };
    case 'agent.edited': {
      const paths = first.changes.map(({ path }) => path).join(', ');
      const what = first.actionId === 'workspace' ? t('Changed by commands') : t('Patch');
      return { title: paths, isCode: true, facts: [what, word, toFileCount(first.changes.length)] };
    }
    case 'agent.called': {
      const name = first.server === null ? first.tool : `${first.server}.${first.tool}`;
      return { title: name, isCode: true, facts: [t('Tool'), word, ...toEndFacts(last)] };
    }
    case 'agent.asked':
      return {
        title: toAskedTitle(first),
        isCode: first.command !== null,
        facts: [subjectWords[first.subject], word, ...toDecidedFacts(last)],
      };
    case 'agent.delegated':
      return {
        title: first.profileId,
        facts: [t('Child agent'), last.kind === first.kind ? statusWord(last.childStatus) : ''],
        icon: 'branch',
      };
    case 'agent.changed':
    case 'agent.said':
    case 'agent.decided':
    case 'agent.noted':
    case 'agent.checked':
    case 'agent.summarized':
    case 'agent.failed':
    case 'agent.audited':
    case 'agent.refused':
      return describeSingle(first);
  }
}

type SingleEvent = Exclude<
  AgentEvent,
  {
    readonly kind:
      | 'agent.started'
      | 'agent.ran'
      | 'agent.edited'
      | 'agent.called'
      | 'agent.asked'
      | 'agent.delegated';
  }
>;

function describeSingle(event: SingleEvent): Described {
  switch (event.kind) {
    case 'agent.changed':
      return { title: statusWord(event.to), facts: toChangeFacts(event) };
    case 'agent.said':
      return { title: event.text, facts: [toSpeakerText(event)], icon: 'speech' };
    case 'agent.decided':
      return { title: '', facts: [decisionWords[event.decision], ...toDecidedFacts(event)] };
    case 'agent.noted':
      return { title: event.note, facts: [t('Note'), ...event.tags.map((tag) => `#${tag}`)] };
    case 'agent.checked':
      return { title: event.item, facts: [t('Checklist'), toCheckedText(event)], icon: 'check' };
    case 'agent.summarized':
      return { title: event.narrative ?? event.facts, facts: [t('Summary')], icon: 'file' };
    case 'agent.failed':
      return {
        title: event.message,
        facts: [event.willRetry ? t('Error, it tries again') : t('Error'), event.code],
      };
    case 'agent.audited':
      return { title: event.source, facts: [t('Audit')] };
    case 'agent.refused':
      return { title: event.what, facts: [t('Refused'), event.rule] };
  }
}

/** By which event, or by hand. */
export function toCheckedText({
  byEvent,
  note,
}: {
  readonly byEvent: number | null;
  readonly note: string | null;
}): string {
  const how = byEvent === null ? t('by hand') : t('by event {0}', byEvent);
  return note === null || note === '' ? how : `${how}: ${note}`;
}

function toChangeFacts({ reason, branch, workspace }: AgentChanged): readonly string[] {
  const fact = reason ?? branch ?? workspace;
  return fact === null ? [] : [fact];
}

export function toSpeakerText({ by, form }: Pick<AgentSaid, 'by' | 'form'>): string {
  const speaker = speakerWords[by];
  switch (form) {
    case 'message':
      return speaker;
    case 'reasoning':
      return t('{0}, reasoning', speaker);
    case 'plan':
      return t('{0}, plan', speaker);
  }
}

/** What an approval is about, where it is no command. */
export function toAskedTitle({ command, diff, reason }: AgentAsked): string {
  if (command !== null) {
    return toInnerCommand(command);
  }
  return reason ?? (diff === null ? '' : toOneLine(diff, excerptChars));
}

function toDecidedFacts(event: AgentEvent): readonly string[] {
  if (event.kind !== 'agent.decided') {
    return [];
  }
  return [toDeciderText(event), ...(event.note === null ? [] : [event.note])];
}

export function toDeciderText({ by }: Pick<AgentDecided, 'by'>): string {
  return deciderWords[by];
}

function toEndFacts(event: AgentEvent): readonly string[] {
  if (event.kind !== 'agent.ran' && event.kind !== 'agent.called') {
    return [];
  }
  const code = event.kind === 'agent.ran' ? event.exitCode : null;
  return [
    ...(code === null || code === 0 ? [] : [t('exit code {0}', code)]),
    ...(event.durationMs === null ? [] : [toDurationText(event.durationMs)]),
  ];
}

function toFileCount(count: number): string {
  return toPlural(count, 'file');
}

/** Beside what was cut when it was recorded; empty: nothing was. */
export function toDroppedText(droppedChars: number): string {
  return droppedChars > 0 ? t('{0} characters were not recorded', toCountText(droppedChars)) : '';
}

/** The name of an entry for a screen reader. */
export function toAgentLabel({ title, facts }: AgentRowText): string {
  return showControls(facts === '' ? title : `${facts}: ${title}`);
}

export const resultWords: Readonly<Record<ActionResult, string>> = {
  ok: t('Done'),
  failed: t('Failed'),
  refused: t('Refused'),
  interrupted: t('Interrupted'),
  unknown: t('Its end is not known'),
};

const decisionWords: Readonly<Record<Decision, string>> = {
  accept: t('Approved'),
  decline: t('Declined'),
  cancel: t('Cancelled'),
};

const deciderWords: Readonly<Record<Decider, string>> = {
  person: t('by a person'),
  client: t('by a person, through an MCP client'),
  rule: t('by a rule of its profile'),
  deadline: t('at its deadline'),
  ended: t('as the run ended'),
};

const speakerWords: Readonly<Record<Speaker, string>> = {
  user: t('User'),
  agent: t('Agent'),
  parent: t('Parent agent'),
  host: t('RLM Companion'),
};

export const subjectWords: Readonly<Record<ApprovalSubject, string>> = {
  command: t('Approval of a command'),
  patch: t('Approval of a patch'),
  permissions: t('Approval of permissions'),
  tool: t('Approval of a tool'),
  input: t('Question'),
};
