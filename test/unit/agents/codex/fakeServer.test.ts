// A thread over a process that dies, hangs, answers late or talks nonsense at each point: what waits is settled, what
// has begun is told as ended, and nothing is told twice.

import assert from 'node:assert/strict';
import path from 'node:path';
import { neverAborted } from '../../../../src/base/abort';
import { CodexProcess } from '../../../../src/agents/codex/codexProcess';
import { CodexThread } from '../../../../src/agents/codex/codexThread';
import type { AgentHappening, ThreadRequest } from '../../../../src/core/agent/agentDriver';
import { systemClock } from '../../../../src/systemClock';

const request: ThreadRequest = {
  runId: 'run-fake',
  cwd: '/',
  inside: null,
  instructions: '',
  model: null,
  permissions: { sandbox: 'read-only', writableRoots: [], network: false, approvals: 'on-request' },
  mcpServers: {},
  configuration: {},
  commandEnvironment: {},
  outputSchema: null,
};
/** For what never comes; what does come has to come within them. */
const short = { saidMs: 100, interruptMs: 1_500, settleMs: 0, idleMs: 100, archiveMs: 1_500 };
const long = {
  saidMs: 30_000,
  interruptMs: 30_000,
  settleMs: 0,
  idleMs: 30_000,
  archiveMs: 30_000,
};

const open: CodexProcess[] = [];

function start(fake: object): Promise<CodexProcess> {
  const command = {
    program: process.execPath,
    args: [path.resolve('test/support/fakeAppServer.mjs')],
    environment: { FAKE: JSON.stringify(fake) },
  };
  return CodexProcess.start(command, systemClock, 30_000);
}

async function openThread(fake: object, stop = long) {
  const server = await start(fake);
  open.push(server);
  const thread = await server.whileStarting(async () => {
    await server.server.call('thread/start', {}, { deadlineMs: 30_000 });
    const made = new CodexThread('t1', {
      ...{ server: server.server, clock: systemClock, request, tail: null },
      effective: { ...request.permissions, cwd: '/', model: 'm' },
      deadlines: { callMs: 30_000, connectionMs: 30_000, recordMs: 0, stop },
    });
    server.add(made);
    return made;
  });
  const happened: AgentHappening[] = [];
  const waiting = new Set<() => void>();
  thread.onDidHappen((happening) => {
    happened.push(happening);
    waiting.forEach((check) => check());
  });
  const until = (kind: AgentHappening['kind']): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (happened.some((one) => one.kind === kind)) {
          waiting.delete(check);
          resolve();
        }
      };
      waiting.add(check);
      check();
    });
  return { thread, happened, until };
}

/** Kinds that must come once each, and in this order at the end. */
function assertWhole(happened: readonly AgentHappening[]): void {
  const kinds = happened.map(({ kind }) => kind);
  const count = (kind: AgentHappening['kind']): number =>
    kinds.filter((one) => one === kind).length;
  assert.deepStrictEqual(
    [
      count('turnEnded'),
      count('commandEnded'),
      count('approvalResolved'),
      count('exited'),
      kinds.at(-1),
    ],
    [count('turnStarted'), count('commandStarted'), count('approvalAsked'), 1, 'exited'],
    kinds.join(' '),
  );
}

