// What a step's Markdown tells of its error.

import assert from 'node:assert/strict';
import { toRunMarkdown } from '../../../src/mcp/loopView';
import { toStepMarkdown } from '../../../src/mcp/stepMarkdown';

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

describe('the Markdown of a step that waits', () => {
  it('names what waits, also where none of it is new', () => {
    const shown = toStepMarkdown({ step_index: 1, pending_count: 2, still_waiting: ['p2', 'p3'] });
    assert.match(shown, /2 prompts wait.*p2, p3.*Next: rlm_answer/su);
  });

  it('names them in the Markdown of a run', () => {
    const shown = toRunMarkdown({
      ...{ status: 'waiting', session_id: 's', answer: null, iterations: 2, finish_reason: null },
      ...{ pending_count: 1, still_waiting: ['p2'] },
    });
    assert.match(shown, /1 prompt waits.*p2.*Next: rlm_answer/su);
  });
});
