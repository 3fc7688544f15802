// What the model that writes a session's code said.

import type { ModelAnswered } from '../../src/core/event';
import { showControls } from '../../src/base/visible';
import { toDurationText, toTokensText } from '../../src/export/wording';
import { h } from '../dom';
import { toThinkingText } from '../model/thinking';
import type { ViewActions } from '../snapshot';
import { createTextBlock } from './textBlock';
import { t } from '../l10n';

/** `code`: shown elsewhere, and left out here; empty: nothing is. */
export function createReply(reply: ModelAnswered, code: string, actions: ViewActions): HTMLElement {
  const { answer, error, model, durationMs } = reply;
  const text = answer ?? error ?? '';
  const thinking = toThinkingText(text, code) || t('It gave the code alone.');
  const note = showControls(
    [model, toDurationText(durationMs), toTokensText(reply, t)].join(' · '),
  );
  const body = h('div', { class: 'thinking' }, showControls(thinking));
  const title = answer === null ? t('Failed reply') : t('Thinking');
  const tone = answer === null ? { tone: 'error' as const } : {};
  return createTextBlock({ title, text, note, body, openTitle: title, ...tone }, actions);
}
