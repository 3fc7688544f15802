// The code of a step, in colours, with the failing line marked.

import type { Language, StepError } from '../../src/core/sandbox';
import { showControls } from '../../src/base/visible';
import { h } from '../dom';
import { tokenize } from '../model/tokens';
import { t } from '../l10n';

const longLines = 400;

export function createCode(code: string, language: Language, error: StepError | null): HTMLElement {
  const lines = tokenize(showControls(code), language);
  const body = h('code', {});
  for (const [index, tokens] of lines.entries()) {
    const isFailing = error?.line === index + 1;
    const line = h(
      'span',
      { class: 'code-line', 'data-failing': isFailing },
      ...tokens.map(({ kind, text }) =>
        kind === 'plain' ? text : h('span', { 'data-token': kind }, text),
      ),
      '\n',
    );
    body.append(line);
    if (isFailing) {
      const message = showControls(`${error.type}: ${error.message}`);
      body.append(h('span', { class: 'code-failure', role: 'note' }, message));
    }
  }
  const isLong = lines.length > longLines;
  return h(
    'pre',
    {
      class: isLong ? 'code is-long' : 'code',
      tabindex: isLong ? 0 : null,
      role: isLong ? 'region' : null,
      'aria-label': isLong ? t('Code') : null,
    },
    body,
  );
}
