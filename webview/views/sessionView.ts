// What belongs to the session as a whole: its answer, contexts, children, replays and facts.

import type { ContextInfo } from '../../src/core/context';
import type { SessionReplayed } from '../../src/core/event';
import type { Summary } from '../../src/core/summary';
import { showControls } from '../../src/export/visible';
import {
  finishWords,
  languageWords,
  statusWords,
  toCountText,
  toDurationText,
  toPluralText,
} from '../../src/export/wording';
import { type Child, h, setChildren } from '../dom';
import type { Run } from '../model/trace';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { createButton } from '../toolkit';
import { capitalize, toDateText } from '../words';
import { createSourceLink, createTraceLink } from './links';
import { createReply } from './reply';
import { createTextBlock, toCharsNote } from './textBlock';

export function createSessionView(actions: ViewActions): View {
  const element = h('div', {
    class: 'session',
    role: 'tabpanel',
    id: 'panel-session',
    tabindex: 0,
    'aria-labelledby': 'tab-session',
  });
  let shown: readonly unknown[] = [];
  return {
    element,
    update({ summary, standing, status, trace }: Snapshot): void {
      if (!summary) {
        return;
      }
      const run = trace.runs.at(-1);
      const { finalAnswer, contexts, usage } = summary;
      const key = [finalAnswer, contexts, usage.steps, standing, status, run];
      if (key.every((part, index) => part === shown[index]) && shown.length > 0) {
        return;
      }
      shown = key;
      const replays = trace.entries.flatMap((entry) =>
        entry.kind === 'mark' && entry.event.kind === 'session.replayed' ? [entry.event] : [],
      );
      setChildren(element, [
        createAnswer(summary, actions),
        ...trace.runs.map((one) => createRun(one, actions)),
        createContexts(summary, actions),
        createChildren(standing.children, actions),
        ...replays.map(createReplay),
        createFacts({ ...summary, status }, actions),
      ]);
    },
  };
}

function createAnswer({ finalAnswer }: Summary, actions: ViewActions): HTMLElement | null {
  if (finalAnswer === null) {
    return null;
  }
  const note = toCharsNote(finalAnswer);
  const body = h('div', { class: 'answer' }, showControls(finalAnswer));
  const title = 'Final answer';
  return createTextBlock({ title, text: finalAnswer, note, body, openTitle: title }, actions);
}

function createPart(title: string, ...children: readonly Child[]): HTMLElement {
  const head = h('div', { class: 'block-head' }, h('h3', {}, title));
  return h('section', { class: 'block', 'aria-label': title }, head, ...children);
}

function createContexts({ contexts }: Summary, actions: ViewActions): HTMLElement {
  return contexts.length === 0
    ? createPart('Context', h('p', { class: 'quiet' }, 'No context was loaded.'))
    : createPart('Context', ...contexts.map((context) => createContext(context, actions)));
}

function createContext(context: ContextInfo, actions: ViewActions): HTMLElement {
  const { variable, kind, sources, sourceCount, skipped, skippedCount } = context;
  const size = [
    toPluralText(sourceCount, kind === 'text' ? 'text' : 'file'),
    toPluralText(context.totalChars, 'character'),
    toPluralText(context.totalLines, 'line'),
  ].join(', ');
  const toSource = (path: string): Child =>
    kind === 'text' ? showControls(path) : createSourceLink(path, actions);
  return h(
    'div',
    { class: 'context' },
    h('p', {}, h('strong', { class: 'mono' }, showControls(variable)), ` ${size}`),
    createTable(
      ['Source', 'Characters'],
      sources.map(({ path, chars }) => [toSource(path), toCountText(chars)]),
    ),
    createMore(sourceCount - sources.length, 'more'),
    createTable(
      ['Skipped', 'Why'],
      skipped.map(({ path, reason }) => [showControls(path), showControls(reason)]),
    ),
    createMore(skippedCount - skipped.length, 'more skipped'),
  );
}

