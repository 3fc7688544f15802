// The questions, in words and back: `parseQuestion` finds in a text what `toQuestion` wrote, so that a
// rule can play the model. The wording follows the benchmarks'.

import { findDays, formatDay } from './days';
import { type Label, labels } from './instances';
import { phrases } from './score';

export type NeedleKind = 'number' | 'uuid';

export interface NeedleQuery {
  readonly kind: 'needles';
  readonly values: NeedleKind;
  readonly keys: readonly string[];
  readonly isMany: boolean;
}

export type Tally =
  | { readonly kind: 'count'; readonly label: Label }
  | { readonly kind: 'most' | 'least' }
  | { readonly kind: 'compare'; readonly left: Label; readonly right: Label }
  | { readonly kind: 'beforeAfter'; readonly label: Label; readonly day: number }
  | { readonly kind: 'topUser' | 'topDate'; readonly label: Label };

/** Null: whatever it is. */
export interface Subset {
  readonly users: readonly number[] | null;
  /** First and last, both included. */
  readonly days: readonly [number, number] | null;
}

export type TallyQuery = Tally & { readonly subset: Subset };

export const quantities = ['at least one', 'at least two', 'exactly one'] as const;

/** What holds for a user: so many instances of a label, or none of it before a day. */
export type Condition =
  | { readonly kind: (typeof quantities)[number]; readonly label: Label }
  | { readonly kind: 'none before'; readonly label: Label; readonly day: number };

/** One user of a pair meets all of `one`, the other all of `other`. */
export interface PairsQuery {
  readonly kind: 'pairs';
  readonly one: readonly Condition[];
  readonly other: readonly Condition[];
}

export type InstanceQuery = TallyQuery | PairsQuery;
export type Query = NeedleQuery | InstanceQuery;

const explanation =
  'The context holds one general question per line, each with a date and a user. Every question can be ' +
  `answered with one of ${labels.length} kinds of things, which is its label: ${toQuoted(labels)}.`;

export function toQuestion(query: Query): string {
  if (query.kind === 'needles') {
    return toNeedleQuestion(query);
  }
  return query.kind === 'pairs'
    ? [explanation, toPairsQuestion(query)].join('\n')
    : [explanation, ...toSubsetText(query.subset), toTallyQuestion(query)].join('\n');
}

function toNeedleQuestion({ values, keys, isMany }: NeedleQuery): string {
  const subject = isMany
    ? `What are all the special magic ${values}s`
    : `What is the special magic ${values}`;
  return `Some special magic ${values}s are hidden in the context. ${subject} for ${keys.join(', ')} mentioned in the provided text?`;
}

function toSubsetText({ users, days }: Subset): readonly string[] {
  const start = 'For the following question, only consider the subset of instances that';
  return [
    ...(users ? [`${start} are associated with user IDs ${users.join(', ')}.`] : []),
    ...(days
      ? [`${start} occur from ${formatDay(days[0])} to ${formatDay(days[1])}, both included.`]
      : []),
  ];
}

function toTallyQuestion(tally: Tally): string {
  const form = (text: string): string => `Give your final answer in the form '${text}'.`;
  const oneOfTied = 'If several tie, name any one of them.';
  const ways = phrases.map((phrase) => `'${phrase}'`).join(', ');
  switch (tally.kind) {
    case 'count':
      return `How many data points should be classified as label '${tally.label}'? ${form('Answer: number')}`;
    case 'most':
    case 'least':
      return `Which of the labels is the ${tally.kind} common? ${oneOfTied} ${form('Label: answer')}`;
    case 'compare':
      return `Is label '${tally.left}' more common, less common, or the same frequency as label '${tally.right}'? ${form('Answer: first label [X] second label')} where [X] is one of ${ways}.`;
    case 'beforeAfter':
      return `Was label '${tally.label}' more common, less common, or the same frequency before ${formatDay(tally.day)} as on and after it? ${form('Answer: [X] later')} where [X] is one of ${ways}.`;
    case 'topUser':
      return `Which user has the most instances with the label '${tally.label}'? ${oneOfTied} ${form('User: [X]')}`;
    case 'topDate':
      return `On which date do most instances with the label '${tally.label}' occur? ${oneOfTied} ${form('Date: [X]')}`;
  }
}

