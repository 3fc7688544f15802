// Counting, user and timeline questions over lines that have to be classified first.
// Source: OOLONG-synth's task groups, and its share of users: 80 % of the lines by 20 % of them.

import type { Random } from '../../test/support/random';
import type { EvalTask } from './case';
import { toDay } from './days';
import { type Author, type Label, createLines, createUserIds, labels } from './instances';
import { type InstanceQuery, type Tally, toQuestion } from './query';
import { findRightAnswer } from './rightAnswer';

const firstDay = toDay(2023, 1, 6);
const lastDay = firstDay + 119;
const charsPerLine = 90;

interface Drawn {
  /** In random order. */
  readonly labels: readonly [Label, Label, ...Label[]];
  /** The busy ones first. */
  readonly users: readonly number[];
}

type Ask = (drawn: Drawn, random: Random) => InstanceQuery;

const all = { users: null, days: null } as const;

const asks: readonly (readonly [string, string, Ask])[] = [
  ['oolong_count', 'OOLONG count', askAll(({ labels: [label] }) => ({ kind: 'count', label }))],
  ['oolong_most', 'OOLONG count', askAll(() => ({ kind: 'most' }))],
  ['oolong_least', 'OOLONG count', askAll(() => ({ kind: 'least' }))],
  [
    'oolong_compare',
    'OOLONG count',
    askAll(({ labels: [left, right] }) => ({ kind: 'compare', left, right })),
  ],
  [
    'oolong_user_count',
    'OOLONG user',
    ({ labels: [label], users }) => ({
      kind: 'count',
      label,
      subset: { ...all, users: users.slice(0, 3) },
    }),
  ],
  [
    'oolong_user_most',
    'OOLONG user',
    ({ users }) => ({ kind: 'most', subset: { ...all, users: users.slice(0, 2) } }),
  ],
  ['oolong_top_user', 'OOLONG user', askAll(({ labels: [label] }) => ({ kind: 'topUser', label }))],
  [
    'oolong_range_count',
    'OOLONG timeline',
    ({ labels: [label] }, random) => ({
      kind: 'count',
      label,
      subset: { ...all, days: drawRange(random) },
    }),
  ],
  [
    'oolong_before_after',
    'OOLONG timeline',
    askAll(({ labels: [label] }, random) => ({
      kind: 'beforeAfter',
      label,
      day: firstDay + 40 + random.nextInt(40),
    })),
  ],
  [
    'oolong_top_date',
    'OOLONG timeline',
    askAll(({ labels: [label] }) => ({ kind: 'topDate', label })),
  ],
];

export const oolongTasks: readonly EvalTask[] = asks.map(([name, family, ask]) => ({
  name,
  family,
  create: (chars, random) => {
    const users = createUserIds(toUserCount(chars), random);
    const drawn = { users, labels: shuffleLabels(random) };
    const query = ask(drawn, random);
    const pick = createAuthors(users, shuffleLabels(random));
    const { text, instances } = createLines(pick, chars, random);
    const gold = findRightAnswer(query, instances);
    return { context: text, question: toQuestion(query), gold };
  },
}));

/** About ten lines each while they are few. */
function toUserCount(chars: number): number {
  return Math.min(60, Math.max(5, Math.round(chars / charsPerLine / 10)));
}

export function shuffleLabels(random: Random): Drawn['labels'] {
  const left: Label[] = [...labels];
  const take = (): Label => left.splice(random.nextInt(left.length), 1)[0] ?? labels[0];
  return [take(), take(), ...Array.from({ length: left.length }, take)];
}

/** Percent of the lines. */
const shares = [30, 22, 16, 13, 10, 9];

/**
 * The first label of the order is the most frequent one, and none is missing; the first fifth of the
 * users write four lines of five.
 */
function createAuthors(
  users: readonly number[],
  order: Drawn['labels'],
): (random: Random) => Author {
  const urn = order.flatMap((label, index) => new Array<Label>(shares[index] ?? 0).fill(label));
  let dealt = 0;
  const next = (random: Random): Label =>
    order[dealt++] ?? urn[random.nextInt(urn.length)] ?? order[0];
  const busy = Math.ceil(users.length / 5);
  return (random) => {
    const isBusy = random.nextInt(5) < 4;
    const index = isBusy ? random.nextInt(busy) : busy + random.nextInt(users.length - busy);
    return { user: users[index] ?? 0, days: [firstDay, lastDay], next };
  };
}

function askAll(toTally: (drawn: Drawn, random: Random) => Tally): Ask {
  return (drawn, random) => ({ ...toTally(drawn, random), subset: all });
}

function drawRange(random: Random): readonly [number, number] {
  const from = firstDay + random.nextInt(80);
  return [from, from + 10 + random.nextInt(30)];
}
