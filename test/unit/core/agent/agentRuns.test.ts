import assert from 'node:assert/strict';
import type { Profile, ProfileRule } from '../../../../src/core/agent/profile';
import { isAgentEvent } from '../../../../src/core/event';
import { createProfile, createSpawn, FakeAgents, settle } from '../../../support/fakeAgents';

const person = { kind: 'person' } as const;

async function start(over: Partial<Profile> = {}, agents = create(over)) {
  const run = await agents.runs.spawn(createSpawn(), person);
  await settle();
  return { agents, run, thread: agents.threadOf(run.id) };
}

function create(over: Partial<Profile> = {}): FakeAgents {
  return new FakeAgents(2, [createProfile(over), createProfile({ id: 'reviewer' })]);
}

async function readKind(agents: FakeAgents, id: string, kind: string) {
  return (await agents.readEvents(id)).filter((event) => event.kind === kind);
}

const ended = { kind: 'turnEnded', status: 'completed', error: null } as const;
const rule = (before: ProfileRule['before'], over: Partial<ProfileRule>): ProfileRule => ({
  ...{ before, child: null, item: null },
  ...over,
});

describe('the rules of a profile', () => {
  const checklist = [
    { id: 'green', description: 'Tests pass.', doneWhen: { kind: 'manual' } },
  ] as const;
  const rules = [rule('complete', { item: 'green' })];

  it('have the agent told once what is missing before it completes, and then are on record', async () => {
    const { agents, run, thread } = await start({ checklist, rules });
    thread.happen(ended);
    await settle();
    assert.deepStrictEqual([run.status, thread.said.length], ['running', 2]);
    assert.match(thread.said[1] ?? '', /green must be done: Tests pass\./u);
    thread.happen(ended);
    await settle();
    const refused = await readKind(agents, run.id, 'agent.refused');
    assert.deepStrictEqual([run.status, thread.said.length, refused.length], ['completed', 2, 1]);
    await agents.runs.close();
  });

  it('are not told where no turn is left for it', async () => {
    const limits = { ...createProfile().limits, turns: 1 };
    const { agents, run, thread } = await start({ checklist, rules, limits });
    thread.happen(ended);
    await settle();
    assert.deepStrictEqual([run.status, thread.said.length], ['completed', 1]);
    assert.equal((await readKind(agents, run.id, 'agent.refused')).length, 1);
    await agents.runs.close();
  });

  it('let nothing be committed before a reviewer has completed since the last change', async () => {
    const { agents, run, thread } = await start({ rules: [rule('commit', { child: 'reviewer' })] });
    const { signal } = new AbortController();
    const review = async () => {
      const caller = { kind: 'agent', sessionId: run.id } as const;
      const child = await agents.runs.spawn(createSpawn({ profileId: 'reviewer' }), caller);
      await settle();
      agents.threadOf(child.id).happen(ended);
      await settle();
    };
    const change = (diff: string) => {
      agents.changes = {
        ...{ changes: [{ path: 'a.ts', change: 'update' }], droppedChars: 0 },
        diff: `diff --git a/a.ts b/a.ts\n${diff}\n`,
      };
    };
    change('+1');
    await assert.rejects(run.commit('early', signal), { code: 'INVALID_INPUT' });
    await review();
    thread.happen(ended);
    await settle();
    await assert.rejects(run.commit('unreviewed', signal), { code: 'GUARDRAIL_STOPPED' });
    await run.say('review it', 'user');
    await review();
    thread.happen(ended);
    await settle();
    assert.deepStrictEqual(await run.commit('reviewed', signal), { commit: 'c0ffee', branch: 'b' });
    change('+2');
    await assert.rejects(run.commit('changed since', signal), { code: 'GUARDRAIL_STOPPED' });
    assert.deepStrictEqual(agents.commits, ['reviewed']);
    await agents.runs.close();
  });

  it('let nothing be committed that it must not have touched', async () => {
    const { agents, run, thread } = await start();
    thread.happen(ended);
    await settle();
    agents.changes = { changes: [{ path: 'x', change: 'add' }], diff: '', droppedChars: 0 };
    agents.violations = ['x'];
    const { signal } = new AbortController();
    await assert.rejects(run.commit('x', signal), {
      code: 'GUARDRAIL_STOPPED',
      message: /x must not/u,
    });
    await agents.runs.close();
  });
});

