import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import { AgentReviews } from '../../../../src/core/agent/agentReviews';
import type { WorkspaceReview } from '../../../../src/core/agent/workspaces';
import { heldElsewhere } from '../../../../src/core/traceStore';
import { createProfile, createSpawn, FakeAgents, settle } from '../../../support/fakeAgents';

const shown = { tip: 'a', head: 'b' };

const person = { kind: 'person' } as const;

function createReview(files: readonly string[], did: string[]): WorkspaceReview {
  return {
    ...{ folder: '/trees/1', branch: 'rlm/1', repository: '/repo' },
    readChanges: async () => ({
      changes: files.map((path) => ({ path, change: 'update' as const })),
      ...{ diff: '', droppedChars: 0 },
    }),
    readOriginal: async () => '',
    commit: async (message) => {
      did.push(`commit ${message}`);
      return { commit: 'c0ffee', branch: 'rlm/1' };
    },
    previewMerge: async () => ({ into: 'main', ...shown, commits: 1, changes: [], conflicts: [] }),
    merge: async (message) => {
      did.push(`merge ${message}`);
      return { commit: 'beef' };
    },
    discard: async () => {
      did.push('discard');
      return { keptAs: 'refs/rlm/discarded/1' };
    },
  };
}

describe('reviews of what agents have left', () => {
  const spawnEnded = async (fakes: FakeAgents) => {
    const run = await fakes.runs.spawn(createSpawn(), person);
    await settle();
    await run.end('terminated', 'Stopped.');
    return run.id;
  };
  const notesOf = async (fakes: FakeAgents, id: string) =>
    (await fakes.readEvents(id)).flatMap((event) =>
      event.kind === 'agent.noted' ? [[event.note, ...event.tags, event.status]] : [],
    );

  it('wait until a run is at rest', async () => {
    const fakes = new FakeAgents();
    const did: string[] = [];
    fakes.review = createReview([], did);
    const reviews = new AgentReviews({ runs: fakes.runs, traces: fakes.traces });
    const run = await fakes.runs.spawn(createSpawn(), person);
    await settle();
    for (const act of [
      () => reviews.accept(run.id, 'm', neverAborted),
      () => reviews.merge(run.id, { message: 'm', shown }, neverAborted),
      () => reviews.discard(run.id),
    ]) {
      await assert.rejects(act, { code: 'INVALID_INPUT' });
    }
    assert.deepStrictEqual(did, []);
    await fakes.runs.close();
  });

  it('are on record, and leave the run as it stands', async () => {
    const fakes = new FakeAgents();
    const did: string[] = [];
    fakes.review = createReview(['src/a.ts'], did);
    const reviews = new AgentReviews({ runs: fakes.runs, traces: fakes.traces });
    const id = await spawnEnded(fakes);
    await reviews.accept(id, 'Work', neverAborted);
    await reviews.merge(id, { message: 'Merge', shown }, neverAborted);
    await reviews.discard(id);
    assert.deepStrictEqual(did, ['commit Work', 'merge Merge', 'discard']);
    assert.deepStrictEqual(await notesOf(fakes, id), [
      ['Committed c0ffee on rlm/1: Work', 'commit', 'terminated'],
      ['Merged rlm/1 as beef: Merge', 'merge', 'terminated'],
      ['Discarded rlm/1, kept as refs/rlm/discarded/1.', 'discard', 'terminated'],
    ]);
    assert.equal(fakes.counts.sinks, 0);
    await fakes.runs.close();
  });

  it('commit nothing that the profile forbids, or before what its rules want', async () => {
    const workspace = { isolation: null, allow: [], deny: ['.env'], write: [] };
    const rules = [{ before: 'commit', child: 'reviewer', item: null }] as const;
    for (const [over, wanted] of [
      [{ workspace }, /\.env must not be changed/u],
      [{ rules }, /profile reviewer must have completed/u],
    ] as const) {
      const fakes = new FakeAgents(2, [createProfile(over)]);
      const did: string[] = [];
      fakes.review = createReview(['.env'], did);
      const reviews = new AgentReviews({ runs: fakes.runs, traces: fakes.traces });
      const id = await spawnEnded(fakes);
      await assert.rejects(reviews.accept(id, 'Work', neverAborted), wanted);
      assert.deepStrictEqual(did, []);
      await fakes.runs.close();
    }
  });

  it('leave alone what another engine is at work on', async () => {
    const fakes = new FakeAgents();
    const did: string[] = [];
    fakes.review = createReview([], did);
    const reviews = new AgentReviews({ runs: fakes.runs, traces: fakes.traces });
    const id = await spawnEnded(fakes);
    fakes.traces.reopenTrace = () => Promise.reject(heldElsewhere('holds'));
    for (const act of [
      () => reviews.accept(id, 'm', neverAborted),
      () => reviews.merge(id, { message: 'm', shown }, neverAborted),
      () => reviews.discard(id),
    ]) {
      await assert.rejects(act, { code: 'INVALID_INPUT' });
    }
    assert.deepStrictEqual(did, []);
    await fakes.runs.close();
  });

  it('say where there is nothing to judge', async () => {
    const fakes = new FakeAgents();
    const reviews = new AgentReviews({ runs: fakes.runs, traces: fakes.traces });
    const id = await spawnEnded(fakes);
    await assert.rejects(reviews.accept(id, 'm', neverAborted), { code: 'AGENT_NOT_FOUND' });
    await fakes.runs.close();
  });
});
