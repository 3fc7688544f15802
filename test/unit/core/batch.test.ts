import assert from 'node:assert/strict';
import { runBatch } from '../../../src/core/batch';
import { RlmError } from '../../../src/core/errors';
import { promptConcurrency } from '../../../src/core/hostCalls';
import { createFakeSession } from '../../support/fakePorts';

const never = new AbortController().signal;
const prompts = Array.from({ length: 200 }, (_, index) => `p${index}`);

describe('a batch', () => {
  it('asks no more at a time than it may, whenever each answer comes, and keeps their order', async () => {
    let running = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const answered = runBatch(prompts, 7, async (prompt) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => waiting.push(resolve));
      running -= 1;
      return prompt.toUpperCase();
    });
    while (running > 0) {
      waiting.pop()?.(); // the last asked is answered first
      await new Promise(setImmediate);
    }
    assert.equal(most, 7);
    assert.deepStrictEqual(
      (await answered).answers,
      prompts.map((prompt) => prompt.toUpperCase()),
    );
  });

  it('says which failed, in order, and fails itself only when all have', async () => {
    const fail = (prompt: string): never => {
      throw new RlmError('MODEL_UNAVAILABLE', `no ${prompt}`, { nextStep: 'Wait.' });
    };
    const some = await runBatch(['a', 'b', 'c'], 2, async (prompt) =>
      prompt === 'b' ? prompt : fail(prompt),
    );
    assert.deepStrictEqual(some, {
      answers: [null, 'b', null],
      failures: [
        { index: 0, code: 'MODEL_UNAVAILABLE', message: 'no a Wait.' },
        { index: 2, code: 'MODEL_UNAVAILABLE', message: 'no c Wait.' },
      ],
    });
    await assert.rejects(
      runBatch(['a', 'b'], 2, async (prompt) => fail(prompt)),
      { code: 'MODEL_UNAVAILABLE', message: 'no a' },
    );
  });

  it('of a step’s prompts asks as many at a time as the engine allows', async () => {
    const { session, sandbox, model } = createFakeSession({ maxLlmTokens: 1_000_000_000 });
    let running = 0;
    let most = 0;
    model.reply = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return 'x';
    };
    sandbox.script = async ({ onHostCall }) => {
      await onHostCall({ name: 'llm_query_batched', args: [prompts] }, never);
      return {};
    };
    await session.runStep({ code: 'x' }, never);
    assert.deepStrictEqual([most, model.prompts.length], [promptConcurrency, 200]);
  });
});
