// A step that is queued in a child session, behind the child's own step, in every order with that step's question and
// its answer and with the end of the parent: each call is answered once, and nothing runs after the end.

import assert from 'node:assert/strict';
import type { TraceEvent } from '../../../src/core/event';
import { Scratch } from '../../../src/mcp/scratch';
import { defaultProgressOptions, Progress } from '../../../src/mcp/progress';
import { callTool } from '../../../src/mcp/toolCall';
import { tools } from '../../../src/mcp/toolList';
import { type Actor, runInEveryOrder } from '../../support/everyOrder';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { emptyOutcome } from '../../support/emptyOutcome';

const never = new AbortController().signal;
const block = '```repl\nllm_query("how many?")\n```';

async function turns(): Promise<void> {
  for (let at = 0; at < 5; at += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

async function call(engine: FakeEngine, name: string, args: object, signal = never) {
  const progress = new Progress(null, defaultProgressOptions);
  const toldLanguages = new Set<never>();
  const context = {
    engine,
    agents: null,
    signal,
    progress,
    sample: null,
    askPerson: null,
    toldLanguages,
    scratch: new Scratch(),
  };
  const result = await callTool({ name, args, offered: tools }, context);
  return { ...result.structuredContent } as Record<string, unknown>;
}

/** A parent whose step waits for a child, in which the step of its model has begun and waits for `ask`. */
async function startFamily() {
  const engine = createFakeEngine({ asksCaller: true });
  const opened = { context_text: 'abc', language: 'javascript' };
  const { session_id } = await call(engine, 'rlm_init_context', opened);
  const parent = String(session_id);
  const [sandbox] = engine.sandboxes;
  assert.ok(sandbox);
  sandbox.runStep = async ({ onHostCall }, signal) => {
    const result = await onHostCall({ name: 'rlm_query', args: ['part', 'abc'] }, signal).then(
      String,
      () => null,
    );
    const error = { type: 'Error', message: 'cut', line: 1, traceback: '' };
    return { ...emptyOutcome, result, error: result === null ? error : null };
  };
  const asking = call(engine, 'rlm_run_repl', { session_id: parent, code: 'ask()' });
  await turns();
  engine.clock.advance(100);
  assert.ok((await asking)['pending_prompts']);
  const child = engine.sessions.live.find(({ id }) => id !== parent)?.id ?? '';
  const childSandbox = engine.sandboxes[1];
  assert.ok(childSandbox);
  let ask: () => void = () => undefined;
  const mayAsk = new Promise<void>((resolve) => (ask = resolve));
  const ran: string[] = [];
  const runStep = childSandbox.runStep.bind(childSandbox);
  childSandbox.runStep = async (request, signal) => {
    ran.push(request.code);
    if (request.code.startsWith('llm_query')) {
      await Promise.race([
        mayAsk,
        new Promise((resolve) => signal.addEventListener('abort', resolve)),
      ]);
    }
    return runStep(request, signal);
  };
  const controller = new AbortController();
  const answers = [{ id: 'p1', text: block }];
  const following = call(engine, 'rlm_answer', { session_id: parent, answers }, controller.signal);
  await turns();
  return { engine, parent, child, ran, ask, following, controller };
}

type Family = Awaited<ReturnType<typeof startFamily>>;

const ends: Readonly<Record<string, (family: Family) => Promise<unknown>>> = {
  stopped: async ({ engine, parent }) => {
    await engine.sessions.live.find(({ id }) => id === parent)?.stop();
  },
  cancelled: async ({ controller }) => controller.abort(),
  finalized: ({ engine, parent }) =>
    call(engine, 'rlm_finalize', { session_id: parent, final_text: 'done' }),
  closed: ({ engine, parent }) => engine.sessions.closeSession(parent, 'it was closed'),
};

/** Steps have begun and ended in turn, with their calls in between. */
function checkSteps(events: readonly TraceEvent[], order: string): void {
  let isOpen = false;
  for (const { kind, status } of events) {
    if (kind === 'step.started') {
      assert.ok(!isOpen && status === 'active', `${order}: a step has started out of turn`);
      isOpen = true;
    } else if (kind === 'step.finished') {
      assert.ok(isOpen, `${order}: a step has ended that had not begun`);
      isOpen = false;
    }
  }
  assert.ok(!isOpen, `${order}: a step has no end`);
}

describe('a step queued in a child session', () => {
  for (const [kind, end] of Object.entries(ends)) {
    it(`is answered once, and never runs after its parent was ${kind}`, async () => {
      await runInEveryOrder(async () => {
        const family = await startFamily();
        const { engine, parent, child, ran, ask } = family;
        const calls: Promise<unknown>[] = [family.following];
        let ranBeforeEnd: number | null = null;
        const asker: Actor = async (turn) => {
          await turn();
          ask();
          await turns();
          engine.clock.advance(100);
          await turns();
          await turn();
          const answers = [{ id: 'p2', text: '3' }];
          calls.push(call(engine, 'rlm_answer', { session_id: parent, answers }));
          await turns();
          engine.clock.advance(100);
          await turns();
        };
        let queued: Record<string, unknown> | null = null;
        const queuer: Actor = async (turn) => {
          await turn();
          const step = call(engine, 'rlm_run_repl', { session_id: child, code: 'queued = 1' });
          calls.push(step.then((reply) => (queued = reply)));
          await turns();
        };
        const ender: Actor = async (turn) => {
          await turn();
          ranBeforeEnd = ran.length;
          calls.push(end(family));
          await turns();
          engine.clock.advance(100);
          await turns();
        };
        return {
          actors: [asker, queuer, ender],
          check: async (order) => {
            await turns();
            const { events } = await engine.traces.readEvents(child, {
              fromStep: null,
              toStep: null,
              cursor: null,
              limit: 1_000,
            });
            await engine.close();
            await Promise.allSettled(calls);
            const reply: Record<string, unknown> = queued ?? assert.fail(order);
            checkSteps(events, order);
            // A call that has ended cannot be cancelled, and an answer waits for a step that asks nothing.
            if (kind === 'stopped' || kind === 'closed') {
              assert.equal(events.at(-1)?.status, 'stopped', order);
            }
            const hasRun = ran.includes('queued = 1');
            assert.equal(reply['error'] === null || !('error' in reply), hasRun, order);
            assert.deepStrictEqual(
              ran.slice(ranBeforeEnd ?? 0).filter((code) => code === 'queued = 1'),
              [],
              `${order}: ${JSON.stringify(ran)}`,
            );
          },
        };
      });
    });
  }
});
