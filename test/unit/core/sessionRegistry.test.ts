// The sessions of one engine: rebuilt once and whole, let go in time, and none in the way of another.

import assert from 'node:assert/strict';
import { onAbort } from '../../../src/base/abort';
import { type ErrorCode, RlmError } from '../../../src/core/errors';
import type { TraceSink } from '../../../src/core/traceStore';
import type { SessionOpened, SessionStatus } from '../../../src/core/event';
import type { Session } from '../../../src/core/session';
import type { SessionRegistry } from '../../../src/core/sessionRegistry';
import type { FakeSandbox } from '../../support/fakePorts';
import { createFakeRegistry, openFake } from '../../support/fakeRegistry';
import { MemoryTraceStore } from '../../support/memoryTraceStore';

const never = new AbortController().signal;
const isCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof RlmError && error.code === code;
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const echo: FakeSandbox['script'] = async ({ code }) => ({ stdout: code });

/** Sandboxes whose steps end when told, or, interrupted, when they are cancelled. */
function createGate() {
  let open: () => void = () => undefined;
  const script: FakeSandbox['script'] = (_, signal) =>
    new Promise((resolve) => {
      open = () => resolve({});
      onAbort(signal, () => resolve({ interruption: 'cancelled', stateLost: true }));
    });
  return { script, open: () => open() };
}

/** A session with one step in the store, whose engine has ended. */
async function leaveOne(traces: MemoryTraceStore): Promise<string> {
  const { registry } = createFakeRegistry(traces, echo);
  const session = await openFake(registry);
  await session.runStep({ code: 'a' }, never);
  await registry.closeAll('the engine ended');
  return session.id;
}

const textValue = (text: string) =>
  ({ type: 'str', text, form: 'text', totalChars: text.length, incomplete: null }) as const;

async function readAll(traces: MemoryTraceStore, id: string) {
  const query = { fromStep: null, toStep: null, cursor: null, limit: 100 };
  return (await traces.readEvents(id, query)).events;
}

/** A session that is rebuilt until `open`. */
async function startRebuilding() {
  const traces = new MemoryTraceStore();
  const sessionId = await leaveOne(traces);
  const { script, open } = createGate();
  const { registry, clock } = createFakeRegistry(traces, script);
  const resumed = registry.resume(sessionId, never);
  await turns();
  return { registry, clock, resumed, open };
}

