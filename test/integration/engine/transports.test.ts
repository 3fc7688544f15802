// Whole sessions through the built command line, over both transports, in both languages.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { languages, type Language } from '../../../src/core/sandbox';
import { type RunningEngine, startEngine, transports } from '../../support/engineProcess';
import { callError, callOk, callTool, openSession } from '../../support/mcpClient';
import { mcpFlows, readField, toList } from '../../support/mcpFlows';

/** Splits a context, maps over the pieces, aggregates, and answers from a variable. */
const chunkedFlow: Readonly<Record<Language, readonly string[]>> = {
  python: [
    'def count(text):\n    return text.count("error")',
    'pieces = chunk(2000)\ncounts = [count(piece.text) for piece in pieces]\nlen(pieces) > 5',
    'hits = grep("error 7$")\nreport = {"errors": sum(counts), "first": [hits[0].line, hits[0].path]}',
  ],
  javascript: [
    'const count = (text) => text.split("error").length - 1;',
    'let pieces = chunk({ size: 2000 });\nlet counts = pieces.map((piece) => count(piece.text));\npieces.length > 5',
    'const hits = grep("error 7$");\nconst report = { errors: counts.reduce((a, b) => a + b, 0), first: [hits[0].line, hits[0].path] };',
  ],
};

for (const transport of transports) {
  describe(`the engine over ${transport}`, () => {
    let folder: string;
    let engine: RunningEngine;
    let client: Client;

    before(async () => {
      folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-test-')));
      const root = path.join(folder, 'work');
      await mkdir(path.join(root, 'logs'), { recursive: true });
      for (const name of ['a.log', 'b.log']) {
        const lines = Array.from({ length: 1_000 }, (_, line) =>
          line % 10 === 7 ? `${line} error ${line}\n` : `${line} fine\n`,
        );
        await writeFile(path.join(root, 'logs', name), lines.join(''));
      }
      await writeFile(path.join(root, 'logs', 'image.bin'), Buffer.from([0, 1, 2, 0, 255]));
      engine = await startEngine(transport, { home: path.join(folder, 'home'), root });
      client = engine.client;
    });
    after(async () => {
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    });

    for (const language of languages) {
      describe(`in ${language}`, () => {
        for (const flow of mcpFlows) {
          it(flow.title, () => flow.run(client, language));
        }

        it('splits a folder’s files, maps, aggregates and finalizes from a variable', async () => {
          const opened = await callOk(client, 'rlm_init_context', {
            context_paths: ['logs'],
            language,
          });
          const context = opened['context'] as Record<string, unknown>; // schema-checked by the client
          assert.deepStrictEqual(
            [context['kind'], context['source_count'], context['total_lines']],
            ['files', 2, 2_000],
          );
          assert.match(JSON.stringify(context['skipped']), /image\.bin.*binary/u);
          const session_id = opened['session_id'];
          for (const code of chunkedFlow[language]) {
            const step = await callOk(client, 'rlm_run_repl', { session_id, code });
            assert.equal(step['error'], null, JSON.stringify(step['error']));
          }
          const { final_answer, stats } = await callOk(client, 'rlm_finalize', {
            session_id,
            final_var_name: 'report',
          });
          assert.deepStrictEqual(JSON.parse(String(final_answer)), {
            errors: 200,
            first: [8, 'logs/a.log'],
          });
          assert.equal(readField({ stats }, 'stats', 'steps'), 3);
        });
      });
    }

    it('stops a session by each guardrail: before, during and after a step', async () => {
      const run = async (config: Record<string, unknown>, code: string) => {
        const id = await openSession(client, { language: 'python', config });
        const step = await callOk(client, 'rlm_run_repl', { session_id: id, code });
        const refused = await callTool(client, 'rlm_run_repl', { session_id: id, code: '1' });
        assert.equal(readField(refused.payload, 'error', 'code'), 'GUARDRAIL_STOPPED');
        assert.equal(refused.payload['guardrail_stop'], step['guardrail_stop']);
        return [step['guardrail_stop'], readField(step, 'error', 'type')];
      };
      assert.deepStrictEqual(await run({ max_steps: 1 }, '1'), ['max_steps', undefined]);
      assert.deepStrictEqual(await run({ budget_limit: 1_000 }, 'print("x" * 2000)'), [
        'budget_exceeded',
        undefined,
      ]);
      assert.deepStrictEqual(await run({ max_runtime_ms: 1_000 }, 'while True: pass'), [
        'timeout',
        'TimeoutError',
      ]);
      assert.deepStrictEqual(await run({ max_session_ms: 1_000 }, 'while True: pass'), [
        'timeout',
        'TimeoutError',
      ]);
      assert.deepStrictEqual(
        await run({ max_llm_calls: 0 }, 'try: llm_query("a")\nexcept RuntimeError: pass'),
        ['llm_limit', undefined],
      );
    });

    it('reads no file outside its roots', async () => {
      const { code } = await callError(client, 'rlm_init_context', {
        context_paths: [path.join(folder, 'home')],
      });
      assert.equal(code, 'PATH_NOT_ALLOWED');
    });

    it('runs 20 sessions at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, async (_, number) => {
          const language = languages[number % 2];
          const id = await openSession(client, { language, context_text: 'x'.repeat(1_000) });
          const name = `value_${number}`;
          const set = `${language === 'python' ? '' : 'var '}${name} = ${number}`;
          await callOk(client, 'rlm_run_repl', { session_id: id, code: set });
          const step = await callOk(client, 'rlm_run_repl', {
            session_id: id,
            code: `${name} * 2`,
          });
          return step['result'];
        }),
      );
      assert.deepStrictEqual(
        results,
        Array.from({ length: 20 }, (_, number) => String(number * 2)),
      );
    });

    it('cancels a step in its middle and keeps the session’s state', async () => {
      const id = await openSession(client, { language: 'python' });
      await callOk(client, 'rlm_run_repl', { session_id: id, code: 'kept = 41' });
      const controller = new AbortController();
      const cancelled = callTool(
        client,
        'rlm_run_repl',
        { session_id: id, code: 'kept = 42\nwhile True: pass' },
        {
          signal: controller.signal,
          onprogress: () => controller.abort(),
          resetTimeoutOnProgress: true,
        },
      );
      await assert.rejects(cancelled);
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'kept' });
      assert.deepStrictEqual([step['result'], step['step_index']], ['42', 3]);
      const { events } = await callOk(client, 'rlm_get_trace', { session_id: id, from_step: 2 });
      const finished = toList(events).find((event) => event['action'] === 'run_repl');
      assert.equal(finished?.['step_index'], 2);
    });

    it('opens a file of 100 MB by its path', async function () {
      const big = path.join(folder, 'work', 'big.log');
      const line = `${'some words of a log line, '.repeat(3)}end\n`;
      await writeFile(big, line.repeat(Math.ceil(100_000_000 / line.length)));
      const opened = await callOk(client, 'rlm_init_context', { context_paths: ['big.log'] });
      const chars = readField(opened, 'context', 'total_chars');
      const session_id = opened['session_id'];
      const step = await callOk(client, 'rlm_run_repl', { session_id, code: 'len(context)' });
      assert.equal(step['result'], String(chars));
      assert.ok(Number(chars) >= 100_000_000);
      await rm(big);
    });
  });
}

