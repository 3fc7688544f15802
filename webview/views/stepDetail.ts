// Everything about one step. A part is built anew only when what it shows is new.

import type { Outcome } from '../../src/core/sandbox';
import { showControls } from '../../src/export/visible';
import { stopWords, toDurationText, toOutcomeNotes } from '../../src/export/wording';
import { createIcon, h, setAttributes, setChildren, setText } from '../dom';
import { icons } from '../icons';
import type { TraceStep } from '../model/trace';
import { compareVariables } from '../model/variables';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { type ButtonControl, createButton, createProgressRing } from '../toolkit';
import { shownVerdictWords, toClockText, verdictIcons } from '../words';
import { createCalls } from './calls';
import { createChanges } from './changes';
import { createCode } from './codeBlock';
import { createReply } from './reply';
import { createTextBlock, toCharsNote } from './textBlock';

export function createStepDetail(actions: ViewActions): View {
  const head = createDetailHead(actions);
  const codePart = h('div', {});
  const outcomePart = h('div', {});
  const calls = createCalls(actions);
  const running = h(
    'p',
    { class: 'running' },
    createProgressRing('Running'),
    'This step is running. Its output comes when it ends.',
  );
  const body = h(
    'div',
    { class: 'detail-body' },
    head.element,
    codePart,
    running,
    outcomePart,
    calls.element,
  );
  const empty = h('p', { class: 'empty' });
  const element = h(
    'div',
    { class: 'detail', id: 'detail', tabindex: -1, role: 'region', 'aria-label': 'Step' },
    body,
    empty,
  );
  element.addEventListener('scroll', () => actions.remember({ detailScroll: element.scrollTop }));
  let shown: TraceStep | null = null;
  let isRestored = false;
  return {
    element,
    update(snapshot: Snapshot): void {
      const { trace, view } = snapshot;
      const step = view.step === null ? undefined : trace.findStep(view.step);
      body.hidden = step === undefined;
      empty.hidden = step !== undefined;
      setText(empty, toEmptyText(snapshot));
      if (!step) {
        shown = null;
        return;
      }
      const isOther = shown?.step !== step.step;
      head.update(snapshot);
      if (isOther || shown?.code !== step.code || shown.outcome !== step.outcome) {
        setChildren(codePart, createCodePart(step, snapshot, actions));
      }
      if (isOther || shown?.outcome !== step.outcome) {
        setChildren(outcomePart, createOutcomePart(step, snapshot, actions));
      }
      running.hidden = trace.readVerdict(step) !== 'running';
      calls.update(step, view.call, snapshot.summary?.contexts ?? []);
      setAttributes(element, { 'aria-label': `Step ${step.step}` });
      if (isOther) {
        element.scrollTop = isRestored ? 0 : view.detailScroll;
        isRestored = true;
      }
      shown = step;
    },
  };
}

function toEmptyText({ trace, status, loading }: Snapshot): string {
  if (loading.kind !== 'complete' || trace.steps.length > 0) {
    return 'Choose a step to see its code, output and variables.';
  }
  return status === 'active'
    ? 'No step has run yet. The first one shows here as soon as it starts.'
    : 'No step was run in this session.';
}

function createDetailHead(actions: ViewActions): View {
  let step = 0;
  const title = h('h2', {});
  const verdictIcon = createIcon(icons.dash);
  const verdictWord = h('span', {});
  const verdict = h('span', { class: 'verdict' }, verdictIcon, verdictWord);
  const facts = h('span', { class: 'detail-facts' });
  const link = createButton({
    label: 'Copy a link to this step',
    icon: 'link',
    onClick: () => actions.ask('copyLink', { step }),
  });
  const fork: ButtonControl = createButton({
    label: 'Fork from here',
    onClick: () => actions.ask('fork', { step }),
  });
  const stop = h('p', { class: 'stop-note' });
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
        h('div', { class: 'detail-actions' }, fork, link),
      ),
      stop,
    ),
    update({ trace, view, standing, now }: Snapshot): void {
      const shown = view.step === null ? undefined : trace.findStep(view.step);
      if (!shown) {
        return;
      }
      step = shown.step;
      const standingVerdict = trace.readVerdict(shown);
      setText(title, step === 0 ? 'Before the first step' : `Step ${step}`);
      setText(verdictWord, shownVerdictWords[standingVerdict]);
      setAttributes(verdict, { 'data-tone': standingVerdict });
      verdictIcon.querySelector('path')?.setAttribute('d', icons[verdictIcons[standingVerdict]]);
      setText(facts, toHeadFacts(shown, standingVerdict === 'running' ? now : null));
      fork.hidden = !standing.actions.includes('fork') || shown.outcome === null;
      setText(stop, shown.stop === null ? '' : `The session was stopped ${stopWords[shown.stop]}.`);
      stop.hidden = shown.stop === null;
    },
  };
}

function toHeadFacts({ outcome, startedAt }: TraceStep, runningAt: number | null): string {
  const runningMs = runningAt === null || startedAt === null ? null : runningAt - startedAt;
  const durationMs = outcome?.durationMs ?? runningMs;
  const facts = [
    durationMs === null ? null : toDurationText(Math.max(0, durationMs)),
    startedAt === null ? null : `started ${toClockText(startedAt)}`,
  ];
  return facts.filter((fact) => fact !== null).join(' · ');
}

function createCodePart(
  { code, outcome, step, thinking }: TraceStep,
  { summary }: Snapshot,
  actions: ViewActions,
): readonly HTMLElement[] {
  if (code === null) {
    return [];
  }
  const language = summary?.language ?? 'python';
  const body = createCode(code, language, outcome?.error ?? null);
  return [
    ...thinking.map((reply) => createReply(reply, code, actions)),
    createTextBlock(
      { title: 'Code', text: code, body, language, openTitle: `Step ${step}` },
      actions,
    ),
  ];
}

function createOutcomePart(
  step: TraceStep,
  { trace, summary }: Snapshot,
  actions: ViewActions,
): readonly HTMLElement[] {
  const { outcome } = step;
  if (!outcome) {
    return [];
  }
  const contexts = summary?.contexts ?? [];
  const text = (title: string, given: string, tone?: 'error'): readonly HTMLElement[] =>
    given === ''
      ? []
      : [
          createTextBlock(
            {
              title,
              text: given,
              note: toCharsNote(given),
              contexts,
              openTitle: `Step ${step.step}: ${title.toLowerCase()}`,
              ...(tone && { tone }),
            },
            actions,
          ),
        ];
  const changes = compareVariables(trace.entries, step);
  const parts = [
    ...createErrorLine(outcome),
    ...toOutcomeNotes(outcome).map((note) => h('p', { class: 'outcome-note' }, note)),
    ...text('Output', outcome.stdout),
    ...text('Error output', outcome.stderr),
    ...text('Result', outcome.result ?? ''),
    ...text('Traceback', outcome.error?.traceback ?? '', 'error'),
    ...text('Final answer', outcome.finalAnswer ?? ''),
    ...(changes.length > 0 ? [createChanges(changes, contexts, actions)] : []),
  ];
  return parts.length > 0
    ? parts
    : [h('p', { class: 'quiet' }, 'No output, no result, and no variable changed.')];
}

/** Where the failing line is known, the code itself shows the error beneath it. */
function createErrorLine({ error }: Outcome): readonly HTMLElement[] {
  return error?.line === null
    ? [
        h(
          'p',
          { class: 'error-line', role: 'note' },
          showControls(`${error.type}: ${error.message}`),
        ),
      ]
    : [];
}
