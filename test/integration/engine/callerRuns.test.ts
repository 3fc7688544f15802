// Whole runs whose prompts the client answers: its agent between two calls, or its model by sampling.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { type RunningEngine, startEngine, transports } from '../../support/engineProcess';
import { callError, callOk, callTool } from '../../support/mcpClient';

const promptsSchema = z.array(
  z.object({
    id: z.string(),
    prompt: z.string(),
    purpose: z.enum(['loop', 'sub_call']),
    follows: z.string().nullable(),
  }),
);
type Prompt = z.infer<typeof promptsSchema>[number];
type Result = Record<string, unknown>;

function readPrompts(result: Result): readonly Prompt[] {
  return promptsSchema.parse(result['pending_prompts']);
}

function readPrompt(result: Result): Prompt {
  const [prompt] = readPrompts(result);
  assert.ok(prompt);
  return prompt;
}

const block = (code: string): string => `Next I run this.\n\n\`\`\`repl\n${code}\n\`\`\``;

for (const transport of transports) {
  describe(`runs answered by their client over ${transport}`, function () {
    this.timeout(60_000);
    let folder: string;
    let engine: RunningEngine;
    let client: Client;

    const start = async (given?: Client): Promise<void> => {
      const folders = { home: path.join(folder, 'home'), root: path.join(folder, 'work') };
      engine = await startEngine(transport, folders, given);
      client = engine.client;
    };
    before(async () => {
      folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-test-')));
      await mkdir(path.join(folder, 'work'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    const answer = (result: Result, text: string, more: Result = {}): Promise<Result> =>
      callOk(client, 'rlm_answer', {
        session_id: result['session_id'],
        answers: readPrompts(result).map(({ id }) => ({ id, text })),
        ...more,
      });

    /** Answers as `reply` says until the run is over. */
    async function answerAll(first: Result, reply: (prompt: Prompt) => string): Promise<Result> {
      let result = first;
      while (result['status'] === 'waiting') {
        const { session_id } = result;
        const answers = readPrompts(result).map((one) => ({ id: one.id, text: reply(one) }));
        result = await callOk(client, 'rlm_answer', { session_id, answers });
      }
      assert.equal(result['status'], 'finished');
      return result;
    }

    describe('its agent', () => {
      before(() => start());
      after(() => engine.stop());

      it('writes the code of rlm_execute, and answers what the code asks', async () => {
        const args = { task: 'Which word?', context_text: 'alpha beta' };
        const first = await callOk(client, 'rlm_execute', args);
        const asked = readPrompt(first);
        assert.deepStrictEqual(
          [first['status'], first['answer'], asked.purpose, asked.follows],
          ['waiting', null, 'loop', null],
        );
        assert.match(asked.prompt, /^\[system\]\n[^]*\[user\]\n# Task\n\nWhich word\?/u);
        const called = await answer(first, block('word = llm_query("Pick one of " + context)'));
        assert.deepStrictEqual(readPrompt(called), {
          ...readPrompt(called),
          purpose: 'sub_call',
          prompt: 'Pick one of alpha beta',
        });
        const again = await answer(called, 'beta');
        const { follows, prompt } = readPrompt(again);
        assert.equal(follows, asked.id);
        assert.match(prompt, /^Step 1 ran\.[^]*\+ word: str\(4\)/u);
        const ended = await answer(again, block('FINAL(word)'));
        assert.deepStrictEqual(
          [ended['status'], ended['answer'], ended['finish_reason'], ended['iterations']],
          ['finished', 'beta', 'submitted', 2],
        );
        const trace = await callOk(client, 'rlm_get_trace', { session_id: ended['session_id'] });
        const models = JSON.stringify(trace['events']).match(/"model":"[^"]*"/gu);
        assert.deepStrictEqual(models, Array<string>(3).fill('"model":"caller/agent"'));
      });

      it('is shown a prompt whole again on request, also one that goes on from another', async () => {
        const first = await callOk(client, 'rlm_execute', { task: 'Count.', context_text: 'abc' });
        const next = await answer(first, block('n = len(context)'));
        const { session_id } = next;
        const shown = await callOk(client, 'rlm_answer', { session_id, answers: [] });
        const whole = readPrompt(shown);
        assert.deepStrictEqual([whole.id, whole.follows], [readPrompt(next).id, null]);
        assert.ok(whole.prompt.startsWith(readPrompt(first).prompt));
        assert.ok(whole.prompt.endsWith(readPrompt(next).prompt));
        const markdown = { session_id, answers: [], response_format: 'markdown' };
        const { text } = await callTool(client, 'rlm_answer', markdown);
        assert.match(text, /## Waiting for you[^]*rlm_answer[^]*you write the code of the run/u);
        await callOk(client, 'rlm_finalize', { session_id, final_text: 'enough' });
      });

      it('answers for rlm_analyze', async () => {
        const first = await callOk(client, 'rlm_analyze', { question: 'How long?', data: 'abcde' });
        const result = await answerAll(first, () => block('FINAL(len(context))'));
        assert.equal(result['answer'], '5');
      });

      it('writes the program of rlm_code, and is told of tests that fail', async () => {
        const program = (sum: string) =>
          block(
            `solution = "def add(a, b):\\n    return ${sum}"\ntests = {"adds": "assert add(1, 2) == 3"}\nSUBMIT(answer="adds")`,
          );
        const first = await callOk(client, 'rlm_code', { description: 'Add two numbers.' });
        const seen: string[] = [];
        const result = await answerAll(first, ({ prompt }) => {
          seen.push(prompt);
          return program(seen.length === 1 ? 'a - b' : 'a + b');
        });
        assert.match(seen[1] ?? '', /1 of 1 tests failed/u);
        assert.match(String(result['code']), /return a \+ b/u);
      });

      it('splits, works on every part of and combines what rlm_decompose is given', async () => {
        const plan = '[{"title":"one","task":"first"},{"title":"two","task":"second"}]';
        const first = await callOk(client, 'rlm_decompose', {
          complex_task: 'Do both.',
          num_subtasks: 2,
          context_text: 'abc',
        });
        const result = await answerAll(first, ({ prompt }) =>
          prompt.startsWith('Split a task')
            ? plan
            : prompt.includes('worked on one by one')
              ? 'all in all'
              : block('FINAL("part")'),
        );
        const subtasks = z.array(z.object({ answer: z.string() })).parse(result['subtasks']);
        assert.deepStrictEqual(
          [result['answer'], subtasks.map((one) => one.answer)],
          ['all in all', ['part', 'part']],
        );
      });

      it('draws the answer from the variables at the end, and may find none', async () => {
        const args = { task: 'x', context_text: 'abc', max_iterations: 1 };
        const first = await callOk(client, 'rlm_execute', args);
        const last = await answer(first, block('n = 3'));
        assert.match(readPrompt(last).prompt, /There are no more iterations/u);
        const ended = await answer(last, ' ');
        assert.deepStrictEqual(
          [ended['status'], ended['answer'], ended['finish_reason']],
          ['finished', null, 'max_iterations'],
        );
        const uri = `rlm://sessions/${String(ended['session_id'])}`;
        const [content] = (await client.readResource({ uri })).contents;
        assert.match(JSON.stringify(content), /run_ended/u);
      });

      it('can look at the variables while it is asked for code, and run none beside', async () => {
        const first = await callOk(client, 'rlm_execute', { task: 'x', context_text: 'abc' });
        const next = await answer(first, block('n = 41'));
        const { session_id } = next;
        const variable = await callOk(client, 'rlm_get_var', { session_id, var_name: 'n' });
        assert.equal(variable['value'], 41);
        const refused = await callError(client, 'rlm_run_repl', { session_id, code: 'n = 0' });
        assert.equal(refused.code, 'INVALID_INPUT');
        const asked = await answer(next, block('llm_query("?")'));
        const before = await callOk(client, 'rlm_get_var', { session_id, var_name: 'n' });
        assert.deepStrictEqual([before['value'], before['before_step']], [41, 2]);
        const last = await answer(asked, 'fine');
        assert.equal((await answer(last, block('FINAL(n)')))['answer'], '41');
      });

      it('answers each prompt once, under its own id, within the length of an answer', async () => {
        const first = await callOk(client, 'rlm_execute', { task: 'x', context_text: 'abc' });
        const { session_id } = first;
        const { id } = readPrompt(first);
        const give = (given: string, text: string) => ({
          session_id,
          answers: [{ id: given, text }],
        });
        const unknown = await callError(client, 'rlm_answer', give('p99', 'x'));
        const tooLong = await callError(client, 'rlm_answer', give(id, 'x'.repeat(100_001)));
        assert.deepStrictEqual([unknown.code, tooLong.code], ['INVALID_INPUT', 'INVALID_INPUT']);
        assert.ok(unknown.next_step.includes(id));
        const next = await callOk(client, 'rlm_answer', give(id, block('n = 1')));
        const twice = await callOk(client, 'rlm_answer', give(id, block('n = 2')));
        assert.deepStrictEqual(
          [twice['pending_prompts'], twice['still_waiting'], twice['ignored_answers']],
          [[], [readPrompt(next).id], [id]],
        );
        const ended = await answer(next, block('FINAL(n)'));
        assert.equal(ended['answer'], '1');
        const { ignored_answers: ignored, ...late } = await callOk(
          client,
          'rlm_answer',
          give(id, block('n = 3')),
        );
        assert.deepStrictEqual(ignored, [id]);
        const wrong = await callError(client, 'rlm_answer', give('p99', 'x'));
        assert.deepStrictEqual([late, wrong.code], [ended, 'INVALID_INPUT']);
      });

      it('ends a waiting run by finalizing its session, or by cancelling its call', async () => {
        const first = await callOk(client, 'rlm_execute', { task: 'x', context_text: 'abc' });
        const { session_id } = first;
        const final = { session_id, final_text: 'enough' };
        assert.equal((await callOk(client, 'rlm_finalize', final))['final_answer'], 'enough');
        const over = await callError(client, 'rlm_answer', { session_id, answers: [] });
        assert.equal(over.code, 'SESSION_FINALIZED');

        const other = await callOk(client, 'rlm_execute', { task: 'x', context_text: 'abc' });
        const cancel = new AbortController();
        const carried = callOk(
          client,
          'rlm_answer',
          {
            session_id: other['session_id'],
            answers: [{ id: readPrompt(other).id, text: block('while True: pass') }],
          },
          { signal: cancel.signal, onprogress: () => cancel.abort() },
        );
        await assert.rejects(carried);
        const gone = { session_id: other['session_id'], wait_ms: 30_000 };
        assert.equal((await callError(client, 'rlm_wait', gone)).code, 'CANCELLED');
      });

      it('is waited for no longer than the session may last', async () => {
        const args = { task: 'x', context_text: 'abc', config: { max_session_ms: 1_000 } };
        const first = await callOk(client, 'rlm_execute', { ...args, wait_ms: 10_000 });
        assert.equal(first['status'], 'waiting');
        const { session_id } = first;
        const uri = `rlm://sessions/${String(session_id)}`;
        const stopped = async (): Promise<boolean> =>
          JSON.stringify((await client.readResource({ uri })).contents).includes('stopped');
        while (!(await stopped())) {
          await callOk(client, 'rlm_list_sessions');
        }
        const ended = await callOk(client, 'rlm_wait', { session_id, wait_ms: 10_000 });
        assert.deepStrictEqual(
          [ended['status'], ended['finish_reason'], ended['answer']],
          ['finished', 'timeout', null],
        );
      });

      it('is told when the engine has ended in between, and can go on with the session', async () => {
        const first = await callOk(client, 'rlm_execute', { task: 'x', context_text: 'abc' });
        const next = await answer(first, block('n = len(context)'));
        await engine.kill();
        await start();
        const { session_id } = next;
        const answers = readPrompts(next).map(({ id }) => ({ id, text: block('FINAL(n)') }));
        const lost = await callError(client, 'rlm_answer', { session_id, answers });
        assert.equal(lost.code, 'SESSION_NOT_FOUND');
        const { sessions } = await callOk(client, 'rlm_list_sessions', { status: 'interrupted' });
        assert.ok(JSON.stringify(sessions).includes(String(session_id)));
        const step = await callOk(client, 'rlm_run_repl', { session_id, code: 'n' });
        assert.equal(step['result'], '3');
      });
    });

    describe('its model', () => {
      after(() => engine.stop());

      it('is asked in the calls that wait for a run, never between them', async () => {
        const sampler = new Client(
          { name: 'test', version: '1.0.0' },
          { capabilities: { sampling: {} } },
        );
        let isCalling = true;
        const asked: boolean[] = [];
        let endFirst: () => void = () => undefined;
        const firstEnded = new Promise<void>((resolve) => {
          endFirst = resolve;
        });
        const replies = [block('word = llm_query("Pick a word")'), 'beta', block('FINAL(word)')];
        sampler.setRequestHandler(CreateMessageRequestSchema, async () => {
          asked.push(isCalling);
          const text = replies[asked.length - 1] ?? '';
          if (asked.length === 1) {
            await firstEnded; // the answer comes when the call that asked has long ended
          }
          return { model: 'test-model', role: 'assistant', content: { type: 'text', text } };
        });
        await start(sampler);
        const started = await callOk(client, 'rlm_execute', {
          task: 'x',
          context_text: 'abc',
          wait_ms: 200,
        });
        isCalling = false;
        endFirst();
        const { session_id } = started;
        await callOk(client, 'rlm_status');
        isCalling = true;
        const ended = await callOk(client, 'rlm_wait', { session_id, wait_ms: 30_000 });
        assert.deepStrictEqual(
          [started['status'], ended['status'], ended['answer'], asked],
          ['running', 'finished', 'beta', [true, true, true]],
        );
      });
    });
  });
}
