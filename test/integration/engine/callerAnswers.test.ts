// A step whose prompts the client answers: its agent between two calls, or its model by sampling.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { languages } from '../../../src/core/sandbox';
import { type RunningEngine, startEngine, transports } from '../../support/engineProcess';
import { callError, callOk, openSession } from '../../support/mcpClient';

const promptsSchema = z.array(z.object({ id: z.string(), prompt: z.string() }));

function readPrompts(step: Record<string, unknown>): z.infer<typeof promptsSchema> {
  return promptsSchema.parse(step['pending_prompts']);
}

function answerAll(step: Record<string, unknown>): { id: string; text: string }[] {
  return readPrompts(step).map(({ id, prompt }) => ({ id, text: `re: ${prompt}` }));
}

for (const transport of transports) {
  describe(`answers of the client over ${transport}`, () => {
    let folder: string;
    let engine: RunningEngine;
    let client: Client;

    before(async () => {
      folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-test-')));
      await mkdir(path.join(folder, 'work'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    describe('by its agent', () => {
      before(async () => {
        engine = await startEngine(transport, {
          home: path.join(folder, 'home'),
          root: path.join(folder, 'work'),
        });
        client = engine.client;
      });
      after(() => engine.stop());

      for (const language of languages) {
        it(`carry a ${language} step on, as often as it asks`, async () => {
          const session_id = await openSession(client, { language });
          const [first, second] = ['llm_query("a")', 'llm_query_batched(["b", "c"])'];
          const code =
            language === 'python'
              ? `one = ${first}\ntwo = ${second}\n[one, *two]`
              : `const one = ${first}; const two = ${second}; [one, ...two].join()`;
          const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
          const again = await callOk(client, 'rlm_answer', {
            session_id,
            answers: answerAll(asked),
          });
          const step = await callOk(client, 'rlm_answer', {
            session_id,
            answers: answerAll(again),
          });
          assert.deepStrictEqual(
            [readPrompts(asked).length, readPrompts(again).length, step['pending_prompts']],
            [1, 2, null],
          );
          assert.match(String(step['result']), /re: a.*re: b.*re: c/u);
          const usage = z.object({ llm_calls: z.number() }).parse(step['usage']);
          assert.equal(usage.llm_calls, 3);
        });
      }

      it('may come in parts, and a larger batch in several turns', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = 'answers = llm_query_batched([str(i) for i in range(150)])\nanswers';
        let step = await callOk(client, 'rlm_run_repl', { session_id, code });
        const [one, ...others] = answerAll(step);
        step = await callOk(client, 'rlm_answer', { session_id, answers: [one] });
        const ids = others.map(({ id }) => id);
        assert.deepStrictEqual([readPrompts(step).length, step['still_waiting']], [1, ids]);
        step = await callOk(client, 'rlm_answer', {
          session_id,
          answers: [...others, ...answerAll(step)],
        });
        let turns = 1;
        while (step['pending_prompts'] !== null) {
          turns += 1;
          step = await callOk(client, 'rlm_answer', { session_id, answers: answerAll(step) });
        }
        const wanted = Array.from({ length: 150 }, (_, index) => `'re: ${index}'`);
        assert.deepStrictEqual(step['result'], `[${wanted.join(', ')}]`);
        assert.ok(turns >= 2 && turns <= 6, `${turns} turns`);
      });

      it('cost no time of the session, whose other limits hold', async () => {
        const session_id = await openSession(client, {
          language: 'python',
          config: { step_timeout_ms: 400, max_runtime_ms: 2_000 },
        });
        const code = 'a = llm_query("x")\nwhile True: pass';
        const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
        await delay(2_500); // longer than both limits
        const step = await callOk(client, 'rlm_answer', { session_id, answers: answerAll(asked) });
        const error = z.object({ type: z.string() }).parse(step['error']);
        assert.deepStrictEqual([error.type, step['guardrail_stop']], ['TimeoutError', null]);
        assert.ok(Number(step['duration_ms']) < 2_000, `${String(step['duration_ms'])} ms`);
        assert.equal(
          (await callOk(client, 'rlm_run_repl', { session_id, code: 'a' }))['result'],
          "'re: x'",
        );
      });

      it('are refused by a session that has ended, with what can still be done', async () => {
        const session_id = await openSession(client, { language: 'python' });
        await callOk(client, 'rlm_finalize', { session_id, final_text: 'done' });
        const error = await callError(client, 'rlm_answer', { session_id, answers: [] });
        assert.equal(error.code, 'SESSION_FINALIZED');
        assert.doesNotMatch(error.next_step, /rlm_run_repl/u);
      });

      it('are shown again on request, and refused under an id that was never asked', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = 'llm_query("once")';
        const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
        const wrong = { session_id, answers: [{ id: 'p99', text: 'x' }] };
        assert.equal((await callError(client, 'rlm_answer', wrong)).code, 'INVALID_INPUT');
        const shown = await callOk(client, 'rlm_answer', { session_id, answers: [] });
        assert.deepStrictEqual(shown['pending_prompts'], asked['pending_prompts']);
        for (const [tool, args] of [
          ['rlm_run_repl', { code: '1' }],
          ['rlm_add_context', { context_text: 'more' }],
        ] as const) {
          const { code: refused } = await callError(client, tool, { session_id, ...args });
          assert.equal(refused, 'INVALID_INPUT', tool);
        }
        const answers = answerAll(asked);
        const step = await callOk(client, 'rlm_answer', { session_id, answers });
        assert.equal(step['result'], "'re: once'");
        const late = await callError(client, 'rlm_answer', { session_id, answers });
        assert.equal(late.code, 'INVALID_INPUT');
      });

      for (const language of languages) {
        it(`leave the variables of a ${language} session to be read, as they were before the step`, async () => {
          const session_id = await openSession(client, { language });
          await callOk(client, 'rlm_run_repl', { session_id, code: 'kept = [1, 2]' });
          const code =
            language === 'python' ? 'kept = 3\nllm_query("x")' : 'kept = 3; llm_query("x")';
          const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
          const read = { session_id, var_name: 'kept' };
          const { value, before_step: before } = await callOk(client, 'rlm_get_var', read);
          assert.deepStrictEqual([value, before], [[1, 2], 2]);
          const unknown = await callError(client, 'rlm_get_var', { ...read, var_name: 'none' });
          assert.equal(unknown.code, 'VAR_NOT_FOUND');
          assert.match(unknown.message, /step 2, which waits for your answers/u);
          assert.match(unknown.next_step, /rlm_answer/u);
          await callOk(client, 'rlm_answer', { session_id, answers: answerAll(asked) });
          const after = await callOk(client, 'rlm_get_var', read);
          assert.deepStrictEqual([after['value'], after['before_step']], [3, undefined]);
        });
      }

      it('are each asked of children side by side, all in the first reply, with what they share told once', async () => {
        const session_id = await openSession(client, { language: 'javascript' });
        const code = 'rlm_query_batched(["count a", "count b"], ["aaa", "bb"]).join()';
        const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
        const shown = z
          .array(
            z.object({
              id: z.string(),
              prompt: z.string(),
              system_as: z.string().optional(),
              child: z.object({ session_id: z.string(), depth: z.number(), title: z.string() }),
            }),
          )
          .parse(asked['pending_prompts']);
        assert.deepStrictEqual(shown.map(({ child: { depth, title } }) => [depth, title]).sort(), [
          [1, 'count a'],
          [1, 'count b'],
        ]);
        const [first, second] = shown;
        assert.ok(first && second && second.prompt.length < first.prompt.length);
        assert.deepStrictEqual([first.system_as, second.system_as], [undefined, first.id]);
        assert.ok(second.prompt.startsWith(`[system]\n(as in ${first.id})`));
        const answers = shown.map(({ id, child }) => ({
          id,
          text: `\`\`\`repl\nFINAL("${child.title}: " + context.length)\n\`\`\``,
        }));
        const step = await callOk(client, 'rlm_answer', { session_id, answers });
        assert.equal(step['result'], "'count a: 3,count b: 2'");
      });

      it('show a text once, and take an answer for each time it is asked', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = 'llm_query_batched(["how many?"] * 3)';
        const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
        const prompts = readPrompts(asked);
        assert.deepStrictEqual(
          prompts.map(({ prompt }) => prompt.startsWith('The same text as')),
          [false, true, true],
        );
        const answers = prompts.map(({ id }, at) => ({ id, text: String(at) }));
        const step = await callOk(client, 'rlm_answer', { session_id, answers });
        assert.equal(step['result'], "['0', '1', '2']");
      });

      it('are still waited for when an answer to the session was refused', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = 'x = llm_query("a")\nx';
        const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
        for (const answer of [
          {},
          { final_var_name: 'x' },
          { final_text: 'a', final_var_name: 'x' },
        ]) {
          const { code: refused } = await callError(client, 'rlm_finalize', {
            session_id,
            ...answer,
          });
          assert.equal(refused, 'INVALID_INPUT');
        }
        const answers = answerAll(asked);
        const step = await callOk(client, 'rlm_answer', { session_id, answers });
        assert.equal(step['result'], "'re: a'");
      });

      it('are no longer waited for once the session is finalized', async () => {
        const session_id = await openSession(client, { language: 'python' });
        await callOk(client, 'rlm_run_repl', { session_id, code: 'a = 1\nllm_query("x")' });
        const ended = await callOk(client, 'rlm_finalize', { session_id, final_text: 'enough' });
        assert.equal(ended['final_answer'], 'enough');
      });

      it('are not asked for what is too long to pass through an agent', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = 'try: llm_query("x" * 80_001)\nexcept RuntimeError as e: print(e.code)';
        const step = await callOk(client, 'rlm_run_repl', { session_id, code });
        assert.equal(step['stdout'], 'MODEL_UNAVAILABLE\n');
      });
    });

    describe('by its model', () => {
      const prompts: string[] = [];

      before(async () => {
        const sampler = new Client(
          { name: 'test', version: '1.0.0' },
          { capabilities: { sampling: {} } },
        );
        sampler.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
          const [message] = params.messages;
          const content = [message?.content ?? []].flat()[0];
          const text = content?.type === 'text' ? content.text : '';
          prompts.push(text);
          if (text === 'refuse') {
            throw new Error('The user said no.');
          }
          return {
            model: 'test-model',
            role: 'assistant',
            content: { type: 'text', text: `sampled: ${text}` },
          };
        });
        engine = await startEngine(
          transport,
          { home: path.join(folder, 'home'), root: path.join(folder, 'work') },
          sampler,
        );
        client = engine.client;
      });
      after(() => engine.stop());

      it('come within the step, and the trace says whose they are', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = '[llm_query("a"), *llm_query_batched(["b", "c"])]';
        const step = await callOk(client, 'rlm_run_repl', { session_id, code });
        assert.equal(step['result'], "['sampled: a', 'sampled: b', 'sampled: c']");
        const { events } = await callOk(client, 'rlm_get_trace', { session_id, detail: 'full' });
        const answered = z
          .array(z.object({ action: z.string(), detail: z.record(z.string(), z.unknown()) }))
          .parse(events)
          .filter(({ action }) => action === 'llm_query')
          .map(({ detail }) => [detail['model'], detail['tokens_estimated']]);
        assert.deepStrictEqual(
          answered,
          Array.from({ length: 3 }, () => ['sampling/test-model', true]),
        );
      });

      it('that it refuses are an error inside the step', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = 'try: llm_query("refuse")\nexcept RuntimeError as e: print(e)';
        const step = await callOk(client, 'rlm_run_repl', { session_id, code });
        assert.match(String(step['stdout']), /^MODEL_UNAVAILABLE: .*The user said no/u);
      });

      it('can still be the agent’s, when the code names it', async () => {
        const session_id = await openSession(client, { language: 'python' });
        const code = 'llm_query("a", model="caller")';
        const asked = await callOk(client, 'rlm_run_repl', { session_id, code });
        assert.equal(readPrompts(asked)[0]?.prompt, 'a');
        await callOk(client, 'rlm_finalize', { session_id, final_text: 'done' });
      });
    });
  });
}
