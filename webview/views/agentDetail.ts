// Everything about one entry of an agent's trace. Built anew only when the entry, or how it stands, is new.

import { showControls } from '../../src/base/visible';
import type { AgentAsked, AgentDecided } from '../../src/core/agent/agentEvent';
import type { AgentEvent } from '../../src/core/event';
import { isUnderWay } from '../../src/core/summary';
import { toDurationText } from '../../src/export/wording';
import {
  subjectWords,
  toAgentRow,
  toCheckedText,
  toDeciderText,
  toDroppedText,
  toSpeakerText,
  toToneWord,
} from '../agentWords';
import { createIcon, h, isSame, setAttributes, setChildren, setText } from '../dom';
import { icons } from '../icons';
import { t } from '../l10n';
import type { AgentEntry } from '../model/agentEntries';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { createButton } from '../toolkit';
import { statusWord, toClockText } from '../words';
import { createDiffBlock } from './diffBlock';
import { createTraceLink } from './links';
import { createFactList } from './part';
import { createTextBlock, toCharsNote } from './textBlock';

export function createAgentDetail(actions: ViewActions): View {
  const head = createHead(actions);
  const parts = h('div', {});
  const body = h('div', { class: 'detail-body' }, head.element, parts);
  const empty = h('p', { class: 'empty' });
  const element = h(
    'div',
    { class: 'detail', id: 'agent-detail', tabindex: -1, role: 'region', 'aria-label': t('Entry') },
    body,
    empty,
  );
  element.addEventListener('scroll', () => actions.remember({ detailScroll: element.scrollTop }));
  let shown: readonly unknown[] = [];
  let number: number | null = null;
  let isRestored = false;
  return {
    element,
    update(snapshot: Snapshot): void {
      const { trace, view, loading } = snapshot;
      const entry = view.entry === null ? undefined : trace.agent.find(view.entry);
      body.hidden = entry === undefined;
      empty.hidden = entry !== undefined;
      setText(
        empty,
        loading.kind === 'complete' && trace.entries.length === 0
          ? t('Nothing has happened yet. What the agent does shows here as it happens.')
          : t('Choose an entry to see all of it.'),
      );
      if (!entry) {
        [shown, number] = [[], null];
        return;
      }
      head.update(snapshot);
      const key = [entry, isUnderWay(snapshot.status)];
      if (!isSame(key, shown)) {
        shown = key;
        setChildren(parts, createParts(entry, snapshot, actions));
      }
      if (number !== entry.number) {
        number = entry.number;
        element.scrollTop = isRestored ? 0 : view.detailScroll;
        isRestored = true;
      }
    },
  };
}

function createHead(actions: ViewActions): View {
  let step = 0;
  const title = h('h2', {});
  const icon = createIcon(icons.dash);
  const word = h('span', {});
  const verdict = h('span', { class: 'verdict' }, icon, word);
  const facts = h('span', { class: 'detail-facts' });
  const link = createButton({
    label: t('Copy a link to this entry'),
    icon: 'link',
    onClick: () => actions.ask('copyLink', { step }),
  });
  return {
    element: h(
      'div',
      { class: 'detail-head' },
      h(
        'div',
        { class: 'detail-line' },
        title,
        verdict,
        facts,
        h('div', { class: 'detail-actions' }, link),
      ),
    ),
    update({ trace, view, status, now }: Snapshot): void {
      const entry = view.entry === null ? undefined : trace.agent.find(view.entry);
      if (!entry) {
        return;
      }
      const isLive = isUnderWay(status);
      const row = toAgentRow(entry, isLive);
      const toneWord = toToneWord(entry, isLive);
      step = entry.last.step;
      setText(title, toTitle(entry.first));
      setText(word, toneWord);
      verdict.hidden = toneWord === '';
      setAttributes(verdict, { 'data-tone': row.tone });
      icon.querySelector('path')?.setAttribute('d', icons[row.icon]);
      setText(facts, toHeadFacts(entry, row.tone === 'running' ? now : null));
      link.hidden = !('result' in entry.last); // only actions have a number of their own
    },
  };
}

