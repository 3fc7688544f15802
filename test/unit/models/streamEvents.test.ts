import assert from 'node:assert/strict';
import { toPiece } from '../../../src/models/streamEvents';

describe('the end of an answer', () => {
  const chat = (reason: string) => ({ choices: [{ delta: {}, finish_reason: reason }] });
  const messages = (reason: string) => ({ type: 'message_delta', delta: { stop_reason: reason } });
  const responses = (reason: string) => ({
    type: 'response.incomplete',
    response: { incomplete_details: { reason } },
  });
  const ends = [
    ['chat', chat('stop'), null],
    ['chat', chat('tool_calls'), null],
    ['chat', chat('length'), 'tokens'],
    ['chat', chat('content_filter'), 'filter'],
    ['messages', messages('end_turn'), null],
    ['messages', messages('max_tokens'), 'tokens'],
    ['messages', messages('model_context_window_exceeded'), 'tokens'],
    ['messages', messages('refusal'), 'filter'],
    ['responses', responses('max_output_tokens'), 'tokens'],
    ['responses', responses('content_filter'), 'filter'],
    ['responses', { type: 'response.completed', response: {} }, null],
  ] as const;
  for (const [protocol, event, expected] of ends) {
    it(`is whole or cut as ${protocol} says: ${JSON.stringify(event)}`, () => {
      const { isEnd, cutBy } = toPiece(protocol, event);
      assert.deepStrictEqual({ isEnd, cutBy }, { isEnd: true, cutBy: expected });
    });
  }
});
