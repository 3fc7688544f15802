// What belongs to an agent's run as a whole: its task, plan, checklist, changed files, approvals, children and errors.

import { showControls } from '../../src/base/visible';
import type { AgentChecked, AgentInfo } from '../../src/core/agent/agentEvent';
import type { Summary } from '../../src/core/summary';
import { toUsdText } from '../../src/export/wording';
import {
  resultWords,
  subjectWords,
  toAskedTitle,
  toCheckedText,
  toDeciderText,
} from '../agentWords';
import { type Child, createIcon, h } from '../dom';
import { icons } from '../icons';
import { t } from '../l10n';
import type { AgentEntry } from '../model/agentEntries';
import type { Trace } from '../model/trace';
import type { ViewActions } from '../snapshot';
import { statusWord, toClockText, toTitle } from '../words';
import { changeWords } from './agentDetail';
import { createTraceLink } from './links';
import { createPart, createTable } from './part';
import { createTextBlock, toCharsNote } from './textBlock';

interface AgentRecord {
  readonly trace: Trace;
  readonly agent: AgentInfo;
  readonly children: readonly Summary[];
}

const maxRows = 500;

export function createAgentParts(
  record: AgentRecord,
  actions: ViewActions,
): readonly (HTMLElement | null)[] {
  const entries = record.trace.entries.filter((entry) => entry.kind === 'agent');
  return [
    createLast(entries, actions),
    createTask(record.agent, actions),
    createPlan(entries, actions),
    createChecklist(record.agent, entries, actions),
    createChangedFiles(entries, actions),
    createApprovalTable(entries, actions),
    createChildren(record, entries, actions),
    createProblems(entries, actions),
  ];
}

/** What it has said last: of a run that is done, its answer. */
function createLast(entries: readonly AgentEntry[], actions: ViewActions): HTMLElement | null {
  const said = entries.findLast(
    ({ first }) => first.kind === 'agent.said' && first.by === 'agent' && first.form === 'message',
  )?.first;
  if (said?.kind !== 'agent.said') {
    return null;
  }
  const title = t('Said last');
  const body = h('div', { class: 'answer' }, showControls(said.text));
  const note = toCharsNote(said.text);
  return createTextBlock({ title, text: said.text, note, body, openTitle: title }, actions);
}

function createTask({ task, goals }: AgentInfo, actions: ViewActions): HTMLElement {
  const text = [task, ...goals.map((goal) => `- ${goal}`)].join('\n');
  return createTextBlock({ title: t('Task'), text, openTitle: t('Task') }, actions);
}

/** The newest. */
function createPlan(entries: readonly AgentEntry[], actions: ViewActions): HTMLElement | null {
  const plan = entries.findLast(
    ({ first }) => first.kind === 'agent.said' && first.form === 'plan',
  )?.first;
  return plan?.kind === 'agent.said'
    ? createTextBlock({ title: t('Plan'), text: plan.text, openTitle: t('Plan') }, actions)
    : null;
}

function createChecklist(
  { checklist }: AgentInfo,
  entries: readonly AgentEntry[],
  actions: ViewActions,
): HTMLElement | null {
  if (checklist.length === 0) {
    return null;
  }
  const done = new Map<string, AgentChecked>();
  for (const { first } of entries) {
    if (first.kind === 'agent.checked') {
      done.set(first.item, first);
    }
  }
  const items = checklist.map(({ id, description }) => {
    const by = done.get(id);
    return h(
      'li',
      { 'data-done': by !== undefined },
      createIcon(by ? icons.check : icons.box),
      h('span', { class: 'unseen' }, by ? t('Done') : t('Open')),
      h('span', {}, showControls(description)),
      by ? h('span', { class: 'quiet' }, toCheckedLink(by, actions)) : null,
    );
  });
  const title = t('Checklist: {0} of {1} done', done.size, checklist.length);
  return createPart(title, h('ul', { class: 'checklist' }, ...items));
}