function toPairsQuestion({ one, other }: PairsQuery): string {
  const isSame = toConditionText(one) === toConditionText(other);
  const what = isSame
    ? `both users have ${toConditionText(one)}`
    : `one user has ${toConditionText(one)}, and the other user has ${toConditionText(other)}`;
  return `List all pairs of user IDs (no duplicate pairs, the lower ID first) where ${what}. Give each pair in the form '(user_id_1, user_id_2)', separated by newlines.`;
}

function toConditionText(conditions: readonly Condition[]): string {
  return conditions
    .map((condition) =>
      condition.kind === 'none before'
        ? `no instance of '${condition.label}' before ${formatDay(condition.day)}`
        : `${condition.kind} instance${condition.kind === 'at least two' ? 's' : ''} of '${condition.label}'`,
    )
    .join(' and ');
}

/** The question that a text holds; undefined where it holds none of ours. */
export function parseQuestion(text: string): Query | undefined {
  return parseNeedles(text) ?? parsePairs(text) ?? parseTally(text);
}

function parseNeedles(text: string): NeedleQuery | undefined {
  const found = /What (is|are all) the special magic (number|uuid)s? for (.+?) mentioned in/u.exec(
    text,
  );
  const [, verb, values, keys = ''] = found ?? [];
  return found
    ? {
        kind: 'needles',
        values: values === 'uuid' ? 'uuid' : 'number',
        keys: keys.split(', '),
        isMany: verb !== 'is',
      }
    : undefined;
}

function parsePairs(text: string): PairsQuery | undefined {
  const [, both, one, other] =
    /where (?:both users have (.+?)|one user has (.+?), and the other user has (.+?))\. Give each pair/u.exec(
      text,
    ) ?? [];
  if (both !== undefined) {
    return { kind: 'pairs', one: parseConditions(both), other: parseConditions(both) };
  }
  return one !== undefined && other !== undefined
    ? { kind: 'pairs', one: parseConditions(one), other: parseConditions(other) }
    : undefined;
}

const conditionPattern =
  /(at least one|at least two|exactly one|no) instances? of '([^']+)'(?: before (\w+ \d+, \d+))?/gu;

function parseConditions(text: string): readonly Condition[] {
  return [...text.matchAll(conditionPattern)].flatMap(([, amount, quoted, date]): Condition[] => {
    const kind = quantities.find((quantity) => quantity === amount);
    const label = labels.find((one) => one === quoted);
    const [day] = findDays(date ?? '');
    if (!label) {
      return [];
    }
    return kind
      ? [{ kind, label }]
      : day === undefined
        ? []
        : [{ kind: 'none before', label, day }];
  });
}

function parseTally(text: string): TallyQuery | undefined {
  const subset: Subset = {
    users: /associated with user IDs ([\d, ]+)\./u.exec(text)?.[1]?.split(', ').map(Number) ?? null,
    days: parseDays(/that occur from (.+?), both included/u.exec(text)?.[1] ?? ''),
  };
  const rest = text.slice(
    text.search(/How many data|Which of the|Is label|Was label|Which user|On which/u),
  );
  const [left, right] = findLabels(rest);
  const [day] = findDays(rest);
  const tally = toTally(rest, { left, right, day });
  return tally && { ...tally, subset };
}

function toTally(
  text: string,
  {
    left,
    right,
    day,
  }: { left: Label | undefined; right: Label | undefined; day: number | undefined },
): Tally | undefined {
  const [extreme] = /(?<=^Which of the labels is the )(most|least)/u.exec(text) ?? [];
  if (extreme === 'most' || extreme === 'least') {
    return { kind: extreme };
  }
  if (!left) {
    return undefined;
  }
  if (text.startsWith('How many data')) {
    return { kind: 'count', label: left };
  }
  if (text.startsWith('Is label')) {
    return right && { kind: 'compare', left, right };
  }
  if (text.startsWith('Was label')) {
    return day === undefined ? undefined : { kind: 'beforeAfter', label: left, day };
  }
  return { kind: text.startsWith('Which user') ? 'topUser' : 'topDate', label: left };
}

function parseDays(text: string): readonly [number, number] | null {
  const [from, to] = findDays(text);
  return from === undefined ? null : [from, to ?? from];
}

function findLabels(text: string): readonly Label[] {
  return [...text.matchAll(/'([^']+)'/gu)].flatMap(([, quoted]) =>
    labels.filter((label) => label === quoted),
  );
}

function toQuoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