describe('AgentRuns', () => {
  it('goes on with a run whose engine ended without a word: its record is mended first', async () => {
    const { agents, run, thread } = await start();
    thread.happen({
      ...{ kind: 'approvalAsked', approvalId: 'a', itemId: null, reason: null },
      subject: { kind: 'command', command: 'ls', cwd: null, host: null },
    });
    await settle();
    const other = create();
    other.traces.addForeignTrace(run.id, await agents.readEvents(run.id));
    const again = await other.runs.resume(run.id, 'go on', 'user');
    await settle();
    const moves = (await other.readEvents(run.id)).flatMap((event) =>
      isAgentEvent(event) && event.kind === 'agent.changed' ? [event.to] : [],
    );
    assert.deepStrictEqual(moves.slice(-5), [
      ...['awaiting_approval', 'interrupted', 'queued', 'preparing', 'running'],
    ]);
    assert.equal((await readKind(other, run.id, 'agent.decided')).length, 1);
    assert.deepStrictEqual(
      [again.status, other.threadOf(run.id).threadId, other.threadOf(run.id).said],
      ['running', thread.threadId, ['go on']],
    );
    await Promise.all([agents.runs.close(), other.runs.close()]);
  });

  it('takes a new workspace where the old one was removed, and says so on record', async () => {
    const { agents, run } = await start();
    await agents.runs.terminate(run.id, 'stop');
    agents.removes = true;
    const again = await agents.runs.resume(run.id, 'go on', 'user');
    await settle();
    assert.equal(again.status, 'running');
    assert.equal((await readKind(agents, run.id, 'agent.noted')).length, 1);
    await agents.runs.close();
  });

  it('tells a message once to a run that is let go of just now', async () => {
    const workspace = { isolation: 'folder', allow: [], deny: [], write: [] } as const;
    const { agents, run, thread } = await start({ workspace });
    thread.happen(ended);
    await settle();
    agents.gates.areOpen = false;
    agents.clock.advance(0);
    const told = agents.runs.resume(run.id, 'more', 'user');
    await settle();
    agents.gates.openAll();
    const again = await told;
    await settle();
    assert.notEqual(again, run);
    const said = agents.threads.flatMap((one) => one.said).filter((text) => text === 'more');
    assert.deepStrictEqual([said.length, again.status], [1, 'running']);
    await agents.runs.close();
  });

  it('leaves a run completed when its engine ends, and terminates it when it is told to', async () => {
    for (const [act, expected] of [
      [(agents: FakeAgents) => agents.runs.close(), 'completed'],
      [(agents: FakeAgents, id: string) => agents.runs.terminate(id, 'stop'), 'terminated'],
    ] as const) {
      const { agents, run, thread } = await start();
      thread.happen(ended);
      await settle();
      await act(agents, run.id);
      assert.equal((await agents.traces.readSummary(run.id))?.status, expected);
      await agents.runs.close();
    }
  });

  for (const [folder, deny, isAllowed] of [
    [null, ['.env'], true],
    ['/repo', ['.env'], true],
    ['/repo/keys', ['/keys/'], false],
    ['/repo/sub', [], true],
    ['/repository', [], false],
    ['/', [], false],
  ] as const) {
    it(`${isAllowed ? 'lets' : 'does not let'} a child of /repo with ${deny.length} globs work in ${folder}`, async () => {
      const workspace = { isolation: 'worktree', allow: [], deny, write: [] } as const;
      const { agents, run } = await start({ workspace });
      const caller = { kind: 'agent', sessionId: run.id } as const;
      const spawned = agents.runs.spawn(createSpawn({ profileId: 'reviewer', folder }), caller);
      await (isAllowed ? spawned : assert.rejects(spawned, { code: 'PATH_NOT_ALLOWED' }));
      await agents.runs.close();
    });
  }

  it('spawns only in the folders that the profile allows', async () => {
    const workspace = { isolation: null, allow: ['/allowed'], deny: [], write: [] } as const;
    const agents = create({ workspace });
    const spawn = (folder: string) => agents.runs.spawn(createSpawn({ folder }), person);
    await assert.rejects(spawn('/other'), { code: 'PATH_NOT_ALLOWED' });
    await assert.rejects(spawn('/allowed2'), { code: 'PATH_NOT_ALLOWED' });
    await spawn('/allowed/sub');
    await agents.runs.close();
  });

  it('masks what is told, and leaves its own words and ids as they are', async () => {
    const { agents, run, thread } = await start();
    thread.happen({ kind: 'message', itemId: '1', text: 'the SECRET key', isFinal: true });
    thread.happen({ kind: 'commandStarted', itemId: 'SECRET-1', command: 'echo SECRET', cwd: '/' });
    await settle();
    const [message] = (await readKind(agents, run.id, 'agent.said')).slice(-1);
    const [started] = await readKind(agents, run.id, 'agent.started');
    assert.equal(message?.kind === 'agent.said' && message.text, 'the [masked] key');
    assert.deepStrictEqual(
      started?.kind === 'agent.started' && [started.actionId, started.command],
      ['SECRET-1', 'echo [masked]'],
    );
    await agents.runs.close();
  });

  it('has an answer that came too late for the program on record as late', async () => {
    const { agents, run, thread } = await start();
    thread.happen({
      ...{ kind: 'approvalAsked', approvalId: 'a', itemId: null, reason: null },
      subject: { kind: 'command', command: 'ls', cwd: null, host: null },
    });
    await settle();
    await thread.answer('a', { decision: 'cancel', note: null, values: null });
    run.decide('a', 'accept', 'person', null);
    await settle();
    const [late] = await readKind(agents, run.id, 'agent.audited');
    assert.equal(
      late?.kind === 'agent.audited' && late.payload,
      '{"approvalId":"a","answer":"late"}',
    );
    await agents.runs.close();
  });

  it('one below a run that has ended belongs to the next above that is at work', async () => {
    const agents = new FakeAgents(4);
    const top = await agents.runs.spawn(createSpawn(), person);
    await settle();
    const middle = await agents.runs.spawn(createSpawn(), { kind: 'agent', sessionId: top.id });
    await settle();
    const low = await agents.runs.spawn(createSpawn(), { kind: 'agent', sessionId: middle.id });
    await settle();
    await middle.end('terminated', 'Stopped.');
    const again = await agents.runs.resume(low.id, 'go on', 'parent');
    await settle();
    const before = top.budget.used.tokens;
    again.budget.spend('tokens', 7);
    assert.deepStrictEqual([again.status, top.budget.used.tokens - before], ['running', 7]);
    await top.end('terminated', 'Stopped.');
    assert.equal(again.status, 'terminated');
    await agents.runs.close();
  });
});
