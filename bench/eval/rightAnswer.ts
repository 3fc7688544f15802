// The right answer to a question about classified lines, and the words a model would give it in.

import { formatDay } from './days';
import { type Instance, type Label, labels } from './instances';
import type { Condition, InstanceQuery, PairsQuery, TallyQuery } from './query';
import type { Gold, Pair, Phrase } from './score';

export function findRightAnswer(query: InstanceQuery, instances: readonly Instance[]): Gold {
  return query.kind === 'pairs'
    ? { kind: 'pairs', pairs: findPairs(query, instances) }
    : findTally(query, instances);
}

/** As the question asks for it. */
export function formatAnswer(gold: Gold): string {
  switch (gold.kind) {
    case 'strings':
      return gold.all.join(', ');
    case 'exact':
      return `Answer: ${gold.any[0] ?? ''}`;
    case 'number':
      return `Answer: ${gold.value}`;
    case 'date':
      return `Date: ${formatDay(gold.anyDay[0] ?? 0)}`;
    case 'phrase':
      return `Answer: ${gold.phrase}`;
    case 'pairs':
      return gold.pairs.map(([left, right]) => `(${left}, ${right})`).join('\n');
  }
}

function findTally(query: TallyQuery, all: readonly Instance[]): Gold {
  const { users, days } = query.subset;
  const instances = all.filter(
    ({ user, day }) =>
      (users?.includes(user) ?? true) && (days === null || (days[0] <= day && day <= days[1])),
  );
  const count = (label: Label): number => instances.filter((one) => one.label === label).length;
  switch (query.kind) {
    case 'count':
      return { kind: 'number', value: count(query.label) };
    case 'most':
    case 'least': {
      const sign = query.kind === 'most' ? 1 : -1;
      const counts = new Map(labels.map((label) => [label, sign * count(label)]));
      return { kind: 'exact', any: findTop(counts) };
    }
    case 'compare':
      return { kind: 'phrase', phrase: compare(count(query.left), count(query.right)) };
    case 'beforeAfter': {
      const labelled = instances.filter(({ label }) => label === query.label);
      const before = labelled.filter(({ day }) => day < query.day).length;
      return { kind: 'phrase', phrase: compare(before, labelled.length - before) };
    }
    case 'topUser': {
      const labelled = instances.filter(({ label }) => label === query.label);
      return { kind: 'exact', any: findTop(countBy(labelled, ({ user }) => user)).map(String) };
    }
    case 'topDate': {
      const labelled = instances.filter(({ label }) => label === query.label);
      return { kind: 'date', anyDay: findTop(countBy(labelled, ({ day }) => day)) };
    }
  }
}

function compare(left: number, right: number): Phrase {
  if (left === right) {
    return 'same frequency as';
  }
  return left > right ? 'more common than' : 'less common than';
}

function countBy<Key>(
  instances: readonly Instance[],
  toKey: (instance: Instance) => Key,
): ReadonlyMap<Key, number> {
  const counts = new Map<Key, number>();
  for (const instance of instances) {
    const key = toKey(instance);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** All that have the highest count. */
function findTop<Key>(counts: ReadonlyMap<Key, number>): readonly Key[] {
  const highest = Math.max(...counts.values());
  return [...counts].flatMap(([key, count]) => (count === highest ? [key] : []));
}

function findPairs({ one, other }: PairsQuery, instances: readonly Instance[]): readonly Pair[] {
  const byUser = new Map<number, Instance[]>();
  for (const instance of instances) {
    const own = byUser.get(instance.user) ?? [];
    own.push(instance);
    byUser.set(instance.user, own);
  }
  const users = [...byUser]
    .sort(([left], [right]) => left - right)
    .map(([user, own]) => ({ user, isOne: meetsAll(own, one), isOther: meetsAll(own, other) }));
  return users.flatMap((left, index) =>
    users
      .slice(index + 1)
      .filter((right) => (left.isOne && right.isOther) || (left.isOther && right.isOne))
      .map((right): Pair => [left.user, right.user]),
  );
}

function meetsAll(own: readonly Instance[], conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => {
    const labelled = own.filter(({ label }) => label === condition.label);
    switch (condition.kind) {
      case 'at least one':
        return labelled.length >= 1;
      case 'at least two':
        return labelled.length >= 2;
      case 'exactly one':
        return labelled.length === 1;
      case 'none before':
        return labelled.every(({ day }) => day >= condition.day);
    }
  });
}
