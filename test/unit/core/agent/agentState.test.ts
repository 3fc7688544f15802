import assert from 'node:assert/strict';
import { agentStatuses, canFollow, isAtRest, isEnded } from '../../../../src/core/agent/agentState';

describe('agentState', () => {
  it('each state is followed by these and no others', () => {
    const table = Object.fromEntries(
      agentStatuses.map((from) => [from, agentStatuses.filter((to) => canFollow(from, to))]),
    );
    assert.deepStrictEqual(table, {
      queued: ['preparing', 'failed', 'terminated', 'interrupted'],
      preparing: ['running', 'failed', 'terminated', 'interrupted'],
      running: ['awaiting_approval', 'completed', 'failed', 'terminated', 'interrupted'],
      awaiting_approval: ['running', 'completed', 'failed', 'terminated', 'interrupted'],
      completed: ['queued', 'running', 'terminated', 'interrupted'],
      failed: ['queued'],
      terminated: ['queued'],
      interrupted: ['queued', 'terminated'],
    });
  });

  it('every state can be left, and none follows itself', () => {
    for (const from of agentStatuses) {
      assert.equal(canFollow(from, from), false);
      assert.ok(agentStatuses.some((to) => canFollow(from, to)));
    }
  });

  it('a run that has ended is at rest', () => {
    assert.deepStrictEqual(
      agentStatuses.filter((status) => isEnded(status) && !isAtRest(status)),
      [],
    );
  });
});
