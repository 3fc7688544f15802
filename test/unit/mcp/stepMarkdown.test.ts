// What a step's Markdown tells of its error.

import assert from 'node:assert/strict';
import { toStepMarkdown } from '../../../src/mcp/stepView';

describe('the Markdown of a step that failed', () => {
  const render = (message: string, traceback: string): string =>
    toStepMarkdown({
      step_index: 1,
      error: { type: 'TimeoutError', message, line: 1, traceback },
    });

  it('tells the message once, whatever its traceback says', () => {
    for (const traceback of [
      '',
      'Traceback\nKeyboardInterrupt\n',
      'Traceback\nTimeoutError: Too long\n',
    ]) {
      const shown = render('Too long', traceback);
      assert.equal(shown.split('Too long').length, 2, shown);
      assert.ok(shown.includes(traceback.trim()), shown);
    }
  });
});