function toCheckedLink(checked: AgentChecked, actions: ViewActions): Child {
  const text = showControls(toCheckedText(checked));
  const { byEvent } = checked;
  return byEvent === null ? text : createEntryButton(byEvent, text, actions);
}

/** Each file once, as it was changed last. */
function createChangedFiles(
  entries: readonly AgentEntry[],
  actions: ViewActions,
): HTMLElement | null {
  const files = new Map<string, { readonly change: keyof typeof changeWords; number: number }>();
  for (const { first, number } of entries) {
    if (first.kind === 'agent.edited' && first.result === 'ok') {
      first.changes.forEach(({ path, change }) => files.set(path, { change, number }));
    }
  }
  const rows = [...files].map(([path, { change, number }]): readonly Child[] => [
    createEntryButton(number, showControls(path), actions),
    changeWords[change],
  ]);
  return toTablePart(t('Changed files'), [t('File'), t('Change')], rows);
}

function createApprovalTable(
  entries: readonly AgentEntry[],
  actions: ViewActions,
): HTMLElement | null {
  const rows = entries.flatMap(({ first, last, number }): readonly (readonly Child[])[] =>
    first.kind === 'agent.asked'
      ? [
          [
            toClockText(first.at),
            subjectWords[first.subject],
            createEntryButton(number, showControls(toAskedTitle(first).slice(0, 300)), actions),
            last.kind === 'agent.decided'
              ? `${decisionTable[last.decision]}, ${toDeciderText(last)}`
              : t('Not answered'),
          ],
        ]
      : [],
  );
  return toTablePart(t('Approvals'), [t('When'), t('What'), t('Of'), t('Answer')], rows);
}

const decisionTable = {
  accept: t('Approved'),
  decline: t('Declined'),
  cancel: t('Cancelled'),
};

function createChildren(
  { children }: AgentRecord,
  entries: readonly AgentEntry[],
  actions: ViewActions,
): HTMLElement | null {
  const known = new Map(children.map((child) => [child.sessionId, child]));
  const told = entries.flatMap(({ first, last }) =>
    first.kind === 'agent.delegated' && last.kind === 'agent.delegated'
      ? [{ sessionId: first.childSessionId, profileId: first.profileId, status: last.childStatus }]
      : [],
  );
  const rows = told.map(({ sessionId, profileId, status }): readonly Child[] => {
    const child = known.get(sessionId);
    const usage = child?.agent?.usage;
    return [
      createTraceLink(sessionId, child ? toTitle(child.title) : profileId, actions),
      showControls(profileId),
      statusWord(child?.status ?? status),
      usage ? String(usage.tokens) : '',
      typeof usage?.usd === 'number' ? toUsdText(usage.usd) : '',
    ];
  });
  const head = [t('Child agent'), t('Profile'), t('Status'), t('Tokens'), t('Cost')];
  return toTablePart(t('Children'), head, rows);
}

/** What failed, was refused, or went wrong. */
function createProblems(entries: readonly AgentEntry[], actions: ViewActions): HTMLElement | null {
  const rows = entries.flatMap(({ first, number }): readonly (readonly Child[])[] => {
    const link = (word: string): Child => createEntryButton(number, word, actions);
    if (first.kind === 'agent.failed') {
      return [[link(t('Error')), showControls(first.message)]];
    }
    return first.kind === 'agent.refused'
      ? [[link(resultWords.refused), showControls(first.what)]]
      : [];
  });
  return toTablePart(t('Errors and refusals'), [t('Kind'), t('What')], rows);
}

function toTablePart(
  title: string,
  head: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLElement | null {
  const table = createTable(head, rows.slice(-maxRows));
  const left = rows.length - maxRows;
  const note = left > 0 ? h('p', { class: 'quiet' }, t('and {0} earlier ones', left)) : null;
  return table && createPart(title, table, note);
}

function createEntryButton(number: number, text: string, actions: ViewActions): HTMLElement {
  const button = h('button', { type: 'button', class: 'link', title: t('Show it') }, text);
  button.addEventListener('click', () => actions.showEntry(number));
  return button;
}
