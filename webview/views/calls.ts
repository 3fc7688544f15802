// The sub-model calls of one step: a list of them, and the chosen one with its prompt and answer.

import type { ContextInfo } from '../../src/core/context';
import type { ModelAnswered } from '../../src/core/event';
import { showControls } from '../../src/export/visible';
import { toOneLine } from '../../src/base/text';
import { toCountText, toDurationText, toPluralText, toTokensText } from '../../src/export/wording';
import { h, setAttributes, setChildren, setText } from '../dom';
import type { TraceStep } from '../model/trace';
import type { ViewActions } from '../snapshot';
import { VirtualList } from '../virtualList';
import { createTraceLink } from './links';
import { createTextBlock } from './textBlock';

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
    label: 'Sub-model calls',
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
    { class: 'block', 'aria-label': 'Sub-model calls' },
    h('div', { class: 'block-head' }, h('h3', {}, 'Sub-model calls'), note),
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
  const parts = [toPluralText(calls.length, 'call'), toPluralText(tokens, 'token')];
  return [...parts, ...(failed > 0 ? [`${toCountText(failed)} failed`] : [])].join(', ');
}

function fillRow(row: HTMLElement, call: ModelAnswered): void {
  const [number, title, facts, time] = row.children;
  const isFailed = call.answer === null;
  const about = call.tokensEstimated ? 'about ' : '';
  const tokens = `${about}${toCountText(call.promptTokens)} + ${toCountText(call.answerTokens)} tokens`;
  const prompt = showControls(toOneLine(call.prompt, 200));
  setAttributes(row, {
    'data-tone': isFailed ? 'error' : 'ok',
    'aria-label': `Call ${call.call + 1}, ${isFailed ? 'failed' : tokens}: ${prompt}`,
  });
  if (number && title && facts && time) {
    setText(number, String(call.call + 1));
    setText(title, prompt);
    setText(facts, isFailed ? 'Failed' : tokens);
    setText(time, toDurationText(call.durationMs));
  }
}

function createCallDetail(
  call: ModelAnswered,
  contexts: readonly ContextInfo[],
  actions: ViewActions,
): readonly HTMLElement[] {
  const { prompt, promptChars, answer, error, model, childSessionId } = call;
  const name = `Step ${call.step}, call ${call.call + 1}`;
  const facts = [showControls(model), toDurationText(call.durationMs), toTokensText(call)];
  const note =
    promptChars > prompt.length
      ? `first ${toCountText(prompt.length)} of ${toPluralText(promptChars, 'character')}`
      : toPluralText(promptChars, 'character');
  const result =
    answer === null
      ? { title: 'Failure', text: error ?? 'There was no answer.', tone: 'error' as const }
      : { title: 'Answer', text: answer, note: toPluralText(answer.length, 'character') };
  return [
    h('p', { class: 'call-facts' }, `Call ${call.call + 1} · ${facts.join(' · ')}`),
    ...(childSessionId === null
      ? []
      : [h('p', {}, 'Answered by ', createTraceLink(childSessionId, 'a child session', actions))]),
    createTextBlock(
      { title: 'Prompt', text: prompt, note, contexts, openTitle: `${name}: prompt` },
      actions,
    ),
    createTextBlock(
      { ...result, contexts, openTitle: `${name}: ${result.title.toLowerCase()}` },
      actions,
    ),
  ];
}
