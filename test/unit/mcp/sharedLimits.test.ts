// What is left to a part of a decomposed run, which shares steps and time with the others: every reply says the same.

import assert from 'node:assert/strict';
import { Scratch } from '../../../src/mcp/scratch';
import { defaultProgressOptions, Progress } from '../../../src/mcp/progress';
import { readResource } from '../../../src/mcp/resources';
import { callTool } from '../../../src/mcp/toolCall';
import { tools } from '../../../src/mcp/toolList';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';

const never = new AbortController().signal;
const toBlock = (code: string): string => `\`\`\`repl\n${code}\n\`\`\``;
const maxSteps = 8;

async function call(engine: FakeEngine, name: string, args: object) {
  const progress = new Progress(null, defaultProgressOptions);
  const toldLanguages = new Set<never>();
  const context = {
    engine,
    signal: never,
    progress,
    sample: null,
    askPerson: null,
    agents: null,
    toldLanguages,
    scratch: new Scratch(),
  };
  const result = await callTool({ name, args, offered: tools }, context);
  return { ...result.structuredContent } as Reply;
}

interface Usage {
  readonly remaining?: { readonly steps?: number };
}

interface Line {
  readonly action: string;
  readonly summary: string;
  readonly guardrail_snapshot: Usage;
}

/** What the tools here give of it. */
interface Reply {
  readonly session_id?: string;
  readonly usage?: Usage;
  readonly guardrail_stop?: string | null;
  readonly finish_reason?: string | null;
  readonly error?: { readonly code: string; readonly message: string } | null;
  readonly sessions?: readonly { readonly session_id: string; readonly usage: Usage }[];
  readonly events?: readonly Line[];
}

/** A run of two parts: `b` has used five steps of its eight, and both wait for their model. */
async function startRun() {
  const held: ((reply: string) => void)[] = [];
  let untilHeld: () => void = () => undefined;
  const bothHeld = new Promise<void>((resolve) => (untilHeld = resolve));
  let steps = 0;
  const engine = createFakeEngine({
    answer: (prompt) => {
      if (prompt.includes('Split a task into parts')) {
        return JSON.stringify(['a', 'b'].map((title) => ({ title, task: `part <${title}>` })));
      }
      if (!prompt.includes('part <a>') && steps < 5) {
        steps += 1;
        return toBlock(`x = ${steps}`);
      }
      return new Promise((resolve) => {
        held.push(resolve);
        if (held.length === 2) {
          untilHeld();
        }
      });
    },
  });
  const started = call(engine, 'rlm_decompose', {
    complex_task: 'Do it.',
    context_text: 'abc',
    language: 'javascript',
    config: { max_steps: maxSteps },
    wait_ms: 1_000,
  });
  await bothHeld;
  engine.clock.advance(1_000);
  const { session_id: run = '' } = await started;
  const sessions = engine.sessions.live.map(({ summary }) => summary);
  const idOf = (title: string): string =>
    sessions.find((one) => one.title === title)?.sessionId ?? '';
  return { engine, run, a: idOf('a'), b: idOf('b'), held };
}

async function readLines(engine: FakeEngine, session_id: string): Promise<readonly Line[]> {
  return (await call(engine, 'rlm_get_trace', { session_id, detail: 'full' })).events ?? [];
}

/** Steps that are left, by each reply that says so. */
async function readLeft(engine: FakeEngine, sessionId: string) {
  const { contents } = await readResource(engine, `rlm://sessions/${sessionId}`, never);
  const [content] = contents;
  const detail = JSON.parse(String(content && 'text' in content && content.text)) as Reply;
  const { sessions = [] } = await call(engine, 'rlm_list_sessions', {});
  const listed = sessions.find(({ session_id: id }) => id === sessionId);
  const lines = await readLines(engine, sessionId);
  return {
    status: detail.usage?.remaining?.steps,
    list: listed?.usage.remaining?.steps,
    trace: lines.at(-1)?.guardrail_snapshot.remaining?.steps,
  };
}

describe('what is left to a part of a run', () => {
  it('is what the whole run has left, in every reply', async () => {
    const { engine, run, a, b, held } = await startRun();
    assert.deepStrictEqual((await readLeft(engine, a)).list, 3);
    const step = await call(engine, 'rlm_run_repl', { session_id: a, code: '1' });
    assert.equal(step.usage?.remaining?.steps, 2);
    assert.deepStrictEqual(await readLeft(engine, a), { status: 2, list: 2, trace: 2 });
    const { status, list, trace } = await readLeft(engine, b);
    assert.deepStrictEqual([status, list, trace], [2, 2, 3]); // its last event was before that step
    const going = call(engine, 'rlm_wait', { session_id: run, wait_ms: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    engine.clock.advance(1);
    assert.equal((await going).usage?.remaining?.steps, 2);

    await call(engine, 'rlm_run_repl', { session_id: a, code: '2' });
    const last = await call(engine, 'rlm_run_repl', { session_id: a, code: '3' });
    assert.deepStrictEqual([last.guardrail_stop, last.usage?.remaining?.steps], ['max_steps', 0]);
    assert.deepStrictEqual(await readLeft(engine, a), { status: 0, list: 0, trace: 0 });

    held.forEach((resolve) => resolve(toBlock('x = 9')));
    const end = await call(engine, 'rlm_wait', { session_id: run });
    assert.deepStrictEqual([end.finish_reason, end.usage?.remaining?.steps], ['max_steps', 0]);
    assert.deepStrictEqual(await readLeft(engine, run), { status: 0, list: 0, trace: 0 });
    assert.deepStrictEqual(await readLeft(engine, b), { status: 0, list: 0, trace: 0 });
    await engine.close();
  });

  it('is named with its limit where it stops a part, in the refusal and in the trace', async () => {
    const { engine, a, b, held } = await startRun();
    for (const code of ['1', '2', '3']) {
      await call(engine, 'rlm_run_repl', { session_id: a, code });
    }
    const limit = /max_steps \(max_steps 8 of the run that it is a part of\)/u;
    for (const session_id of [a, b]) {
      const { error } = await call(engine, 'rlm_run_repl', { session_id, code: '4' });
      assert.equal(error?.code, 'GUARDRAIL_STOPPED');
      assert.match(error.message, limit);
    }
    const stopped = (await readLines(engine, b)).find(({ action }) => action === 'stop');
    assert.match(stopped?.summary ?? '', limit);
    held.forEach((resolve) => resolve(toBlock('x = 9')));
    await engine.close();
  });
});
