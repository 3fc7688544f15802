// Calls that queue up behind a step: refused, not left to hang, when the step waits for its caller's answers.

import assert from 'node:assert/strict';
import { Scratch } from '../../../src/mcp/scratch';
import { defaultProgressOptions, Progress } from '../../../src/mcp/progress';
import { readResource } from '../../../src/mcp/resources';
import { callTool } from '../../../src/mcp/toolCall';
import { tools } from '../../../src/mcp/toolList';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';

const never = new AbortController().signal;
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function call(engine: FakeEngine, name: string, args: object) {
  const progress = new Progress(null, defaultProgressOptions);
  const context = {
    engine,
    signal: never,
    progress,
    sample: null,
    askPerson: null,
    agents: null,
    toldLanguages: new Set<never>(),
    scratch: new Scratch(),
  };
  const result = await callTool({ name, args, offered: tools }, context);
  return { ...result.structuredContent } as Record<string, unknown>;
}

async function openSession(engine: FakeEngine): Promise<string> {
  const opened = { context_text: 'abc', language: 'javascript' };
  const { session_id: id } = await call(engine, 'rlm_init_context', opened);
  await call(engine, 'rlm_run_repl', { session_id: id, code: 'x = 1' });
  return String(id);
}

/** A step that asks its caller once `ask` is called. */
async function startAsking(engine: FakeEngine, sessionId: string) {
  const [sandbox] = engine.sandboxes;
  assert.ok(sandbox);
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const runStep = sandbox.runStep.bind(sandbox);
  sandbox.runStep = async (request, signal) => {
    await asked;
    return runStep({ ...request, code: 'llm_query("?")' }, signal);
  };
  const step = call(engine, 'rlm_run_repl', { session_id: sessionId, code: 'y = 1' });
  await turns();
  return {
    untilAsking: async () => {
      ask();
      await turns();
      engine.clock.advance(100);
      assert.ok((await step)['pending_prompts']);
    },
  };
}

type Queued = (engine: FakeEngine, session_id: string) => Promise<unknown>;
const getVar: Queued = (engine, session_id) =>
  call(engine, 'rlm_get_var', { session_id, var_name: 'x' });
const readVariable: Queued = async (engine, session_id) => {
  const uri = `rlm://sessions/${session_id}/vars/x`;
  try {
    return await readResource(engine, uri, never);
  } catch (thrown) {
    return { code: (thrown as { data?: { code?: unknown } }).data?.code };
  }
};
const addContext: Queued = (engine, session_id) =>
  call(engine, 'rlm_add_context', { session_id, context_text: 'more' });
const finalizeText: Queued = (engine, session_id) =>
  call(engine, 'rlm_finalize', { session_id, final_text: 'done' });
const finalizeVariable: Queued = (engine, session_id) =>
  call(engine, 'rlm_finalize', { session_id, final_var_name: 'x' });
const runStep: Queued = (engine, session_id) =>
  call(engine, 'rlm_run_repl', { session_id, code: 'x' });

const toCode = (reply: unknown): unknown => {
  const { code, error } = reply as { code?: unknown; error?: { code?: unknown } };
  return code ?? error?.code;
};

describe('a call that would wait for a step', () => {
  for (const [name, queue] of Object.entries({
    getVar,
    readVariable,
    addContext,
    finalizeText,
    finalizeVariable,
    runStep,
  })) {
    it(`is refused when that comes to wait for its caller: ${name}`, async () => {
      const engine = createFakeEngine({ asksCaller: true });
      const id = await openSession(engine);
      const { untilAsking } = await startAsking(engine, id);
      const queued = queue(engine, id);
      await untilAsking();
      assert.equal(toCode(await queued), 'INVALID_INPUT');
      // What was refused is not done later all the same.
      const answers = [{ id: 'p1', text: 'it' }];
      const step = await call(engine, 'rlm_answer', { session_id: id, answers });
      assert.equal(step['step_index'], 2);
      await turns();
      const { status, contexts } = await engine.sessions.readSummary(id);
      assert.deepStrictEqual([status, contexts.length], ['active', 1]);
      await engine.close();
    });
  }

  for (const [name, queue] of Object.entries({ addContext, runStep })) {
    it(`is refused while that waits for its caller: ${name}`, async () => {
      const engine = createFakeEngine({ asksCaller: true });
      const id = await openSession(engine);
      await (await startAsking(engine, id)).untilAsking();
      assert.equal(toCode(await queue(engine, id)), 'INVALID_INPUT');
      await engine.close();
    });
  }

  it('reads what was before the step while that waits for its caller', async () => {
    const engine = createFakeEngine({ asksCaller: true });
    const id = await openSession(engine);
    await (await startAsking(engine, id)).untilAsking();
    const { value, before_step: before } = (await getVar(engine, id)) as Record<string, unknown>;
    assert.deepStrictEqual([value, before], [1, 2]);
    const { contents } = (await readVariable(engine, id)) as { contents: { text: string }[] };
    assert.equal(contents[0]?.text, '1');
    await engine.close();
  });

  it('is answered when that ends', async () => {
    const engine = createFakeEngine({ answer: () => 'it' });
    const id = await openSession(engine);
    const [sandbox] = engine.sandboxes;
    const step = call(engine, 'rlm_run_repl', { session_id: id, code: 'sleep(1)' });
    await turns();
    const reading = getVar(engine, id);
    await turns();
    sandbox?.wake();
    assert.equal(((await reading) as { value?: unknown }).value, 1);
    await step;
    await engine.close();
  });
});
