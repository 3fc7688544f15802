// What belongs to the session as a whole: its answer, contexts, children, replays and facts.

import type { ContextInfo, SourceInfo } from '../../src/core/context';
import type { SessionReplayed } from '../../src/core/event';
import { wordWarning } from '../../src/core/nextSteps';
import type { AgentInfo } from '../../src/core/agent/agentEvent';
import type { Limits } from '../../src/core/limits';
import type { ReplSummary, Summary } from '../../src/core/summary';
import { showControls } from '../../src/base/visible';
import {
  finishWords,
  languageWords,
  toCountText,
  toDurationText,
  toPlaceText,
} from '../../src/export/wording';
import { type Child, h, isSame, setChildren } from '../dom';
import type { Run } from '../model/trace';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { createButton } from '../toolkit';
import { capitalize, statusWord, toDateText, toTitle } from '../words';
import { createAgentParts } from './agentParts';
import { createCommands, createFiles, isFileEvent } from './fileParts';
import { createSourceLink, createTraceLink } from './links';
import { createFactList, createPart, createTable } from './part';
import { createReply } from './reply';
import { createTextBlock, toCharsNote } from './textBlock';
import { t, toPlural } from '../l10n';

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
      const files = trace.entries.flatMap((entry) =>
        entry.kind === 'mark' && isFileEvent(entry.event) ? [entry.event] : [],
      );
      const replays = trace.entries.flatMap((entry) =>
        entry.kind === 'mark' && entry.event.kind === 'session.replayed' ? [entry.event] : [],
      );
      const state = [finalAnswer, contexts, usage.steps, standing, status, run];
      const key = [...state, files.length, replays.length, summary.agent && trace.version];
      if (isSame(key, shown)) {
        return;
      }
      shown = key;
      if (summary.agent) {
        setChildren(element, [
          ...createAgentParts(
            { trace, agent: summary.agent, children: standing.children },
            actions,
          ),
          createFacts({ ...summary, status }, actions),
        ]);
        return;
      }
      setChildren(element, [
        createAnswer(summary, actions),
        ...trace.runs.map((one) => createRun(one, actions)),
        createContexts(summary, actions),
        createChildren(standing.children, actions),
        createFiles(files),
        ...createCommands(files, actions),
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
  const title = t('Final answer');
  return createTextBlock({ title, text: finalAnswer, note, body, openTitle: title }, actions);
}

function createContexts({ contexts }: Summary, actions: ViewActions): HTMLElement {
  return contexts.length === 0
    ? createPart(t('Context'), h('p', { class: 'quiet' }, t('No context was loaded.')))
    : createPart(t('Context'), ...contexts.map((context) => createContext(context, actions)));
}

function createContext(context: ContextInfo, actions: ViewActions): HTMLElement {
  const { variable, kind, sources, sourceCount, warnings, skipped, skippedCount } = context;
  const size = [
    toPlural(sourceCount, kind === 'text' ? 'text' : 'file'),
    toPlural(context.totalChars, 'character'),
    toPlural(context.totalLines, 'line'),
  ].join(', ');
  const toSource = (path: string): Child =>
    kind === 'text' ? showControls(path) : createSourceLink(path, actions);
  return h(
    'div',
    { class: 'context' },
    h('p', {}, h('strong', { class: 'mono' }, showControls(variable)), ` ${size}`),
    createTable(
      [t('Source'), t('Characters'), t('Encoding')],
      sources.map((source) => [
        toSource(source.path),
        toCountText(source.chars),
        showControls(toEncodingText(source)),
      ]),
    ),
    createMore(sourceCount - sources.length),
    createTable(
      [t('Warning')],
      warnings.map((warning) => [showControls(wordAt(actions.place, warning))]),
    ),
    createTable(
      [t('Skipped'), t('Why')],
      skipped.map(({ path, reason }) => [showControls(path), showControls(reason)]),
    ),
    createMore(skippedCount - skipped.length),
  );
}

/** A page is read anywhere, so it has the words of the record. */
function wordAt(place: ViewActions['place'], warning: string): string {
  return place === 'editor' ? wordWarning(warning, 'editor') : warning;
}

function toEncodingText({ encoding, encodingFrom, replacedChars }: SourceInfo): string {
  const origins = {
    bom: t('by its mark'),
    declared: t('declared'),
    given: t('given'),
    guessed: t('found'),
  };
  const name = `${encoding} (${origins[encodingFrom]})`;
  return replacedChars === 0 ? name : t('{0}, {1} replaced', name, toCountText(replacedChars));
}

function createChildren(children: readonly Summary[], actions: ViewActions): HTMLElement | null {
  if (children.length === 0) {
    return null;
  }
  const rows = children.map((child) => {
    return [
      createTraceLink(child.sessionId, toTitle(child.title), actions),
      statusWord(child.status),
      toCountText(child.usage.steps),
      toDateText(child.createdAt),
    ];
  });
  return createPart(
    t('Child sessions'),
    createTable([t('Session'), t('Status'), t('Steps'), t('Opened')], rows),
  );
}

function createRun({ started, finished, replies }: Run, actions: ViewActions): HTMLElement {
  const { task, model, subModel, maxIterations } = started;
  const facts: (readonly [string, string])[] = [
    [t('Model'), model ?? t('the default')],
    [t('Sub-model'), subModel ?? t('the default')],
    [
      t('Iterations'),
      finished
        ? t('{0} of {1}', finished.iterations, maxIterations)
        : t('at most {0}', maxIterations),
    ],
  ];
  if (finished) {
    facts.push([t('Ended'), capitalize(t(finishWords[finished.finishReason]))]);
    facts.push(...(finished.error === null ? [] : [[t('Error'), finished.error] as const]));
  }
  return createPart(
    t('Run'),
    h('div', { class: 'thinking' }, showControls(task)),
    createFactList(facts.map(([name, value]) => [name, showControls(value)])),
    ...replies.map((reply) => createReply(reply, '', actions)),
  );
}

function createReplay(event: SessionReplayed): HTMLElement {
  const { stepsRun, stepsSkipped, differences, differenceCount, at } = event;
  const facts = [
    t('{0} run again', toPlural(stepsRun, 'step')),
    ...(stepsSkipped > 0 ? [t('{0} skipped', toPlural(stepsSkipped, 'step'))] : []),
    t('{0} from the record', toPlural(differenceCount, 'difference')),
  ];
  const rows = differences.map(({ step, field, recorded, replayed }) =>
    [step === 0 ? '' : String(step), field, recorded, replayed].map(showControls),
  );
  return createPart(
    t('Replay'),
    h('p', {}, `${toDateText(at)}: ${facts.join(', ')}.`),
    createTable([t('Step'), t('What'), t('Recorded'), t('Replayed')], rows),
    createMore(differenceCount - differences.length),
  );
}

function createFacts(summary: Summary, actions: ViewActions): HTMLElement {
  const { limits, parentSessionId } = summary;
  const copy = createButton({
    label: t('Copy the session id'),
    icon: 'copy',
    onClick: () => actions.ask('copy', { text: summary.sessionId }),
  });
  const facts: (readonly [string, Child])[] = [
    [
      t('Session'),
      h('span', { class: 'with-button' }, h('span', { class: 'mono' }, summary.sessionId), copy),
    ],
    [t('Status'), statusWord(summary.status)],
    ...(summary.agent ? toAgentFacts(summary.agent) : toReplFacts(summary)),
    [t('Opened'), toDateText(summary.createdAt)],
    [t('Last change'), toDateText(summary.updatedAt)],
    ...(summary.agent ? [] : toLimitFacts(limits)),
    [t('Depth'), t('{0} of {1}', summary.depth, limits.maxDepth)],
  ];
  if (parentSessionId !== null) {
    facts.push([t('Parent session'), createTraceLink(parentSessionId, parentSessionId, actions)]);
  }
  return createPart(t('Facts'), createFactList(facts));
}

function toLimitFacts(limits: Limits): (readonly [string, Child])[] {
  return [
    [t('Time for one step'), toDurationText(limits.stepTimeoutMs)],
    [t('Time for the session'), toDurationText(limits.maxSessionMs)],
    [t('Memory'), `${toCountText(limits.maxMemoryMb)} MB`],
    [t('Output kept of a step'), toPlural(limits.maxOutputChars, 'character')],
  ];
}

function toReplFacts({ language, sandbox }: ReplSummary): (readonly [string, Child])[] {
  return [
    [t('Language'), languageWords[language]],
    [t('Runs in'), toPlaceText(sandbox, t)],
    ...(sandbox.walls.length > 0 ? [[t('Walls'), sandbox.walls.join(', ')] as const] : []),
  ];
}

function toAgentFacts({
  profileTitle,
  profileId,
  isolation,
  folder,
  permissions,
  model,
}: AgentInfo): (readonly [string, Child])[] {
  const { sandbox, network, approvals, deny, write, maySpawn } = permissions;
  const list = (name: string, items: readonly string[]): (readonly [string, Child])[] =>
    items.length === 0 ? [] : [[name, showControls(items.join(', '))]];
  return [
    [t('Agent'), showControls(`${profileTitle} (${profileId})`)],
    [t('Model'), model ?? t('as configured')],
    [t('Works in'), showControls(`${isolation}: ${folder}`)],
    [t('May'), `${sandbox}, ${network ? t('with network') : t('without network')}`],
    [t('Asks'), approvals],
    ...list(t('Must leave alone'), deny),
    ...list(t('May change only'), write),
    ...list(t('May spawn'), maySpawn),
  ];
}

function createMore(count: number): HTMLElement | null {
  return count > 0 ? h('p', { class: 'quiet' }, t('and {0} more', toCountText(count))) : null;
}