describe('an engine that is killed', () => {
  it('leaves every answered step on disk, its sessions as interrupted, and they go on by replay', async () => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-test-')));
    const folders = { home: path.join(folder, 'home'), root: folder };
    const first = await startEngine('stdio', folders);
    const id = await openSession(first.client, { language: 'python' });
    let answered = 0;
    while (answered < 5) {
      await callOk(first.client, 'rlm_run_repl', { session_id: id, code: `x = ${answered}` });
      answered += 1;
    }
    const running = callTool(first.client, 'rlm_run_repl', {
      session_id: id,
      code: 'while True: pass',
    }).catch(() => undefined);
    await first.kill();
    await running;
    const second = await startEngine('stdio', folders);
    try {
      const { sessions } = await callOk(second.client, 'rlm_list_sessions');
      assert.deepStrictEqual(
        toList(sessions).map((session) => [session['session_id'], session['status']]),
        [[id, 'interrupted']],
      );
      const { events } = await callOk(second.client, 'rlm_get_trace', { session_id: id });
      const finished = toList(events).filter((event) => event['action'] === 'run_repl');
      assert.deepStrictEqual(
        finished.map((event) => [event['step_index'], event['result_status']]).slice(0, 5),
        [1, 2, 3, 4, 5].map((step) => [step, 'ok']),
      );
      const read = { session_id: id, var_name: 'x' };
      const { value, replay } = await callOk(second.client, 'rlm_get_var', read);
      assert.equal(value, 4);
      const step = await callOk(second.client, 'rlm_run_repl', { session_id: id, code: 'x + 1' });
      assert.deepStrictEqual([step['result'], step['step_index']], ['5', 6]);
      // The step that ran on is named where the kill came after its beginning was on record.
      const { unfinished_step: unfinished, ...report } = replay as Record<string, unknown>;
      assert.deepStrictEqual(report, {
        steps_run: 5,
        steps_skipped: 0,
        difference_count: 0,
        differences: [],
      });
      assert.ok(unfinished === undefined || unfinished === 6);
    } finally {
      await second.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