function toHeadFacts({ number, first, last }: AgentEntry, runningAt: number | null): string {
  const tookMs = 'durationMs' in last ? last.durationMs : null;
  const runningMs = runningAt === null ? null : Math.max(0, runningAt - first.at);
  const facts = [
    tookMs === null && runningMs === null ? null : toDurationText(tookMs ?? runningMs ?? 0),
    toClockText(first.at),
    t('event {0}', number),
  ];
  return facts.filter((fact) => fact !== null).join(' · ');
}

/** What kind of entry it is. */
function toTitle(event: AgentEvent): string {
  switch (event.kind) {
    case 'agent.changed':
      return statusWord(event.to);
    case 'agent.said':
      return toSpeakerText(event);
    case 'agent.started':
    case 'agent.ran':
      return t('Command');
    case 'agent.edited':
      return event.actionId === 'workspace' ? t('Changed by commands') : t('Patch');
    case 'agent.called':
      return t('Tool');
    case 'agent.asked':
      return subjectWords[event.subject];
    case 'agent.decided':
      return t('Approval');
    case 'agent.noted':
      return t('Note');
    case 'agent.checked':
      return t('Checklist');
    case 'agent.summarized':
      return t('Summary');
    case 'agent.delegated':
      return t('Child agent');
    case 'agent.failed':
      return t('Error');
    case 'agent.audited':
      return t('Audit');
    case 'agent.refused':
      return t('Refused');
  }
}

type Facts = readonly (readonly [string, HTMLElement | string])[];

function createParts(
  { first, last }: AgentEntry,
  { summary }: Snapshot,
  actions: ViewActions,
): readonly (HTMLElement | null)[] {
  const text = (title: string, given: string | null, droppedChars = 0, tone?: 'error') =>
    given === null || given === ''
      ? null
      : createTextBlock(
          {
            title,
            text: given,
            note: [toCharsNote(given), toDroppedText(droppedChars)]
              .filter((one) => one !== '')
              .join(' · '),
            openTitle: title,
            ...(tone && { tone }),
          },
          actions,
        );
  const facts = (list: Facts): HTMLElement | null =>
    list.length === 0 ? null : createFactList(list);
  switch (first.kind) {
    case 'agent.said':
      return [text(t('Text'), first.text, first.droppedChars)];
    case 'agent.started':
    case 'agent.ran':
      return createCommandParts(first, last, { text, facts });
    case 'agent.edited':
      return [
        facts(first.changes.map(({ path, change }) => [changeWords[change], showControls(path)])),
        first.diff === ''
          ? null
          : createDiffBlock(
              { title: t('Diff'), diff: first.diff, note: toDroppedText(first.droppedChars) },
              actions,
            ),
        first.diff === '' && first.actionId === 'workspace'
          ? h('p', { class: 'quiet' }, t('Seen in the workspace at the end of a turn.'))
          : null,
      ];
    case 'agent.called':
      return [
        text(t('Arguments'), first.arguments),
        text(
          t('Answer'),
          first.output,
          first.droppedChars,
          first.result === 'failed' ? 'error' : undefined,
        ),
      ];
    case 'agent.asked':
      return createApprovalParts(first, last.kind === 'agent.decided' ? last : null, actions);
    case 'agent.delegated': {
      const status = last.kind === first.kind ? statusWord(last.childStatus) : '';
      return [
        facts([
          [t('Profile'), showControls(first.profileId)],
          [t('Status'), status],
        ]),
        h('p', {}, createTraceLink(first.childSessionId, t('Open its trace'), actions)),
      ];
    }
    case 'agent.changed':
      return [
        facts([
          ...(first.reason === null ? [] : [[t('Why'), showControls(first.reason)] as const]),
          ...(first.workspace === null
            ? []
            : [[t('Works in'), showControls(first.workspace)] as const]),
          ...(first.branch === null ? [] : [[t('Branch'), showControls(first.branch)] as const]),
          ...first.leftBehind.map((left) => [t('Left behind'), showControls(left)] as const),
        ]),
      ];
    case 'agent.checked': {
      const item = summary?.agent?.checklist.find(({ id }) => id === first.item);
      return [
        facts([
          [t('Item'), showControls(item?.description ?? first.item)],
          [t('Done'), showControls(toCheckedText(first))],
        ]),
        first.byEvent === null ? null : createEntryLink(first.byEvent, actions),
      ];
    }
    case 'agent.summarized':
      return [text(t('Narrative'), first.narrative), text(t('Facts'), first.facts)];
    case 'agent.noted':
      return [text(t('Text'), first.note)];
    case 'agent.failed':
      return [text(t('Message'), first.message, 0, 'error'), facts([[t('Code'), first.code]])];
    case 'agent.refused':
      return [facts([[t('By'), showControls(first.rule)]]), text(t('What'), first.what)];
    case 'agent.audited':
      return [text(showControls(first.source), first.payload, first.droppedChars)];
    case 'agent.decided':
      return [facts(toDecidedFacts(first))];
  }
}

