// The command line of an evaluation.

import assert from 'node:assert/strict';
import { parseOptions } from '../../../../bench/eval/options';
import { tasks } from '../../../../bench/eval/tasks';

describe('options of an evaluation', () => {
  it('are, left out, the full set from 2^13 to 2^22 against the model that answers by rule', () => {
    const { lengths, samples, models, reportFolder, ...rest } = parseOptions([], {});
    assert.deepStrictEqual([lengths.at(0), lengths.at(-1), lengths.length], [8_192, 4_194_304, 10]);
    assert.deepStrictEqual([rest.tasks.length, samples], [tasks.length, 3]);
    assert.deepStrictEqual(models, [{ model: 'rule/rule', subModel: 'rule/rule' }]);
    assert.match(reportFolder ?? '', /bench.eval$/u);
  });

  it('choose tasks by how their names begin, and lengths as numbers or powers', () => {
    const given = ['--tasks', 'pairs,niah_single_1', '--lengths', '5000,2^14'];
    const { tasks: chosen, lengths, reportFolder } = parseOptions(given, {});
    assert.deepStrictEqual(
      chosen.map(({ name }) => name),
      ['niah_single_1', 'pairs_both', 'pairs_one_other', 'pairs_dated'],
    );
    assert.deepStrictEqual([lengths, reportFolder], [[5_000, 16_384], null]);
  });

  it('take the models of the environment where none is named, and never mix the rule with them', () => {
    const env = { RLM_MODEL: 'a/big', RLM_SUBTASK_MODEL: 'a/small' };
    const read = (...args: string[]) => parseOptions(args, env).models;
    assert.deepStrictEqual(read(), [{ model: 'a/big', subModel: 'a/small' }]);
    assert.deepStrictEqual(read('--model', 'rule/rule', '--model', 'b/c'), [
      { model: 'rule/rule', subModel: 'rule/rule' },
      { model: 'b/c', subModel: 'a/small' },
    ]);
    assert.deepStrictEqual(read('--model', 'b/c', '--sub-model', 'b/d'), [
      { model: 'b/c', subModel: 'b/d' },
    ]);
  });

  it('refuse what they do not know', () => {
    const wrong = [
      ['--tasks', 'unknown'],
      ['--lengths', '100'],
      ['--lengths', '2^40'],
      ['--samples', '0'],
      ['--seed', 'x'],
      ['--unknown'],
      ['more'],
    ];
    for (const args of wrong) {
      assert.throws(() => parseOptions(args, {}), { code: 'INVALID_INPUT' }, args.join(' '));
    }
  });
});
