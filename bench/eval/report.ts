// Results as tables: means by family and length, and every case.

import { toMarkdownTable, toNumberText } from '../report';
import { families } from './case';
import type { Plan } from './evaluate';
import type { Result } from './results';
import { ruleModelName } from './ruleModel';

const head = [
  'task',
  'length',
  'runner',
  'model',
  'score',
  'iterations',
  'sub-calls',
  'tokens in',
  'tokens out',
  'cost, $',
  'seconds',
] as const;
const alignment = '|---|--:|---|---|--:|--:|--:|--:|--:|--:|--:|';

/** Means over the tasks of a family and their samples. */
export function toFamilyTable(results: readonly Result[]): string {
  const groups = groupBy(results, ({ family, chars, runner, model }) =>
    JSON.stringify([families.indexOf(family), chars, runner, model]),
  );
  const rows = [...groups.values()].sort(compareGroups).map((group) => {
    const family = group[0]?.family ?? '';
    return toRow(`${family} (${group.length})`, group);
  });
  return toMarkdownTable(head, alignment, rows);
}

export function toCaseTable(results: readonly Result[]): string {
  const rows = results.map((result) => toRow(`${result.task} #${result.sample + 1}`, [result]));
  return toMarkdownTable(head, alignment, rows);
}

/** What was run, and what has to be known to read the table. */
export function describeRun(plan: Plan, results: readonly Result[]): string {
  const { tasks, lengths, samples, seed, models } = plan;
  const [shortest = 0, longest = 0] = [Math.min(...lengths), Math.max(...lengths)];
  const isByRule = models.every(({ model }) => model === ruleModelName);
  return [
    `${tasks.length} tasks of ${toLengthText(shortest)} to ${toLengthText(longest)} characters, ${samples} of each length, seed ${seed}.`,
    ...(isByRule
      ? [
          '**The model answers by rule.** Its scores say that the plumbing is right, and nothing about models.',
        ]
      : []),
    ...(results.some(({ tokensEstimated }) => tokensEstimated)
      ? ['Tokens that no provider counted are estimated, at four bytes each.']
      : []),
    ...describeUnanswered(results),
  ].join('\n');
}

/** Those without an answer: why, and how often. */
function describeUnanswered(results: readonly Result[]): readonly string[] {
  const unanswered = results.filter(({ finish }) => finish !== 'submitted');
  const reasons = [...groupBy(unanswered, ({ finish }) => finish)];
  return reasons.length === 0
    ? []
    : [
        `Without an answer: ${reasons.map(([why, group]) => `${group.length} × ${why}`).join('; ')}.`,
      ];
}

/** In the order of each key's first one. */
export function groupBy<T, Key>(
  items: readonly T[],
  toKey: (item: T) => Key,
): ReadonlyMap<Key, readonly T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) {
    const key = toKey(item);
    const group = groups.get(key) ?? [];
    group.push(item);
    groups.set(key, group);
  }
  return groups;
}

export function toLengthText(chars: number): string {
  const power = Math.log2(chars);
  return Number.isInteger(power) ? `2^${power}` : chars.toLocaleString('en');
}

export function toMean(results: readonly Result[], read: (result: Result) => number): number {
  return results.reduce((sum, result) => sum + read(result), 0) / results.length;
}

/** Null when any of them came without its cost. */
export function toMeanCost(results: readonly Result[]): number | null {
  return results.some(({ costUsd }) => costUsd === null)
    ? null
    : toMean(results, ({ costUsd }) => costUsd ?? 0);
}

function compareGroups(left: readonly Result[], right: readonly Result[]): number {
  const toOrder = ([first]: readonly Result[]): readonly number[] => [
    families.indexOf(first?.family ?? ''),
    first?.chars ?? 0,
  ];
  const [leftOrder, rightOrder] = [toOrder(left), toOrder(right)];
  const at = leftOrder.findIndex((value, index) => value !== rightOrder[index]);
  return at < 0 ? 0 : (leftOrder[at] ?? 0) - (rightOrder[at] ?? 0);
}

function toRow(task: string, group: readonly Result[]): readonly string[] {
  const mean = (read: (result: Result) => number): string => toNumberText(toMean(group, read));
  const cost = toMeanCost(group);
  return [
    task,
    toLengthText(group[0]?.chars ?? 0),
    group[0]?.runner ?? '',
    group[0]?.model ?? '',
    toMean(group, ({ score }) => score).toFixed(3),
    mean(({ iterations }) => iterations),
    mean(({ subCalls }) => subCalls),
    mean(({ promptTokens }) => promptTokens),
    mean(({ answerTokens }) => answerTokens),
    cost === null ? '' : cost.toFixed(4),
    mean(({ seconds }) => seconds),
  ];
}
