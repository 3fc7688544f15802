import assert from 'node:assert/strict';
import type { Engine } from '../../../src/core/engine';
import { readLine } from '../../../src/mcp/taskCall';

/** Sessions that are live, with the parents that their traces name. */
function withLive(parents: Readonly<Record<string, string>>): Engine {
  const live = Object.entries(parents).map(([id, parentSessionId]) => ({
    id,
    seed: { parentSessionId, sourceStep: null },
  }));
  return { sessions: { live } } as unknown as Engine; // all that is looked at
}

describe('a session and its parents', () => {
  it('end, whatever the traces say', () => {
    assert.deepStrictEqual(readLine(withLive({ a: 'a' }), 'a'), ['a']);
    assert.deepStrictEqual(readLine(withLive({ a: 'b', b: 'a' }), 'a'), ['a', 'b']);
    assert.deepStrictEqual(readLine(withLive({ a: 'b', b: 'c', c: 'b' }), 'a'), ['a', 'b', 'c']);
    assert.deepStrictEqual(readLine(withLive({ a: 'b', b: 'c' }), 'a'), ['a', 'b', 'c']);
  });
});
