// Texts that a calling agent has given to a step are not lost with the engine: the step asks only for the rest.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { type Language, languages } from '../../../src/core/sandbox';
import { type RunningEngine, startEngine } from '../../support/engineProcess';
import { readField } from '../../support/mcpFlows';
import { callError, callOk, openSession } from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

const promptsSchema = z.array(z.object({ id: z.string(), prompt: z.string() }));

/** Answers those of the prompts that end in one of the letters. */
function answer(step: Record<string, unknown>, letters: string): { id: string; text: string }[] {
  return promptsSchema
    .parse(step['pending_prompts'])
    .filter(({ prompt }) => letters.includes(prompt.at(-1) ?? ''))
    .map(({ id, prompt }) => ({ id, text: `re: ${prompt.at(-1)}` }));
}

const listEnds = (step: Record<string, unknown>): string =>
  promptsSchema
    .parse(step['pending_prompts'])
    .map(({ prompt }) => prompt.at(-1))
    .join('');

/** Prompts longer than what a trace shows of each, which differ only at their ends. */
const codes: Readonly<Record<Language, string>> = {
  python:
    'one = llm_query("x" * 5000 + "a")\nmore = llm_query_batched(["x" * 5000 + c for c in "bcd"])\n" ".join([one, *more])',
  javascript:
    'const one = llm_query("x".repeat(5000) + "a"); const more = llm_query_batched([..."bcd"].map((c) => "x".repeat(5000) + c)); [one, ...more].join(" ")',
};

describe('answers given to a step whose engine ends before it', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let engine: RunningEngine;

  const start = async (): Promise<RunningEngine> => {
    engine = await startEngine('stdio', {
      home: path.join(folder(), 'home'),
      root: path.join(folder(), 'work'),
    });
    return engine;
  };
  beforeEach(async () => {
    await mkdir(path.join(folder(), 'work'));
    await start();
  });
  afterEach(() => engine.stop());

  for (const language of languages) {
    for (const end of ['kill', 'stop'] as const) {
      it(`are kept, and the same code asks only for the rest (${language}, ${end})`, async () => {
        const code = codes[language];
        const session_id = await openSession(engine.client, { language });
        const first = await callOk(engine.client, 'rlm_run_repl', { session_id, code });
        const batch = await callOk(engine.client, 'rlm_answer', {
          session_id,
          answers: answer(first, 'a'),
        });
        await callOk(engine.client, 'rlm_answer', { session_id, answers: answer(batch, 'c') });
        await engine[end]();

        const { client } = await start();
        const lost = await callError(client, 'rlm_answer', { session_id, answers: [] });
        assert.match(lost.next_step, /same code/u);
        const again = await callOk(client, 'rlm_run_repl', { session_id, code });
        assert.equal(listEnds(again), 'bd');
        const answers = answer(again, 'bd');
        const done = await callOk(client, 'rlm_answer', { session_id, answers });
        assert.match(String(done['result']), /re: a re: b re: c re: d/u);
        await engine.kill();

        const { client: last } = await start();
        const name = language === 'python' ? 'more' : 'more.length';
        const replayed = await callOk(last, 'rlm_run_repl', { session_id, code: name });
        assert.deepStrictEqual(readField(replayed, 'replay', 'differences'), []);
        // A call that was cut before its answer came is a call too.
        const cut = end === 'stop' ? 2 : 0;
        assert.equal(readField(replayed, 'usage', 'llm_calls'), 4 + cut);
      });
    }
  }

  it('are for that code alone', async () => {
    const code = codes.python;
    const session_id = await openSession(engine.client, { language: 'python' });
    const first = await callOk(engine.client, 'rlm_run_repl', { session_id, code });
    await callOk(engine.client, 'rlm_answer', { session_id, answers: answer(first, 'a') });
    await engine.kill();
    const { client } = await start();
    const other = await callOk(client, 'rlm_run_repl', { session_id, code: `${code}\n` });
    assert.equal(listEnds(other), 'a');
    await callOk(client, 'rlm_answer', { session_id, answers: answer(other, 'a') });
    await engine.kill();
    await start();
    const changed = code.replace('"a"', '"e"');
    await callOk(engine.client, 'rlm_run_repl', { session_id, code: '1' });
    const later = await callOk(engine.client, 'rlm_run_repl', { session_id, code: changed });
    assert.equal(listEnds(later), 'e');
  });
});