function createChildren(children: readonly Summary[], actions: ViewActions): HTMLElement | null {
  if (children.length === 0) {
    return null;
  }
  const rows = children.map((child) => {
    return [
      createTraceLink(child.sessionId, child.title || 'Untitled session', actions),
      statusWords[child.status],
      toCountText(child.usage.steps),
      toDateText(child.createdAt),
    ];
  });
  return createPart('Child sessions', createTable(['Session', 'Status', 'Steps', 'Opened'], rows));
}

function createRun({ started, finished, replies }: Run, actions: ViewActions): HTMLElement {
  const { task, model, subModel, maxIterations } = started;
  const facts: (readonly [string, string])[] = [
    ['Model', model ?? 'the default'],
    ['Sub-model', subModel ?? 'the default'],
    ['Iterations', `${finished ? `${finished.iterations} of ` : 'at most '}${maxIterations}`],
  ];
  if (finished) {
    facts.push(['Ended', capitalize(finishWords[finished.finishReason])]);
    facts.push(...(finished.error === null ? [] : [['Error', finished.error] as const]));
  }
  return createPart(
    'Run',
    h('div', { class: 'thinking' }, showControls(task)),
    createFactList(facts.map(([name, value]) => [name, showControls(value)])),
    ...replies.map((reply) => createReply(reply, '', actions)),
  );
}

function createReplay(event: SessionReplayed): HTMLElement {
  const { stepsRun, stepsSkipped, differences, differenceCount, at } = event;
  const skipped = stepsSkipped > 0 ? `, ${toPluralText(stepsSkipped, 'step')} skipped` : '';
  const text =
    `${toDateText(at)}: ${toPluralText(stepsRun, 'step')} run again${skipped}, ` +
    `${toPluralText(differenceCount, 'difference')} from the record.`;
  const rows = differences.map(({ step, field, recorded, replayed }) =>
    [step === 0 ? '' : String(step), field, recorded, replayed].map(showControls),
  );
  return createPart(
    'Replay',
    h('p', {}, text),
    createTable(['Step', 'What', 'Recorded', 'Replayed'], rows),
    createMore(differenceCount - differences.length, 'more'),
  );
}

function createFacts(summary: Summary, actions: ViewActions): HTMLElement {
  const { limits, parentSessionId } = summary;
  const copy = createButton({
    label: 'Copy the session id',
    icon: 'copy',
    onClick: () => actions.ask('copy', { text: summary.sessionId }),
  });
  const facts: (readonly [string, Child])[] = [
    [
      'Session',
      h('span', { class: 'with-button' }, h('span', { class: 'mono' }, summary.sessionId), copy),
    ],
    ['Status', statusWords[summary.status]],
    ['Language', languageWords[summary.language]],
    ['Opened', toDateText(summary.createdAt)],
    ['Last change', toDateText(summary.updatedAt)],
    ['Time for one step', toDurationText(limits.stepTimeoutMs)],
    ['Time for the session', toDurationText(limits.maxSessionMs)],
    ['Memory', `${toCountText(limits.maxMemoryMb)} MB`],
    ['Output kept of a step', toPluralText(limits.maxOutputChars, 'character')],
    ['Depth', `${summary.depth} of ${limits.maxDepth}`],
  ];
  if (parentSessionId !== null) {
    facts.push(['Parent session', createTraceLink(parentSessionId, parentSessionId, actions)]);
  }
  return createPart('Facts', createFactList(facts));
}

function createFactList(facts: readonly (readonly [string, Child])[]): HTMLElement {
  const list = facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
  return h('dl', { class: 'facts' }, ...list);
}

function createTable(
  head: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLElement | null {
  return rows.length === 0
    ? null
    : h(
        'table',
        {},
        h('thead', {}, h('tr', {}, ...head.map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', {}, ...rows.map((row) => h('tr', {}, ...row.map((cell) => h('td', {}, cell))))),
      );
}

function createMore(count: number, what: string): HTMLElement | null {
  return count > 0 ? h('p', { class: 'quiet' }, `and ${toCountText(count)} ${what}`) : null;
}
