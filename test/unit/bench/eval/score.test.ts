// Scores, against values worked out by hand.

import assert from 'node:assert/strict';
import { findDays, formatDay, toDay } from '../../../../bench/eval/days';
import { type Gold, scoreAnswer } from '../../../../bench/eval/score';

function scoreAll(gold: Gold, answers: readonly string[]): readonly number[] {
  return answers.map((answer) => scoreAnswer(gold, answer));
}

describe('scores of an evaluation', () => {
  it('strings: the share that the answer contains, in whatever case', () => {
    const gold: Gold = { kind: 'strings', all: ['1234567', 'AB-cd', '7654321', '1111111'] };
    assert.deepStrictEqual(
      scoreAll(gold, ['They are 1234567 and ab-CD.', '', '1234567, ab-cd, 7654321 and 1111111']),
      [0.5, 0, 1],
    );
  });

  it('exact: the part behind the last colon, or the last word of a long answer', () => {
    const gold: Gold = { kind: 'exact', any: ['location', 'human being'] };
    const right = [
      'Label: location',
      'label: **Human being**.',
      'location',
      "Counted all. Answer: 'location'",
      'The most common label of all is location.',
    ];
    const wrong = ['Label: location or entity', 'entity', '', 'location is what I would say here'];
    assert.deepStrictEqual(scoreAll(gold, [...right, ...wrong]), [1, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it('numbers: 0.75 to the power of how far off they are', () => {
    const gold: Gold = { kind: 'number', value: 1_012 };
    assert.deepStrictEqual(
      scoreAll(gold, [
        'Answer: 1012',
        '1,013',
        'Answer: [1010]',
        'Answer: 1016',
        'many',
        '',
        '-1012x',
      ]),
      [1, 0.75, 0.5625, 0.31640625, 0, 0, 0],
    );
  });

  it('dates: the same day however it is written, and no second one beside it', () => {
    const gold: Gold = { kind: 'date', anyDay: [toDay(2023, 1, 6), toDay(2024, 2, 29)] };
    const right = [
      'Date: Jan 06, 2023',
      '2023-01-06',
      'on 6 January 2023',
      '1/6/2023',
      'Feb 29 2024',
    ];
    const wrong = ['Date: Jan 07, 2023', 'Jan 06, 2023 or Jan 07, 2023', 'soon'];
    assert.deepStrictEqual(scoreAll(gold, [...right, ...wrong]), [1, 1, 1, 1, 1, 0, 0, 0]);
  });

  it('phrases: the right one alone', () => {
    const gold: Gold = { kind: 'phrase', phrase: 'less common than' };
    assert.deepStrictEqual(
      scoreAll(gold, [
        'Answer: entity is Less Common Than location',
        'Answer: more common than',
        'either more common than or less common than',
        'less',
      ]),
      [1, 0, 0, 0],
    );
  });

  it('pairs: F1 over the set, in whatever order of ids and pairs', () => {
    const gold: Gold = {
      kind: 'pairs',
      pairs: [
        [1, 2],
        [1, 3],
        [2, 3],
      ],
    };
    const empty: Gold = { kind: 'pairs', pairs: [] };
    assert.deepStrictEqual(
      scoreAll(gold, [
        '(2, 3)\n( 3,1 )\n(1, 2)\n(1, 2)',
        '(1, 2)', // precision 1, recall 1/3
        '(1, 2)\n(4, 5)', // precision 1/2, recall 1/3
        '1, 2',
      ]),
      [1, 0.5, 0.4, 0],
    );
    assert.deepStrictEqual(scoreAll(empty, ['none', '(1, 2)']), [1, 0]);
  });
});

describe('days of an evaluation', () => {
  it('come back from their text, over months and leap years', () => {
    const days = Array.from({ length: 800 }, (_, index) => toDay(2023, 1, 1) + index);
    assert.deepStrictEqual(
      days.flatMap((day) => findDays(formatDay(day))),
      days,
    );
    assert.equal(formatDay(toDay(2024, 2, 29)), 'Feb 29, 2024');
  });
});
