// The sub-model calls of one step: a list of them, and the chosen one with its prompt and answer.

import type { ContextInfo } from '../../src/core/context';
import type { ModelAnswered } from '../../src/core/event';
import { showControls } from '../../src/base/visible';
import { toOneLine } from '../../src/base/text';
import { toCountText, toDurationText, toTokensText } from '../../src/export/wording';
import { h, setAttributes, setChildren, setText } from '../dom';
import type { TraceStep } from '../model/trace';
import type { ViewActions } from '../snapshot';
import { VirtualList } from '../virtualList';
import { createTraceLink } from './links';
import { createTextBlock } from './textBlock';
import { t, toPlural } from '../l10n';

const rowHeight = 26;
const rowsInView = 8;

export interface CallsView {
  readonly element: HTMLElement;
  /** `contexts`: where a place that a prompt or an answer names may be. */
  update(step: TraceStep, selected: number, contexts: readonly ContextInfo[]): void;
}

export function createCalls(actions: ViewActions): CallsView {
  let calls: readonly ModelAnswered[] = [];
  let shown: ModelAnswered | undefined;
  const note = h('span', { class: 'block-note' });
  const list = new VirtualList({
    id: 'calls',
    label: t('Sub-model calls'),
    rowHeight,
    createRow: () =>
      h(
        'div',
        { class: 'row call-row' },
        h('span', { class: 'row-number' }),
        h('span', { class: 'row-title' }),
        h('span', { class: 'row-facts' }),
        h('span', { class: 'row-time' }),
      ),
    fillRow: (row, index) => {
      const call = calls[index];
      if (call) {
        fillRow(row, call);
      }
    },
    onSelect: (call) => actions.change({ call }),
  });
  const detail = h('div', { class: 'call-detail' });
  const element = h(
    'section',
    { class: 'block', 'aria-label': t('Sub-model calls') },
    h('div', { class: 'block-head' }, h('h3', {}, t('Sub-model calls')), note),
    list.element,
    detail,
  );
  return {
    element,
    update(step: TraceStep, selected: number, contexts: readonly ContextInfo[]): void {
      calls = step.calls;
      element.hidden = calls.length === 0;
      if (calls.length === 0) {
        return;
      }
      const chosen = Math.min(Math.max(0, selected), calls.length - 1);
      list.element.style.height = `${Math.min(rowsInView, calls.length) * rowHeight + 2}px`;
      list.element.hidden = calls.length === 1;
      setText(note, toTotal(calls));
      list.update(calls.length, chosen);
      const call = calls[chosen];
      if (call && call !== shown) {
        shown = call;
        list.reveal(chosen);
        setChildren(detail, createCallDetail(call, contexts, actions));
      }
    },
  };
}

function toTotal(calls: readonly ModelAnswered[]): string {
  const failed = calls.filter(({ answer }) => answer === null).length;
  const tokens = calls.reduce((sum, call) => sum + call.promptTokens + call.answerTokens, 0);
  const parts = [toPlural(calls.length, 'call'), toPlural(tokens, 'token')];
  return [...parts, ...(failed > 0 ? [t('{0} failed', toCountText(failed))] : [])].join(', ');
}

function fillRow(row: HTMLElement, call: ModelAnswered): void {
  const [number, title, facts, time] = row.children;
  const isFailed = call.answer === null;
  const counts = [call.promptTokens, call.answerTokens].map(toCountText);
  const tokens = call.tokensEstimated
    ? t('about {0} + {1} tokens', ...counts)
    : t('{0} + {1} tokens', ...counts);
  const result = isFailed ? t('Failed') : tokens;
  const prompt = showControls(toOneLine(call.prompt, 200));
  setAttributes(row, {
    'data-tone': isFailed ? 'error' : 'ok',
    'aria-label': `${t('Call {0}', call.call + 1)}, ${result}: ${prompt}`,
  });
  if (number && title && facts && time) {
    setText(number, String(call.call + 1));
    setText(title, prompt);
    setText(facts, result);
    setText(time, toDurationText(call.durationMs));
  }
}

function createCallDetail(
  call: ModelAnswered,
  contexts: readonly ContextInfo[],
  actions: ViewActions,
): readonly HTMLElement[] {
  const { prompt, promptChars, answer, error, model, childSessionId } = call;
  const name = t('Step {0}, call {1}', call.step, call.call + 1);
  const facts = [showControls(model), toDurationText(call.durationMs), toTokensText(call, t)];
  const note =
    promptChars > prompt.length
      ? t('first {0} of {1}', toCountText(prompt.length), toPlural(promptChars, 'character'))
      : toPlural(promptChars, 'character');
  const result =
    answer === null
      ? { title: t('Failure'), text: error ?? t('There was no answer.'), tone: 'error' as const }
      : { title: t('Answer'), text: answer, note: toPlural(answer.length, 'character') };
  return [
    h('p', { class: 'call-facts' }, [t('Call {0}', call.call + 1), ...facts].join(' · ')),
    ...(childSessionId === null
      ? []
      : [h('p', {}, createTraceLink(childSessionId, t('Answered by a child session'), actions))]),
    createTextBlock(
      { title: t('Prompt'), text: prompt, note, contexts, openTitle: `${name}: ${t('Prompt')}` },
      actions,
    ),
    createTextBlock({ ...result, contexts, openTitle: `${name}: ${result.title}` }, actions),
  ];
}