describe('the sessions of an engine', () => {
  it('are not there half rebuilt when a replay is cancelled within its last step', async () => {
    const traces = new MemoryTraceStore();
    const sessionId = await leaveOne(traces);
    const { script } = createGate();
    const { registry } = createFakeRegistry(traces, script);
    const calling = new AbortController();
    const resumed = registry.resume(sessionId, calling.signal);
    await turns();
    calling.abort();
    await assert.rejects(resumed, isCode('CANCELLED'));
    assert.equal(registry.live.length, 0);
    assert.equal((await registry.readSummary(sessionId)).status, 'closed');
  });

  it('are given to a call that comes while they are rebuilt when that is done', async () => {
    const traces = new MemoryTraceStore();
    const sessionId = await leaveOne(traces);
    const { script, open } = createGate();
    const { registry, sandboxes } = createFakeRegistry(traces, script);
    const calling = new AbortController();
    const first = registry.resume(sessionId, calling.signal);
    await turns();
    let isGiven = false;
    const second = registry.resume(sessionId, never);
    void second.then(() => {
      isGiven = true;
    });
    await turns();
    calling.abort();
    await assert.rejects(first, isCode('CANCELLED'));
    assert.equal(isGiven, false);
    open();
    assert.equal((await second).report?.stepsRun, 1);
    assert.equal(sandboxes.length, 1);
  });

  it('can be stopped while they are rebuilt', async () => {
    const traces = new MemoryTraceStore();
    const sessionId = await leaveOne(traces);
    const { registry } = createFakeRegistry(traces, createGate().script);
    const resumed = registry.resume(sessionId, never);
    await turns();
    const stopped = registry.live[0]?.stop();
    await assert.rejects(resumed, isCode('CANCELLED'));
    await stopped;
  });

  it('that have ended are let go after a while, also where their traces cannot be ended', async () => {
    const traces = new (class extends MemoryTraceStore {
      readonly closed: string[] = [];
      override async createTrace(opened: SessionOpened): Promise<TraceSink> {
        const sink = await super.createTrace(opened);
        return {
          append: (event) =>
            event.kind === 'session.closed'
              ? Promise.reject(new Error('the disk is full'))
              : sink.append(event),
          checkLease: () => sink.checkLease(),
          keepText: (name, text) => sink.keepText(name, text),
          close: async () => void this.closed.push(opened.sessionId),
        };
      }
    })();
    const { registry, clock, sandboxes } = createFakeRegistry(traces, echo);
    const ended = await openFake(registry);
    await ended.stop();
    const active = await openFake(registry);
    clock.advance(59_000);
    await turns();
    assert.equal(registry.live.length, 2);
    clock.advance(2_000);
    await turns();
    assert.deepStrictEqual(registry.live, [active]);
    assert.deepStrictEqual([traces.closed, sandboxes[0]?.disposed], [[ended.id], true]);
    await openFake(registry);
  });

  it('keep the variables of the two that ended last, and of large ones for a moment', async () => {
    const { registry, clock, sandboxes } = createFakeRegistry(new MemoryTraceStore(), echo);
    const sessions = [];
    for (let number = 0; number < 5; number += 1) {
      const session = await openFake(registry);
      sessions.push(session);
      clock.advance(1);
      await session.finalize({ text: 'done' }, never);
    }
    clock.advance(1_000);
    await turns();
    assert.deepStrictEqual(registry.live, sessions.slice(3));
    assert.deepStrictEqual(
      sandboxes.map(({ disposed }) => disposed),
      [true, true, true, false, false],
    );
    const { report } = await registry.openForReading(sessions[0]?.id ?? '', never);
    assert.equal(report === null, false);
    clock.advance(1_000);
    await turns();
    assert.deepStrictEqual(registry.live, [sessions[4]]);
    assert.deepStrictEqual(
      sandboxes.map(({ disposed }) => disposed),
      [true, true, true, true, false, false],
    );
  });

  it('are let go one by one on request', async () => {
    const { registry, sandboxes } = createFakeRegistry(new MemoryTraceStore(), createGate().script);
    const session = await openFake(registry);
    const running = session.runStep({ code: 'wait' }, never);
    await turns();
    await registry.closeSession(session.id, 'it was deleted');
    await registry.closeSession('another', 'it was deleted');
    assert.equal((await running).outcome.interruption, 'cancelled');
    assert.deepStrictEqual([registry.live, sandboxes[0]?.disposed], [[], true]);
  });

  it('make room for another by the one that is longest unused', async () => {
    const { registry, clock } = createFakeRegistry(new MemoryTraceStore(), echo);
    const sessions = [];
    for (let number = 0; number < 100; number += 1) {
      sessions.push(await openFake(registry));
    }
    await assert.rejects(openFake(registry), isCode('BACKEND_UNAVAILABLE'));
    for (const number of [7, 3]) {
      await sessions[number]?.stop();
    }
    clock.advance(1_000);
    await sessions[3]?.readVariable({ name: 'a', offset: 0, maxChars: 1 }, never).catch(() => null);
    await openFake(registry);
    const gone = sessions.filter((one) => !registry.live.includes(one));
    assert.deepStrictEqual(gone, [sessions[7]]);
  });

  it('are as many as fit, also when they are opened at the same time', async () => {
    const { registry } = createFakeRegistry(new MemoryTraceStore(), echo);
    const opened = await Promise.allSettled(Array.from({ length: 103 }, () => openFake(registry)));
    const refused = opened.filter((one) => one.status === 'rejected');
    assert.deepStrictEqual([registry.live.length, refused.length], [100, 3]);
  });

  it('are not let go while they are rebuilt', async () => {
    const { registry, clock, resumed, open } = await startRebuilding();
    clock.advance(3_000_000);
    await turns();
    for (let number = 1; number < 100; number += 1) {
      await openFake(registry);
    }
    await assert.rejects(openFake(registry), isCode('BACKEND_UNAVAILABLE'));
    open();
    assert.equal((await resumed).report?.stepsRun, 1);
  });

  const endings: Readonly<
    Record<string, readonly [SessionStatus, (session: Session) => Promise<unknown>]>
  > = {
    'in which nothing runs': ['closed', async () => undefined],
    'whose step has run': ['closed', (session) => session.runStep({ code: 'a' }, never)],
    'whose step runs': ['interrupted', async (session) => void run(session)],
    'with a step behind another': [
      'interrupted',
      async (session) => void [run(session), run(session)],
    ],
    'whose children run': [
      'interrupted',
      async (session) => void session.runChildren(() => new Promise(() => undefined), never),
    ],
    'whose run goes on': [
      'interrupted',
      (session) =>
        session.recordLoop({
          kind: 'loop.started',
          task: '',
          model: null,
          subModel: null,
          maxIterations: 1,
        }),
    ],
    'that was stopped': ['stopped', (session) => session.stop()],
    'that has its answer': ['finalized', (session) => session.finalize({ text: 'x' }, never)],
  };
  const run = (session: Session): void =>
    void session.runStep({ code: 'long' }, never).catch(() => undefined);
  for (const [kind, [status, act]] of Object.entries(endings)) {
    it(`${kind}: ${status} when their engine ends in order, and gone on with unless they have ended`, async () => {
      const traces = new MemoryTraceStore();
      const first = createFakeRegistry(traces, (step, signal) =>
        step.code === 'long' ? createGate().script(step, signal) : echo(step, signal),
      );
      const session = await openFake(first.registry);
      await act(session);
      await first.registry.closeAll('the engine ended');
      const second = createFakeRegistry(traces, echo, '', 'engine-2');
      const { usage, status: left } = await second.registry.readSummary(session.id);
      assert.equal(left, status);
      if (status === 'closed' || status === 'interrupted') {
        const { session: resumed } = await second.registry.resume(session.id, never);
        const { step } = await resumed.runStep({ code: 'b' }, never);
        assert.deepStrictEqual([resumed.status, step], ['active', usage.steps + 1]);
      }
    });
  }

  for (const status of ['closed', 'stopped', 'finalized'] as const) {
    it(`are read without a lease, an event or a timer: ${status}`, async () => {
      const traces = new (class extends MemoryTraceStore {
        reopened = 0;
        override async reopenTrace(sessionId: string): Promise<TraceSink> {
          this.reopened += 1;
          return super.reopenTrace(sessionId);
        }
      })();
      const first = createFakeRegistry(traces, echo);
      const { id } = await openFake(first.registry);
      const session = first.registry.live[0];
      await session?.runStep({ code: 'a' }, never);
      await (status === 'stopped' ? session?.stop() : undefined);
      await (status === 'finalized' ? session?.finalize({ text: 'done' }, never) : undefined);
      await first.registry.closeAll('the engine ended');
      const recorded = await readAll(traces, id);

      const { registry, sandboxes, clock } = createFakeRegistry(traces, echo);
      const changes: unknown[] = [];
      registry.onDidChange((change) => changes.push(change));
      const read = async () => {
        const given = await registry.openForReading(id, never);
        sandboxes.at(-1)?.variables.set('v', textValue('it'));
        const { text } = await given.session.readVariable(
          { name: 'v', offset: 0, maxChars: 9 },
          never,
        );
        return [text, given.report?.stepsRun];
      };
      assert.deepStrictEqual(await Promise.all([read(), read()]), [
        ['it', 1],
        ['it', 1],
      ]);
      assert.deepStrictEqual(await read(), ['it', 1]);
      assert.equal(sandboxes.length, 1);
      clock.advance(59_000);
      await turns();
      assert.equal(sandboxes[0]?.disposed, false);
      clock.advance(3_600_000);
      await turns();
      assert.deepStrictEqual(
        [registry.live, changes, traces.reopened, await readAll(traces, id)],
        [[], [], 0, recorded],
      );
      assert.deepStrictEqual(
        [(await registry.readSummary(id)).status, sandboxes[0]?.disposed],
        [status, true],
      );
    });
  }

  it('go on after they were read, with their lease, and are read as they are then', async () => {
    const traces = new MemoryTraceStore();
    const sessionId = await leaveOne(traces);
    const { registry, sandboxes } = createFakeRegistry(traces, echo);
    await registry.openForReading(sessionId, never);
    const { session, report } = await registry.resume(sessionId, never);
    assert.deepStrictEqual(
      [report?.stepsRun, registry.live, sandboxes[0]?.disposed],
      [1, [session], true],
    );
    await session.runStep({ code: 'b' }, never);
    assert.deepStrictEqual(await registry.openForReading(sessionId, never), {
      session,
      report: null,
    });
    await registry.closeSession(sessionId, 'let go');
    assert.equal((await registry.openForReading(sessionId, never)).report?.stepsRun, 2);
    // Another engine goes on with it.
    const other = createFakeRegistry(traces, echo).registry;
    await (await other.resume(sessionId, never)).session.runStep({ code: 'c' }, never);
    await other.closeAll('the engine ended');
    assert.equal((await registry.openForReading(sessionId, never)).report?.stepsRun, 3);
  });

  it('are not read while another engine works in them', async () => {
    const traces = new MemoryTraceStore();
    const session = await openFake(createFakeRegistry(traces, echo).registry);
    const { registry } = createFakeRegistry(traces, echo, '', 'engine-2');
    await assert.rejects(registry.openForReading(session.id, never), isCode('INVALID_INPUT'));
  });

  it('that were only read make room for others', async () => {
    const traces = new MemoryTraceStore();
    const ids = [];
    for (let number = 0; number < 100; number += 1) {
      ids.push(await leaveOne(traces));
    }
    const { registry, sandboxes } = createFakeRegistry(traces, echo);
    for (const id of ids) {
      await registry.openForReading(id, never);
    }
    await openFake(registry);
    assert.equal(sandboxes.filter(({ disposed }) => !disposed).length, 100);
    await registry.closeAll('the engine ended');
    assert.ok(sandboxes.every(({ disposed }) => disposed));
  });

  for (const [name, call] of [
    ['read', (registry, id) => registry.openForReading(id, never)],
    ['resumed', (registry, id) => registry.resume(id, never)],
    ['given an answer', (registry, id) => registry.finalize(id, { text: 'it' }, never)],
  ] satisfies [string, (registry: SessionRegistry, id: string) => Promise<unknown>][]) {
    it(`are let go before they are ${name} again`, async () => {
      let end: () => void = () => undefined;
      const traces = new (class extends MemoryTraceStore {
        readonly held = new Set<string>();
        override async createTrace(opened: SessionOpened): Promise<TraceSink> {
          const sink = await super.createTrace(opened);
          this.held.add(opened.sessionId);
          const close = (): Promise<void> =>
            new Promise((resolve) => {
              end = () => {
                this.held.delete(opened.sessionId);
                resolve();
              };
            });
          return { ...sink, close };
        }
        override async reopenTrace(sessionId: string): Promise<TraceSink> {
          assert.ok(!this.held.has(sessionId), 'its trace is held');
          return super.reopenTrace(sessionId);
        }
      })();
      const { registry } = createFakeRegistry(traces, echo);
      const { id } = await openFake(registry);
      const closing = registry.closeSession(id, 'let go');
      await turns();
      const called = call(registry, id);
      let isAllClosed = false;
      const closingAll = registry.closeAll('the engine ended').then(() => (isAllClosed = true));
      await turns();
      assert.equal(isAllClosed, false);
      end();
      await Promise.all([called, closing, closingAll]);
    });
  }

  for (const state of ['gone', 'being rebuilt', 'broken'] as const) {
    it(`commit no variable unseen that is rebuilt otherwise than recorded: ${state}`, async () => {
      const traces = new MemoryTraceStore();
      let runs = 0;
      let open: () => void = () => undefined;
      const { registry, sandboxes } = createFakeRegistry(traces, async () => {
        runs += 1;
        if (runs === 2 && state === 'being rebuilt') {
          await new Promise<void>((resolve) => {
            open = resolve;
          });
        }
        const text = `run ${runs}`;
        sandboxes.at(-1)?.variables.set('answer', textValue(text));
        return { stdout: text };
      });
      const session = await openFake(registry);
      await session.runStep({ code: 'answer = random()' }, never);
      if (state === 'broken') {
        sandboxes[0]?.die('it was killed');
      } else {
        await registry.closeSession(session.id, 'let go');
      }
      const resumed = state === 'being rebuilt' ? registry.resume(session.id, never) : null;
      await (resumed && turns());
      const input = { variable: 'answer' };
      const early = registry.finalize(session.id, input, never);
      await (resumed && turns());
      open();
      await assert.rejects(early, isCode('INVALID_INPUT'));
      await resumed;
      const { status } = await registry.readSummary(session.id);
      const { finalAnswer } = await registry.finalize(session.id, input, never);
      assert.deepStrictEqual([status, finalAnswer], ['active', 'run 2']);
    });
  }

  it('have time to be rebuilt beyond what they may last', async () => {
    const { clock, resumed, open } = await startRebuilding();
    clock.advance(3_600_001);
    await turns();
    open();
    const { session } = await resumed;
    await assert.rejects(session.runStep({ code: 'a' }, never), isCode('GUARDRAIL_STOPPED'));
  });

  it('that are closed take the answer they were given once more, by its variable too', async () => {
    const traces = new MemoryTraceStore();
    const { registry, sandboxes } = createFakeRegistry(traces, echo);
    const session = await openFake(registry);
    sandboxes[0]?.variables.set('answer', textValue('forty-two'));
    const input = { variable: 'answer' };
    assert.equal((await registry.finalize(session.id, input, never)).finalAnswer, 'forty-two');
    await registry.closeAll('the engine ended');
    const later = createFakeRegistry(traces, echo).registry;
    assert.equal((await later.finalize(session.id, input, never)).finalAnswer, 'forty-two');
    await assert.rejects(
      later.finalize(session.id, { variable: 'other' }, never),
      isCode('SESSION_FINALIZED'),
    );
  });
});
