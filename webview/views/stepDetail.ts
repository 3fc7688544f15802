// Everything about one step. A part is built anew only when what it shows is new.

import { toHandedIn } from '../../src/core/offeredAnswer';
import type { Outcome } from '../../src/core/sandbox';
import { toShownTexts } from '../../src/core/shownTexts';
import { showControls } from '../../src/base/visible';
import { stopWords, toDurationText, toOutcomeNotes } from '../../src/export/wording';
import { createIcon, h, setAttributes, setChildren, setText } from '../dom';
import { icons } from '../icons';
import type { TraceStep } from '../model/trace';
import { compareVariables } from '../model/variables';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { type ButtonControl, createButton, createProgressRing } from '../toolkit';
import { toClockText, verdictIcons, verdictWord } from '../words';
import { createCalls } from './calls';
import { createChanges } from './changes';
import { createCode } from './codeBlock';
import { createReply } from './reply';
import { createTextBlock, toCharsNote } from './textBlock';
import { t } from '../l10n';

export function createStepDetail(actions: ViewActions): View {
  const head = createDetailHead(actions);
  const codePart = h('div', {});
  const outcomePart = h('div', {});
  const calls = createCalls(actions);
  const running = h(
    'p',
    { class: 'running' },
    createProgressRing(t('Running')),
    t('This step is running. Its output comes when it ends.'),
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
    { class: 'detail', id: 'detail', tabindex: -1, role: 'region', 'aria-label': t('Step') },
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
      const verdict = trace.readVerdict(step);
      running.hidden = verdict !== 'running';
      for (const part of [codePart, outcomePart]) {
        setAttributes(part, { 'data-verdict': verdict });
      }
      calls.update(step, view.call, snapshot.summary?.contexts ?? []);
      setAttributes(element, { 'aria-label': t('Step {0}', step.step) });
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
    return t('Choose a step to see its code, output and variables.');
  }
  return status === 'active'
    ? t('No step has run yet. The first one shows here as soon as it starts.')
    : t('No step was run in this session.');
}

function createDetailHead(actions: ViewActions): View {
  let step = 0;
  const title = h('h2', {});
  const verdictIcon = createIcon(icons.dash);
  const word = h('span', {});
  const verdict = h('span', { class: 'verdict' }, verdictIcon, word);
  const facts = h('span', { class: 'detail-facts' });
  const link = createButton({
    label: t('Copy a link to this step'),
    icon: 'link',
    onClick: () => actions.ask('copyLink', { step }),
  });
  const fork: ButtonControl = createButton({
    label: t('Fork from here'),
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
      setText(title, step === 0 ? t('Before the first step') : t('Step {0}', step));
      setText(word, verdictWord(standingVerdict));
      setAttributes(verdict, { 'data-tone': standingVerdict });
      verdictIcon.querySelector('path')?.setAttribute('d', icons[verdictIcons[standingVerdict]]);
      setText(facts, toHeadFacts(shown, standingVerdict === 'running' ? now : null));
      fork.hidden = !standing.actions.includes('fork') || shown.outcome === null;
      setText(
        stop,
        shown.stop === null ? '' : t('The session was stopped {0}.', t(stopWords[shown.stop])),
      );
      stop.hidden = shown.stop === null;
    },
  };
}

function toHeadFacts({ outcome, startedAt }: TraceStep, runningAt: number | null): string {
  const runningMs = runningAt === null || startedAt === null ? null : runningAt - startedAt;
  const durationMs = outcome?.durationMs ?? runningMs;
  const facts = [
    durationMs === null ? null : toDurationText(Math.max(0, durationMs)),
    startedAt === null ? null : t('started {0}', toClockText(startedAt)),
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
      { title: t('Code'), text: code, body, language, openTitle: t('Step {0}', step) },
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
              openTitle: `${t('Step {0}', step.step)}: ${title}`,
              ...(tone && { tone }),
            },
            actions,
          ),
        ];
  const texts = toShownTexts(outcome);
  const changes = compareVariables(trace.entries, step);
  const parts = [
    ...createErrorLine(outcome),
    ...toOutcomeNotes(outcome, t).map((note) => h('p', { class: 'outcome-note' }, note)),
    ...text(t('Output'), texts.stdout),
    ...text(t('Error output'), texts.stderr),
    ...text(t('Result'), texts.result ?? ''),
    ...text(t('Traceback'), outcome.error?.traceback ?? '', 'error'),
    ...text(
      toHandedIn(outcome) === null
        ? t('Answer, not taken: the code did not run to its end')
        : t('Final answer'),
      outcome.finalAnswer ?? '',
    ),
    ...(changes.length > 0 ? [createChanges(changes, contexts, actions)] : []),
  ];
  return parts.length > 0
    ? parts
    : [h('p', { class: 'quiet' }, t('No output, no result, and no variable changed.'))];
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