describe('a thread over an app-server that breaks', function () {
  this.timeout(30_000);

  afterEach(async () => {
    for (const one of open.splice(0)) {
      one.dispose();
      if (one.server.exit === null) {
        await new Promise<void>((resolve) => one.server.onDidExit(() => resolve()));
      }
    }
  });

  it('cannot be had from one that dies before it is there', async () => {
    await assert.rejects(start({ dieAt: 'initialize' }), { kind: 'ended' });
    await assert.rejects(openThread({ dieAt: 'thread/start' }), { kind: 'ended' });
  });

  it('tells what was said to one that dies of it as not known', async () => {
    const { thread, happened, until } = await openThread({ dieAt: 'turn/start' });
    await assert.rejects(thread.say('Work.', neverAborted), { code: 'BACKEND_UNAVAILABLE' });
    await until('exited');
    assertWhole(happened);
    await assert.rejects(thread.say('More.', neverAborted), { code: 'BACKEND_UNAVAILABLE' });
    assert.equal((await thread.stop()).isCertain, true);
  });

  for (const dieAt of [
    'turn/interrupt',
    'thread/backgroundTerminals/clean',
    'thread/unsubscribe',
  ]) {
    it(`is stopped though its process dies at ${dieAt}`, async () => {
      const { thread, happened, until } = await openThread({ dieAt });
      await thread.say('Work.', neverAborted);
      await until('approvalAsked');
      const [first, second] = await Promise.all([thread.stop(), thread.stop()]);
      await until('exited');
      assert.deepStrictEqual([first.isCertain, first === second], [true, true]);
      assertWhole(happened);
    });
  }

  const hangs = [
    [['turn/interrupt'], ['terminals closed', 'archived']],
    [['thread/backgroundTerminals/clean'], ['interrupted', 'archived']],
    [
      ['turn/interrupt', 'thread/archive'],
      ['terminals closed', 'process killed'],
    ],
    [['turn/interrupt', 'thread/backgroundTerminals/clean', 'thread/archive'], ['process killed']],
  ] as const;
  for (const [hangAt, measures] of hangs) {
    it(`is stopped though nothing answers to ${hangAt.join(', ')}`, async () => {
      const { thread, happened, until } = await openThread({ hangAt }, short);
      await thread.say('Work.', neverAborted);
      await until('approvalAsked');
      const report = await thread.stop();
      assert.deepStrictEqual([report.measures, report.isCertain], [measures, true]);
      assertWhole(happened);
    });
  }

  it('is stopped though what was said begins a turn behind the stop', async () => {
    const { thread, happened } = await openThread(
      { isLate: true },
      { ...long, saidMs: 50, idleMs: 200 },
    );
    const said = thread.say('Work.', neverAborted);
    const report = await thread.stop();
    await said;
    assert.deepStrictEqual(
      [thread.turnId, report.isCertain, report.measures.includes('archived')],
      [null, true, true],
    );
    assertWhole(happened);
    await assert.rejects(thread.say('More.', neverAborted), { code: 'BACKEND_UNAVAILABLE' });
  });

  it('allows nothing that is asked while it is stopped, and takes no answer after it', async () => {
    const { thread, happened, until } = await openThread({ askLate: true });
    await thread.say('Work.', neverAborted);
    await until('approvalAsked');
    const stopping = thread.stop();
    await assert.rejects(thread.say('More.', neverAborted), { code: 'CANCELLED' });
    await stopping;
    const asked = happened.flatMap((one) => (one.kind === 'approvalAsked' ? [one.approvalId] : []));
    const late = await thread.answer(asked[0] ?? '', {
      decision: 'accept',
      note: null,
      values: null,
    });
    assert.deepStrictEqual([asked.length, late], [1, 'late']);
    assertWhole(happened);
  });

  it('keeps what it does not know, and goes on', async () => {
    const { thread, happened, until } = await openThread({ noise: true });
    await thread.say('Work.', neverAborted);
    await until('approvalAsked');
    await thread.stop();
    assert.deepStrictEqual(
      happened.flatMap((one) => (one.kind === 'raw' ? [one.method] : [])),
      ['unreadable', 'unreadable', 'brand/new', 'item/completed'],
    );
    assertWhole(happened);
  });

  it('ends with its driver', async () => {
    const { thread, happened, until } = await openThread({});
    await thread.say('Work.', neverAborted);
    await until('approvalAsked');
    thread.dispose();
    assert.deepStrictEqual(happened.at(-1)?.kind, 'exited');
    assertWhole(happened);
  });
});
