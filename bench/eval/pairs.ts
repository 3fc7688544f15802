// All pairs of users by what each of them wrote: the answer grows with the square of the users.
// Source: OOLONG-Pairs' conditions (arXiv 2512.24601, appendix E.1).

import type { Random } from '../../test/support/random';
import type { EvalTask } from './case';
import { toDay } from './days';
import { type Author, type Label, createLines, createUserIds } from './instances';
import { shuffleLabels } from './oolong';
import { type Condition, type PairsQuery, toQuestion } from './query';
import { findRightAnswer } from './rightAnswer';

const firstDay = toDay(2023, 1, 6);
const middleDay = firstDay + 60;
const lastDay = firstDay + 119;

/** Of the labels, the first is the rare one. */
type Order = readonly [Label, Label, ...Label[]];

const queries: Readonly<Record<string, (order: Order) => PairsQuery>> = {
  pairs_both: ([, label, other = label]) =>
    toBoth({ kind: 'at least one', label }, { kind: 'at least two', label: other }),
  pairs_one_other: ([rare, label, other = label]) => ({
    kind: 'pairs',
    one: [
      { kind: 'at least one', label },
      { kind: 'at least one', label: other },
    ],
    other: [{ kind: 'exactly one', label: rare }],
  }),
  pairs_dated: ([, label, other = label]) =>
    toBoth({ kind: 'at least one', label }, { kind: 'none before', label: other, day: middleDay }),
};

export const pairsTasks: readonly EvalTask[] = Object.entries(queries).map(([name, toQuery]) => ({
  name,
  family: 'OOLONG-Pairs',
  create: (chars, random) => {
    const order = shuffleLabels(random);
    const query = toQuery(order);
    const [first, ...others] = createUserIds(toUserCount(chars), random);
    const authors = [
      createAuthor(first, order, random),
      ...others.map((user) => createAuthor(user, order, random)),
    ] as const;
    const { text, instances } = createLines((draw) => draw.pick(authors), chars, random);
    const gold = findRightAnswer(query, instances);
    return { context: text, question: toQuestion(query), gold };
  },
}));

function toBoth(...conditions: readonly Condition[]): PairsQuery {
  return { kind: 'pairs', one: conditions, other: conditions };
}

function toUserCount(chars: number): number {
  return Math.min(40, Math.max(10, Math.round(chars / 800)));
}

/**
 * One who writes about some of the labels only, none to two times about the rare one, and from a day
 * of their own: so that conditions part the users at any length.
 */
function createAuthor(user: number, [rare, ...common]: Order, random: Random): Author {
  const own = common.filter(() => random.nextInt(3) < 2);
  const written = own.length > 0 ? own : common;
  let rareLeft = random.nextInt(3);
  return {
    user,
    days: [firstDay + random.nextInt(100), lastDay],
    next: (line) => {
      if (rareLeft > 0 && line.nextInt(4) === 0) {
        rareLeft -= 1;
        return rare;
      }
      return written[line.nextInt(written.length)] ?? rare;
    },
  };
}
