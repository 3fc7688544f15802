import assert from 'node:assert/strict';
import type { Session } from '../../../src/core/session';
import { readLine } from '../../../src/core/sessionLine';

/** Sessions that are live, with the parents that their traces name. */
function withLive(parents: Readonly<Record<string, string>>) {
  const live = Object.entries(parents).map(([id, parentSessionId]) => ({
    id,
    seed: { parentSessionId, sourceStep: null },
  }));
  return { live: live as unknown as readonly Session[] }; // all that is looked at
}

describe('a session and its parents', () => {
  it('end, whatever the traces say', () => {
    assert.deepStrictEqual(readLine(withLive({ a: 'a' }), 'a'), ['a']);
    assert.deepStrictEqual(readLine(withLive({ a: 'b', b: 'a' }), 'a'), ['a', 'b']);
    assert.deepStrictEqual(readLine(withLive({ a: 'b', b: 'c', c: 'b' }), 'a'), ['a', 'b', 'c']);
    assert.deepStrictEqual(readLine(withLive({ a: 'b', b: 'c' }), 'a'), ['a', 'b', 'c']);
  });
});
