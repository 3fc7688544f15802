// The tools of whole runs through a real client; the sandbox runs in memory and speaks JavaScript.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { callError, callOk, callTool, connectClient } from '../../support/mcpClient';

const block = (code: string): string => `\`\`\`js\n${code}\n\`\`\``;
const plan = '[{"title":"one","task":"first"},{"title":"two","task":"second"}]';

describe('tools of whole runs', () => {
  let engine: FakeEngine;
  let client: Client;
  /** What the model says to the last message it is sent. */
  let reply: (prompt: string) => string;

  beforeEach(async () => {
    reply = () => block('FINAL(context.length)');
    engine = createFakeEngine({
      files: { '/data/a.txt': 'file a', '/data/odd.txt': 'file b' },
      answer: (prompt) => reply(prompt),
    });
    client = await connectClient(engine, { progress: { throttleMs: 0 } });
  });

  afterEach(async () => {
    await client.close();
    await engine.close();
  });

  const language = 'javascript';

  it('rlm_execute answers over a text, under either name, over files, and without a context', async () => {
    const task = 'How long is it?';
    const calls = [
      { context_text: 'abc' },
      { context: 'abcd' },
      { context_paths: ['/data/a.txt'] },
      {},
    ];
    const answers: unknown[] = [];
    for (const given of calls) {
      const { answer } = await callOk(client, 'rlm_execute', { task, language, ...given });
      answers.push(answer);
    }
    assert.deepStrictEqual(answers, ['3', '4', '6', '0']);
  });

  it('a finished run tells its session, its iterations and how it ended', async () => {
    const result = await callOk(client, 'rlm_execute', { task: 'x', context: 'abc', language });
    const { session_id: sessionId, usage } = result;
    assert.deepStrictEqual(result, {
      session_id: sessionId,
      usage,
      answer: '3',
      status: 'finished',
      iterations: 1,
      finish_reason: 'submitted',
      pending_prompts: null,
      truncated: false,
    });
    const summary = await engine.sessions.readSummary(String(sessionId));
    assert.deepStrictEqual([summary.status, summary.finalAnswer], ['finalized', '3']);
  });

  for (const [tool, asked] of [
    ['rlm_execute', { task: 'x' }],
    ['rlm_analyze', { question: 'x' }],
    ['rlm_code', { description: 'x' }],
    ['rlm_decompose', { complex_task: 'x' }],
  ] as const) {
    it(`${tool} tells what is in doubt about the context's text`, async () => {
      reply = (prompt) =>
        prompt.includes('Split a task')
          ? plan
          : block('var code = "1"; var tests = []; FINAL("x")');
      const paths = ['/data/a.txt', '/data/odd.txt'];
      const given = { ...asked, context_paths: paths, max_iterations: 1, language };
      const finished = await callOk(client, tool, given);
      assert.deepStrictEqual(finished['warnings'], ['/data/odd.txt: a guess.']);
      const { text } = await callTool(client, tool, { ...given, response_format: 'markdown' });
      assert.match(text, /Warning:.*odd\.txt: a guess/u);
    });
  }

  it('a run that goes on tells it too, and rlm_wait', async () => {
    const given = { task: 'x', context_paths: ['/data/odd.txt'], language, wait_ms: 0 };
    const started = await callOk(client, 'rlm_execute', given);
    const ended = await callOk(client, 'rlm_wait', { session_id: started['session_id'] });
    assert.deepStrictEqual(
      [started['warnings'], ended['warnings']],
      [['/data/odd.txt: a guess.'], ['/data/odd.txt: a guess.']],
    );
  });

  const toTool = {
    rlm_execute: { task: 'x' },
    rlm_analyze: { question: 'x', data: 'abc' },
    rlm_code: { description: 'x' },
    rlm_decompose: { complex_task: 'x' },
  };
  for (const [tool, asked] of Object.entries(toTool)) {
    it(`${tool} tells as much as verbosity says, also by rlm_wait`, async () => {
      reply = (prompt) =>
        prompt.includes('Split a task')
          ? plan
          : block('var solution = "1"; var tests = { one: "1" }; FINAL("x")');
      const told: Record<string, readonly string[]> = {};
      for (const verbosity of ['terse', 'normal', 'full']) {
        const given = { ...asked, verbosity, language };
        const { payload, text } = await callTool(client, tool, given);
        const shown = JSON.parse(text) as object; // the JSON of the payload
        told[verbosity] = Object.keys(payload).sort();
        assert.equal('usage' in shown, verbosity !== 'terse');
        const running = await callOk(client, tool, { ...given, wait_ms: 0 });
        const session_id = running['session_id'];
        const waited = await callOk(client, 'rlm_wait', { session_id });
        const isOwn = (name: string): boolean =>
          verbosity !== 'full' || !['code', 'tests', 'subtasks'].includes(name);
        assert.deepStrictEqual(
          Object.keys(waited).sort().filter(isOwn),
          told[verbosity].filter(isOwn),
        );
      }
      const { terse = [], normal = [], full = [] } = told;
      assert.ok(terse.length < normal.length && normal.length < full.length);
      assert.ok(terse.every((name) => normal.includes(name)));
      assert.ok(normal.every((name) => full.includes(name)));
    });
  }

  it('a terse run leaves out what its answer was made from', async () => {
    reply = (prompt) =>
      prompt.includes('Split a task')
        ? plan
        : prompt.includes('worked on one by one')
          ? 'all in all'
          : block('FINAL("part")');
    const given = { complex_task: 'x', verbosity: 'terse', language };
    const result = await callOk(client, 'rlm_decompose', given);
    const parts = result['subtasks'] as readonly Record<string, unknown>[]; // as its schema says
    assert.deepStrictEqual(
      [result['answer'], parts.map((part) => Object.keys(part))],
      ['all in all', parts.map(() => ['title', 'session_id', 'error', 'finish_reason'])],
    );
    assert.equal(parts.length, 2);
  });

  it('rlm_analyze answers a question about data', async () => {
    const given = { question: 'How long?', data: 'abcde', language };
    assert.equal((await callOk(client, 'rlm_analyze', given))['answer'], '5');
    const error = await callError(client, 'rlm_analyze', { question: 'How long?' });
    assert.equal(error.code, 'INVALID_INPUT');
  });

  it('rlm_decompose gives every part with its session and the combined answer', async () => {
    reply = (prompt) =>
      prompt.includes('Split a task')
        ? plan
        : prompt.includes('worked on one by one')
          ? 'all in all'
          : block('FINAL("part")');
    const result = await callOk(client, 'rlm_decompose', {
      complex_task: 'Do both.',
      num_subtasks: 2,
      context: 'abc',
      language,
    });
    const subtasks = result['subtasks'] as { title: string; session_id: string; answer: string }[]; // the output schema has been checked
    assert.deepStrictEqual(
      [result['answer'], subtasks.map(({ title, answer }) => [title, answer])],
      [
        'all in all',
        [
          ['one', 'part'],
          ['two', 'part'],
        ],
      ],
    );
    const child = await engine.sessions.readSummary(subtasks[0]?.session_id ?? '');
    assert.deepStrictEqual([child.parentSessionId, child.depth], [result['session_id'], 1]);
  });

  const partEnds = [
    { name: 'one was drawn and one gave none', ends: ['DRAWN', 'NONE'], drawn: 1, failed: 1 },
    { name: 'all were drawn', ends: ['DRAWN', 'DRAWN'], drawn: 2, failed: 0 },
    { name: 'one gave none', ends: ['GIVEN', 'NONE'], drawn: 0, failed: 1 },
    { name: 'all are right', ends: ['GIVEN', 'GIVEN'], drawn: 0, failed: 0 },
  ];
  for (const { name, ends, drawn, failed } of partEnds) {
    it(`rlm_decompose says what its answer may lack where ${name}`, async () => {
      reply = (prompt) => {
        if (prompt.includes('Split a task')) {
          const parts = ends.map((end, index) => ({ title: end, task: `part ${index} ${end}` }));
          return JSON.stringify(parts);
        }
        if (prompt.includes('worked on one by one')) {
          return 'all in all';
        }
        if (prompt.includes('no more iterations')) {
          return prompt.includes('DRAWN') ? 'perhaps' : ' ';
        }
        return block(prompt.includes('GIVEN') ? 'FINAL("sure")' : 'var n = 1');
      };
      const given = { complex_task: 'Do.', language, max_iterations: 1 };
      const { note = null, subtasks } = await callOk(client, 'rlm_decompose', given);
      const reasons = (subtasks as { finish_reason: string }[]).map((one) => one.finish_reason); // as its schema says
      assert.deepStrictEqual(
        reasons,
        ends.map((end) => (end === 'GIVEN' ? 'submitted' : 'max_iterations')),
      );
      const told = [
        ...(failed > 0 ? [`${failed} gave no answer`] : []),
        ...(drawn > 0 ? [`${drawn} did not finish`] : []),
      ];
      assert.ok(told.every((one) => String(note).includes(one)));
      assert.equal(note === null, told.length === 0);
    });
  }

  it('says plainly that an answer was drawn from the variables at the end', async () => {
    reply = (prompt) => (prompt.includes('no more iterations') ? 'perhaps 3' : block('var n = 3'));
    const args = { task: 'x', context: 'abc', language, max_iterations: 2 };
    const shown = await callTool(client, 'rlm_execute', { ...args, response_format: 'markdown' });
    const { answer, finish_reason: reason, note } = shown.payload;
    assert.deepStrictEqual([answer, reason], ['perhaps 3', 'max_iterations']);
    assert.match(String(note), /drawn from what the variables held/u);
    assert.match(shown.text, /\*\*Note:\*\* No iteration handed in an answer/u);
  });

  it('a guardrail ends a run without an answer, and says what to do', async () => {
    reply = () => block('var n = 3');
    const args = { task: 'x', context: 'abc', language, config: { max_steps: 1 } };
    const result = await callOk(client, 'rlm_execute', args);
    assert.deepStrictEqual([result['answer'], result['finish_reason']], [null, 'max_steps']);
    assert.match(String(result['note']), /rlm_fork/u);
  });

  it('a run that outlives wait_ms goes on, and rlm_wait gives its answer', async () => {
    reply = () => block('sleep(1)');
    const args = { task: 'x', context: 'abc', language, wait_ms: 0 };
    const slept = new Promise<void>((resolve) => {
      engine.sessions.onDidChange(({ event }) => {
        if (event.kind === 'step.started') {
          resolve();
        }
      });
    });
    const starting = callOk(client, 'rlm_execute', args);
    await slept;
    engine.clock.advance(1);
    const started = await starting;
    const sessionId = started['session_id'];
    assert.deepStrictEqual(
      [started['status'], started['answer'], started['finish_reason']],
      ['running', null, null],
    );
    reply = () => block('FINAL("late")');
    const waiting = callOk(client, 'rlm_wait', { session_id: sessionId, wait_ms: 60_000 });
    engine.sandboxes[0]?.wake();
    const ended = await waiting;
    assert.deepStrictEqual([ended['status'], ended['answer']], ['finished', 'late']);
    const again = await callOk(client, 'rlm_wait', { session_id: sessionId });
    assert.deepStrictEqual(again, ended);
  });

  it('a run ends with its call when the caller gave no wait_ms', async () => {
    reply = () => block('sleep(1)');
    const controller = new AbortController();
    const { signal } = controller;
    const args = { task: 'x', context: 'abc', language };
    const stopped = new Promise<string>((resolve) => {
      engine.sessions.onDidChange(({ event }) => {
        if (event.kind === 'step.started') {
          controller.abort();
        }
        if (event.kind === 'loop.finished') {
          resolve(event.finishReason);
        }
      });
    });
    await assert.rejects(callOk(client, 'rlm_execute', args, { signal }));
    assert.equal(await stopped, 'cancelled');
  });

  it('sends progress for every iteration', async () => {
    let asked = 0;
    reply = () => block(++asked < 3 ? 'var n = 1' : 'FINAL(n)');
    const told: string[] = [];
    const onprogress = ({ message }: { readonly message?: string | undefined }) =>
      void told.push(message ?? '');
    await callOk(client, 'rlm_execute', { task: 'x', language }, { onprogress });
    for (const iteration of [1, 2, 3]) {
      assert.ok(
        told.some((message) => message.startsWith(`iteration ${iteration}`)),
        told.join('\n'),
      );
    }
  });

  it('refuses what it cannot use', async () => {
    const codes = [
      ['rlm_execute', { task: '' }],
      ['rlm_execute', { task: 'x', context: 'a', context_text: 'b' }],
      ['rlm_execute', { task: 'x', max_iterations: 101 }],
      ['rlm_decompose', { complex_task: 'x', num_subtasks: 21 }],
      ['rlm_code', { description: 'x', language: 'ruby' }],
      ['rlm_wait', { session_id: 'nosuch' }],
      ['rlm_execute', { task: 'x', context_paths: ['/etc/passwd'] }],
      ['rlm_decompose', { complex_task: 'x', config: { max_depth: 0 } }],
    ] as const;
    const given: string[] = [];
    for (const [name, args] of codes) {
      given.push((await callError(client, name, args)).code);
    }
    assert.deepStrictEqual(given, [
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'SESSION_NOT_FOUND',
      'PATH_NOT_ALLOWED',
      'GUARDRAIL_STOPPED',
    ]);
  });

  it('a run that fails names the session whose trace shows how far it came', async () => {
    const bare = createFakeEngine();
    const other = await connectClient(bare);
    const calls = [
      ['rlm_execute', { task: 'x' }],
      ['rlm_analyze', { question: 'x', data: 'abc' }],
      ['rlm_code', { description: 'x' }],
      ['rlm_decompose', { complex_task: 'x', context_text: 'abc' }],
    ] as const;
    for (const [name, args] of calls) {
      const { isError, payload } = await callTool(other, name, { ...args, language });
      assert.deepStrictEqual([name, isError], [name, true]);
      const trace = await callOk(other, 'rlm_get_trace', { session_id: payload['session_id'] });
      assert.ok(Array.isArray(trace['events']) && trace['events'].length > 0);
    }
    await other.close();
    await bare.close();
  });

  it('says when there is no model', async () => {
    const bare = createFakeEngine();
    const other = await connectClient(bare);
    const error = await callError(other, 'rlm_code', { description: 'add two numbers' });
    assert.equal(error.code, 'MODEL_UNAVAILABLE');
    await other.close();
    await bare.close();
  });
});