interface PartMakers {
  readonly text: (
    title: string,
    given: string | null,
    droppedChars?: number,
    tone?: 'error',
  ) => HTMLElement | null;
  readonly facts: (list: Facts) => HTMLElement | null;
}

function createCommandParts(
  first: AgentEvent & { readonly kind: 'agent.started' | 'agent.ran' },
  last: AgentEvent,
  { text, facts }: PartMakers,
): readonly (HTMLElement | null)[] {
  const ran = last.kind === 'agent.ran' ? last : null;
  const { cwd } = first;
  return [
    text(t('Command'), first.command),
    facts([
      ...(cwd === null ? [] : [[t('In'), showControls(cwd)] as const]),
      ...(ran === null || ran.exitCode === null
        ? []
        : [[t('Exit code'), String(ran.exitCode)] as const]),
    ]),
    ran === null
      ? null
      : (text(
          t('Output'),
          ran.output,
          ran.droppedChars,
          ran.result === 'failed' ? 'error' : undefined,
        ) ?? h('p', { class: 'quiet' }, t('No output.'))),
  ];
}

/** The command and the diff in full: what a person is asked to answer for. */
export function createAskedParts(
  { command, cwd, diff, reason }: AgentAsked,
  actions: ViewActions,
): readonly (HTMLElement | null)[] {
  return [
    command === null
      ? null
      : createTextBlock({ title: t('Command'), text: command, openTitle: t('Command') }, actions),
    cwd === null ? null : createFactList([[t('In'), showControls(cwd)]]),
    reason === null
      ? null
      : createTextBlock({ title: t('Why'), text: reason, openTitle: t('Why') }, actions),
    diff === null ? null : createDiffBlock({ title: t('Diff'), diff, note: '' }, actions),
  ];
}

function createApprovalParts(
  asked: AgentAsked,
  decided: AgentDecided | null,
  actions: ViewActions,
): readonly (HTMLElement | null)[] {
  const answer: Facts = decided
    ? toDecidedFacts(decided)
    : [[t('Declined by itself at'), toClockText(asked.deadline)]];
  return [createFactList(answer), ...createAskedParts(asked, actions)];
}

function toDecidedFacts(decided: AgentDecided): Facts {
  return [
    [t('Answered'), toDeciderText(decided)],
    ...(decided.note === null ? [] : [[t('Note'), showControls(decided.note)] as const]),
  ];
}

/** Leads to the entry that has the event. */
function createEntryLink(number: number, actions: ViewActions): HTMLElement {
  return h(
    'p',
    {},
    createButton({
      label: t('Show event {0}', number),
      onClick: () => actions.showEntry(number),
    }),
  );
}

export const changeWords = {
  add: t('Added'),
  update: t('Changed'),
  delete: t('Deleted'),
} as const;
