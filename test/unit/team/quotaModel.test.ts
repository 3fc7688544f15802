import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Model, ModelAnswer, ModelRequest } from '../../../src/core/model';
import { ModelLedger } from '../../../src/team/modelLedger';
import { type Quota, usualQuota } from '../../../src/team/quota';
import { QuotaModel } from '../../../src/team/quotaModel';
import { useTempFolder } from '../../support/tempFolder';

const never = new AbortController().signal;
const request: ModelRequest = {
  messages: [{ role: 'user', text: 'a prompt' }],
  model: null,
  purpose: 'sub_call',
  maxAnswerTokens: 100,
  client: null,
};
const usage = { promptTokens: 30, answerTokens: 20, tokensEstimated: false, costUsd: null };

describe('quotaModel', () => {
  const folder = useTempFolder();
  let now: number;
  let quota: Quota;
  let said: string[];
  /** What becomes of the next calls. */
  let provider: string;
  let asked: number;
  let fails: boolean;

  beforeEach(() => {
    now = Date.parse('2026-01-30T12:00:00Z');
    quota = usualQuota;
    said = [];
    provider = 'openai';
    asked = 0;
    fails = false;
  });

  const file = (): string => path.join(folder(), 'model-usage.json');
  const open = async () => {
    const log = (line: string): void => void said.push(line);
    const ledger = await ModelLedger.open({ file: file(), now: () => now, log });
    const model: Model = {
      readStatus: async () => [],
      answer: async (given): Promise<ModelAnswer> => {
        given.onProvider?.(provider);
        asked += 1;
        if (fails) {
          given.onSpent?.(usage);
          throw new Error('no answer');
        }
        return { ...usage, text: 'x', model: `${provider}/m` };
      },
    };
    const quotaModel = new QuotaModel(model, ledger, () => quota);
    const call = async (): Promise<string> =>
      quotaModel.answer(request, never).then(
        () => 'answered',
        (thrown: { code?: string }) => thrown.code ?? 'failed',
      );
    const used = () => quotaModel.quotas.map((one) => one.used);
    return { ledger, quotaModel, call, used };
  };

  it('counts calls and tokens, of failed attempts too, and not what the client itself answers', async () => {
    const { call, used, ledger } = await open();
    await call();
    assert.deepStrictEqual(used(), [1, 50, 1, 50]);
    fails = true;
    assert.equal(await call(), 'failed');
    fails = false;
    assert.deepStrictEqual(used(), [2, 100, 2, 100]);
    for (provider of ['sampling', 'caller']) {
      await call();
    }
    assert.deepStrictEqual(used(), [2, 100, 2, 100]);
    await ledger.settle();
  });

  const cases = [
    ['model_calls_per_day', 2, 2],
    ['model_tokens_per_day', 60, 2],
    ['model_calls_per_month', 1, 1],
    ['model_tokens_per_month', 150, 3],
    ['model_calls_per_day', 0, 0],
  ] as const;
  for (const [name, limit, calls] of cases) {
    it(`refuses by ${name} ${limit} before a model is asked, and shows what is used`, async () => {
      quota = { ...usualQuota, [name]: limit };
      const { call, quotaModel, ledger } = await open();
      for (let count = 0; count < calls; count += 1) {
        assert.equal(await call(), 'answered');
      }
      await assert.rejects(quotaModel.answer(request, never), {
        code: 'MODEL_UNAVAILABLE',
        message: new RegExp(name, 'u'),
      });
      assert.equal(asked, calls);
      provider = 'sampling';
      assert.equal(await call(), 'answered'); // by the client's own model
      assert.equal(quotaModel.quotas.find((one) => one.name === name)?.limit, limit);
      await ledger.settle();
    });
  }

  it('begins anew with the day and the month, and not with another server or clock', async () => {
    const first = await open();
    await first.call();
    await first.ledger.settle();
    const again = await open();
    assert.deepStrictEqual(again.used(), [1, 50, 1, 50]);
    now -= 86_400_000 * 40; // set back
    assert.deepStrictEqual(again.used(), [1, 50, 1, 50]);
    now = Date.parse('2026-01-31T00:00:00Z');
    assert.deepStrictEqual(again.used(), [0, 0, 1, 50]);
    await again.call();
    now = Date.parse('2026-02-01T00:00:00Z');
    assert.deepStrictEqual(again.used(), [0, 0, 0, 0]);
    await again.ledger.settle();
    assert.deepStrictEqual(said, []);
  });

  it('counts on in memory where its file cannot be used, and says so', async () => {
    await writeFile(file(), '{"day":');
    const { call, used, ledger } = await open();
    await call();
    await ledger.settle();
    assert.deepStrictEqual(used(), [1, 50, 1, 50]);
    assert.equal(said.length, 1);
    assert.match(await readFile(file(), 'utf8'), /"calls_today":1/u);
  });
});
