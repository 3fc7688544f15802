// Tables and plot of an evaluation, against means worked out by hand.

import assert from 'node:assert/strict';
import { createPlot } from '../../../../bench/eval/plot';
import { describeRun, toCaseTable, toFamilyTable } from '../../../../bench/eval/report';
import type { Result } from '../../../../bench/eval/results';

const result: Result = {
  task: 'niah_single_1',
  family: 'S-NIAH',
  chars: 8_192,
  sample: 0,
  seed: 1,
  digest: '0123456789abcdef',
  runner: 'RLM',
  model: 'a/big',
  score: 1,
  finish: 'submitted',
  failed: false,
  iterations: 3,
  subCalls: 8,
  promptTokens: 1_000,
  answerTokens: 10,
  tokensEstimated: false,
  costUsd: 0.01,
  seconds: 2,
  answer: '42',
};
const other: Result = {
  ...result,
  task: 'niah_single_2',
  score: 0.5,
  iterations: 4,
  subCalls: 0,
  promptTokens: 3_000,
  answerTokens: 30,
  costUsd: 0.03,
  seconds: 4,
};
const long: Result = { ...result, chars: 10_000, costUsd: null, runner: 'whole text' };
const pairs: Result = { ...result, family: 'OOLONG-Pairs', task: 'pairs_both', score: 0 };

const toRows = (table: string): readonly string[] => table.split('\n').slice(2);

describe('a report of an evaluation', () => {
  it('has the means of each family, length, runner and model, in the order of families and lengths', () => {
    assert.deepStrictEqual(toRows(toFamilyTable([pairs, long, result, other])), [
      '| S-NIAH (2) | 2^13 | RLM | a/big | 0.750 | 3.5 | 4 | 2,000 | 20 | 0.0200 | 3 |',
      '| S-NIAH (1) | 10,000 | whole text | a/big | 1.000 | 3 | 8 | 1,000 | 10 |  | 2 |',
      '| OOLONG-Pairs (1) | 2^13 | RLM | a/big | 0.000 | 3 | 8 | 1,000 | 10 | 0.0100 | 2 |',
    ]);
  });

  it('has every case', () => {
    assert.deepStrictEqual(toRows(toCaseTable([other])), [
      '| niah_single_2 #1 | 2^13 | RLM | a/big | 0.500 | 4 | 0 | 3,000 | 30 | 0.0300 | 4 |',
    ]);
  });

  it('says of the model that answers by rule what its scores mean, and what had no answer', () => {
    const plan = { tasks: [], lengths: [8_192], samples: 1, seed: 1 };
    const describe = (model: string, results: readonly Result[]): string =>
      describeRun({ ...plan, models: [{ model, subModel: model }] }, results);
    assert.match(describe('rule/rule', [result]), /nothing about models/u);
    assert.doesNotMatch(describe('a/big', [result]), /nothing about models|Without an answer/u);
    const stopped = { ...result, finish: 'llm_limit' };
    assert.match(
      describe('a/big', [stopped, result, stopped]),
      /Without an answer: 2 × llm_limit\./u,
    );
  });

  it('plots costs in dollars where all are known, else tokens', () => {
    const count = (svg: string, pattern: RegExp): number => [...svg.matchAll(pattern)].length;
    const priced = createPlot([result, other, pairs]);
    const unpriced = createPlot([result, other, long]);
    assert.match(priced, /US dollars per case/u);
    assert.match(unpriced, /Tokens per case/u);
    assert.deepStrictEqual(
      [priced, unpriced].map((svg) => [count(svg, /<circle/gu), count(svg, /<polyline/gu)]),
      [
        [2, 2],
        [4, 4],
      ],
    );
    assert.doesNotMatch(priced + unpriced, /NaN|Infinity|undefined/u);
  });
});
