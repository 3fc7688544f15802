// Generated cases: the same from the same seed, of the length asked for, with the right answer to what
// they ask.

import assert from 'node:assert/strict';
import { type EvalCase, createCase, families } from '../../../../bench/eval/case';
import { type Instance, classify, parseLines } from '../../../../bench/eval/instances';
import { parseQuestion, toQuestion } from '../../../../bench/eval/query';
import { findRightAnswer, formatAnswer } from '../../../../bench/eval/rightAnswer';
import { scoreAnswer } from '../../../../bench/eval/score';
import { tasks } from '../../../../bench/eval/tasks';

function createCases(seed: number, sizes: readonly number[]): readonly EvalCase[] {
  return tasks.flatMap((task) =>
    sizes.map((chars) => createCase(task, { chars, sample: 0, seed })),
  );
}

describe('cases of an evaluation', () => {
  it('belong to a family each, under names of their own', () => {
    const names = new Set(tasks.map(({ name }) => name));
    assert.equal(names.size, tasks.length);
    assert.deepStrictEqual([...new Set(tasks.map(({ family }) => family))], families);
  });

  it('come again from the same seed, and differ by seed, sample and length', () => {
    const task = tasks[0];
    assert.ok(task);
    const digest = (seed: number, sample: number, chars: number): string =>
      createCase(task, { seed, sample, chars }).digest;
    const all = [
      digest(1, 0, 8_192),
      digest(2, 0, 8_192),
      digest(1, 1, 8_192),
      digest(1, 0, 8_193),
    ];
    assert.equal(new Set(all).size, 4);
    assert.equal(digest(1, 0, 8_192), all[0]);
  });

  it('fill the target length to a line or two, and never pass it', () => {
    const wrong = createCases(3, [8_192, 16_384, 100_000]).filter(
      ({ context, chars }) => context.length > chars || context.length < chars - 1_000,
    );
    assert.deepStrictEqual(
      wrong.map(({ task, chars, context }) => [task, chars, context.length]),
      [],
    );
  });

  it('ask what can be read back from the words of the question', () => {
    for (const { task, question } of createCases(4, [8_192])) {
      const query = parseQuestion(`Your task\n${question}\nThe end.`);
      assert.ok(query, task);
      assert.equal(toQuestion(query), question);
    }
  });

  it('hold every needle once, with one key among the others that is asked for', () => {
    const needles = createCases(5, [8_192, 50_000]).filter(({ family }) => family === 'S-NIAH');
    for (const { task, context, question, gold } of needles) {
      const query = parseQuestion(question);
      assert.ok(query?.kind === 'needles' && gold.kind === 'strings');
      const lines = context
        .split('\n')
        .filter((line) => query.keys.some((key) => line.includes(` ${key} is: `)));
      const values = lines.map((line) => / is: (.+)\.$/u.exec(line)?.[1]);
      assert.deepStrictEqual(values.sort(), [...gold.all].sort(), task);
    }
  });

  it('put needles at all depths', () => {
    const task = tasks.find(({ name }) => name === 'niah_single_1');
    assert.ok(task);
    const depths = Array.from({ length: 60 }, (_, sample) => {
      const { context } = createCase(task, { chars: 20_000, sample, seed: 1 });
      return Math.floor((context.indexOf('One of the special') / context.length) * 4);
    });
    assert.deepStrictEqual([...new Set(depths)].sort(), [0, 1, 2, 3]);
  });

  it('have the gold that the rule finds in the text, at every seed', () => {
    for (const seed of [6, 7, 8]) {
      for (const { task, context, question, gold, family } of createCases(seed, [8_192, 40_000])) {
        const query = parseQuestion(question);
        if (family !== 'S-NIAH' && query && query.kind !== 'needles') {
          const lines = parseLines(context);
          assert.equal(
            lines.length,
            context.split('\n').length,
            `${task}: every line has its class`,
          );
          assert.deepStrictEqual(findRightAnswer(query, lines), gold, task);
          assert.equal(scoreAnswer(gold, formatAnswer(gold)), 1, task);
        }
      }
    }
  });

  it('ask for pairs of which there are some, and not all', () => {
    const shares = tasks
      .filter(({ family }) => family === 'OOLONG-Pairs')
      .flatMap((task) =>
        [8_192, 65_536, 1_048_576].map((chars) => {
          const made = Array.from({ length: 4 }, (_, sample) =>
            createCase(task, { chars, sample, seed: 1 }),
          );
          const pairs = made.flatMap(({ gold }) => (gold.kind === 'pairs' ? gold.pairs : []));
          const users = made.map(
            ({ context }) => new Set(parseLines(context).map(({ user }) => user)).size,
          );
          return pairs.length / users.reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
        }),
      );
    assert.deepStrictEqual(
      shares.filter((share) => share < 0.02 || share > 0.9),
      [],
    );
  });
});

describe('right answers', () => {
  const line = (day: number, user: number, label: Instance['label']): Instance => ({
    day,
    user,
    label,
  });
  const instances = [
    line(1, 11, 'entity'),
    line(2, 11, 'entity'),
    line(3, 22, 'location'),
    line(4, 22, 'entity'),
    line(5, 33, 'location'),
  ];
  const all = { users: null, days: null };

  it('count over everything, some users, some days', () => {
    const count = { kind: 'count', label: 'entity' } as const;
    const subsets = [all, { users: [22, 33], days: null }, { users: null, days: [2, 4] as const }];
    assert.deepStrictEqual(
      subsets.map((subset) => findRightAnswer({ ...count, subset }, instances)),
      [3, 1, 2].map((value) => ({ kind: 'number', value })),
    );
  });

  it('compare labels and times, and name the most frequent', () => {
    const first = { kind: 'compare', left: 'location', right: 'entity', subset: all } as const;
    const second = { kind: 'beforeAfter', label: 'location', day: 4, subset: all } as const;
    const third = { kind: 'most', subset: all } as const;
    const fourth = { kind: 'topUser', label: 'location', subset: all } as const;
    assert.deepStrictEqual(
      [first, second, third, fourth].map((query) => findRightAnswer(query, instances)),
      [
        { kind: 'phrase', phrase: 'less common than' },
        { kind: 'phrase', phrase: 'same frequency as' },
        { kind: 'exact', any: ['entity'] },
        { kind: 'exact', any: ['22', '33'] },
      ],
    );
  });

  it('pair users, in either role', () => {
    const entity = { kind: 'at least one', label: 'entity' } as const;
    const late = { kind: 'none before', label: 'entity', day: 4 } as const;
    const location = { kind: 'exactly one', label: 'location' } as const;
    const ask = (one: readonly (typeof entity | typeof late | typeof location)[], other = one) =>
      findRightAnswer({ kind: 'pairs', one, other }, instances);
    assert.deepStrictEqual(ask([entity]), { kind: 'pairs', pairs: [[11, 22]] });
    assert.deepStrictEqual(ask([late]), { kind: 'pairs', pairs: [[22, 33]] });
    assert.deepStrictEqual(ask([entity], [location]), {
      kind: 'pairs',
      pairs: [
        [11, 22],
        [11, 33],
        [22, 33],
      ],
    });
  });

  it('have no class for words that no rule knows', () => {
    assert.equal(classify('Tell me about the tram.'), undefined);
  });
});
