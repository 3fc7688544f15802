// An evaluation from end to end: real sandboxes and sessions, with the model that answers by rule. A
// fault on the way must cost score.

import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { families } from '../../../bench/eval/case';
import { type EvalEngine, openEngine } from '../../../bench/eval/engine';
import { type Plan, evaluate } from '../../../bench/eval/evaluate';
import { createPlot } from '../../../bench/eval/plot';
import { toFamilyTable } from '../../../bench/eval/report';
import { type Result, ResultsFile } from '../../../bench/eval/results';
import { ruleModel } from '../../../bench/eval/ruleModel';
import { tasks } from '../../../bench/eval/tasks';
import { RlmError } from '../../../src/core/errors';
import type { Limits } from '../../../src/core/limits';
import type { Model } from '../../../src/core/model';
import { useTempFolder } from '../../support/tempFolder';

const model = 'rule/rule';
/** 2^13 characters fit, 2^15 do not. */
const windowTokens = 16_000;
const quick: Plan = {
  tasks,
  lengths: [2 ** 13, 2 ** 15],
  samples: 1,
  seed: 1,
  models: [{ model, subModel: model }],
};

const byRule: Model['answer'] = (request, signal) => ruleModel.answer(request, signal);

/** The rule's answers to sub-calls, changed on their way. */
function change(edit: (text: string) => string | Promise<string>): Model['answer'] {
  return async (request, signal) => {
    const answer = await byRule(request, signal);
    return request.purpose === 'loop' ? answer : { ...answer, text: await edit(answer.text) };
  };
}

/** Each call of a batch gets the answer of the one after it, and the last one its own. */
function shift(): Model['answer'] {
  let giveToLast: (text: string) => void = () => undefined;
  return change((text) => {
    giveToLast(text);
    return new Promise((resolve) => {
      giveToLast = resolve;
      setImmediate(() => resolve(text));
    });
  });
}

describe('an evaluation', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let engine: EvalEngine | undefined;
  afterEach(closeEngine);

  async function closeEngine(): Promise<void> {
    await engine?.close();
    engine = undefined;
  }

  async function run(
    plan: Plan,
    answer: Model['answer'],
    given: { readonly limits?: Partial<Limits>; readonly stopAfter?: number } = {},
  ) {
    await closeEngine();
    engine = await openEngine({
      folder: folder(),
      model: { answer, readStatus: async () => [] },
      windowTokens,
      ...(given.limits ? { limits: given.limits } : {}),
    });
    const results = await ResultsFile.open(resultsFile());
    const controller = new AbortController();
    const fresh: Result[] = [];
    const onResult = (result: Result, isNew: boolean): void => {
      fresh.push(...(isNew ? [result] : []));
      if (fresh.length === given.stopAfter) {
        controller.abort();
      }
    };
    const all = await evaluate(plan, { ...engine, results, onResult }, controller.signal);
    return { all, fresh };
  }

  const resultsFile = (): string => path.join(folder(), 'results.jsonl');

  it('gives every case its full score where nothing is broken', async () => {
    const { all } = await run(quick, byRule);
    assert.deepStrictEqual(
      all.filter(({ score }) => score < 1).map(({ task, chars, runner }) => [task, chars, runner]),
      [],
    );
    assert.equal(all.length, tasks.length * 3, 'the longer text fits no window');
    const loops = all.filter(({ runner }) => runner === 'RLM');
    assert.ok(loops.every(({ iterations, subCalls }) => iterations === 3 && subCalls > 1));
    assert.equal(toFamilyTable(all).split('\n').length, 2 + families.length * 3);
    assert.match(createPlot(all), /^<svg[\s\S]+RLM, rule\/rule[\s\S]+<\/svg>\n$/u);
  });

  /** Tasks whose answers depend on every line and its place, without those of the whole text. */
  const exact: Plan = {
    ...quick,
    tasks: tasks.filter(({ name }) => /user_count|range_count|pairs_both/u.test(name)),
    lengths: [2 ** 15],
  };

  let calls = 0;
  const faults: Readonly<Record<string, Model['answer']>> = {
    'the answers of a batch change places': shift(),
    'every other answer gets lost': change((text) => (calls++ % 2 === 0 ? '' : text)),
    'answers are cut short': change((text) => text.slice(0, text.length / 2)),
  };
  for (const [fault, answer] of Object.entries(faults)) {
    it(`gives less than the full score where ${fault}`, async () => {
      const { all } = await run(exact, answer);
      assert.equal(all.length, 3);
      assert.deepStrictEqual(
        all.filter(({ score }) => score === 1),
        [],
      );
    });
  }

  it('gives nothing where a guardrail ends the runs, and says which', async () => {
    const { all } = await run(exact, byRule, { limits: { maxLlmCalls: 4 } });
    assert.deepStrictEqual(
      all.map(({ score, finish, failed }) => [score, finish, failed]),
      exact.tasks.map(() => [0, 'llm_limit', false]),
    );
  });

  it('keeps what is done when it is stopped, and goes on from there', async () => {
    const first = await run(exact, byRule, { stopAfter: 1 });
    const cut = '{"task":"oolong_user_co';
    await appendFile(resultsFile(), cut);
    const second = await run(exact, byRule);
    assert.deepStrictEqual([first.fresh.length, second.fresh.length, second.all.length], [1, 2, 3]);
    assert.deepStrictEqual(second.all[0], first.fresh[0]);
    assert.ok(!(await readFile(resultsFile(), 'utf8')).includes(`${cut}{`));
  });

  it('records runs that failed, and runs them again another time', async () => {
    const error = new RlmError('MODEL_UNAVAILABLE', 'The model is away.', { nextStep: 'Wait.' });
    const first = await run(exact, () => Promise.reject(error));
    assert.deepStrictEqual(
      first.all.map(({ score, finish, failed }) => [score, finish, failed]),
      exact.tasks.map(() => [0, 'MODEL_UNAVAILABLE: The model is away.', true]),
    );
    const second = await run(exact, byRule);
    assert.deepStrictEqual(
      second.fresh.map(({ score }) => score),
      exact.tasks.map(() => 1),
    );
  });
});
