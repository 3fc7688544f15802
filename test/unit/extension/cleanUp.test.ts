import assert from 'node:assert/strict';
import type { SessionStatus } from '../../../src/core/event';
import { createSummary, type Summary } from '../../../src/core/summary';
import { findOlder, findOverSize } from '../../../src/extension/cleanUp';
import { createOpened } from '../../support/sampleTrace';

describe('cleanUp', () => {
  const summaries = [
    createSession('new', 'finalized', 400),
    createSession('old', 'finalized', 100),
    createSession('running', 'active', 50),
    createSession('older', 'interrupted', 90),
  ];

  it('finds ended sessions that did not change since', () => {
    assert.deepStrictEqual(toIds(findOlder(summaries, 200)), ['old', 'older']);
  });

  it('removes the longest unchanged until the rest fits, and never an active one', () => {
    const sized = summaries.map((summary) => ({ summary, bytes: 10 }));
    assert.deepStrictEqual(toIds(findOverSize(sized, 25)), ['older', 'old']);
    assert.deepStrictEqual(toIds(findOverSize(sized, 40)), []);
    assert.deepStrictEqual(toIds(findOverSize(sized, 0)), ['older', 'old', 'new']);
  });
});

function createSession(sessionId: string, status: SessionStatus, updatedAt: number): Summary {
  return { ...createSummary(createOpened({ sessionId, status })), updatedAt };
}

function toIds(summaries: readonly Summary[]): readonly string[] {
  return summaries.map(({ sessionId }) => sessionId);
}
