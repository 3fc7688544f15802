// The Python that the rule model writes: three steps, of which each builds on what the last one left.

import { formatDay } from './days';
import { labels } from './instances';
import {
  type Condition,
  type InstanceQuery,
  type Query,
  type TallyQuery,
  toQuestion,
} from './query';
import { phrases } from './score';

export const labelPrompt = 'Reply with the label of each line, one per line and nothing else.';
export const needlePrompt =
  'Reply with the values that the text gives, one per line and nothing else.';
/** Between an instruction and the chunk of text it is about. */
export const chunkEnd = '\n-----\n';

/** The length it prints decides about the size of the chunks. */
export function toLookCode(): string {
  return 'print(f"looked: {len(context)} characters")\nprint(context[:200])';
}

/** About 64 prompts, of 4,000 to 200,000 characters each. */
export function toAskCode(query: Query, chars: number): string {
  const size = Math.min(200_000, Math.max(4_000, Math.ceil(chars / 64)));
  const instruction =
    query.kind === 'needles' ? `${needlePrompt}\n${toQuestion(query)}` : labelPrompt;
  return [
    `instruction = ${JSON.stringify(instruction + chunkEnd)}`,
    `parts = [span.text for span in chunk(${size})]`,
    'replies = llm_query_batched([instruction + part for part in parts])',
    'found = [line for reply in replies for line in reply.splitlines() if line]',
    'print(f"asked: {len(parts)} prompts, {len(found)} lines of reply")',
  ].join('\n');
}

export function toAnswerCode(query: Query): string {
  if (query.kind === 'needles') {
    return 'SUBMIT(answer=", ".join(found))';
  }
  return [...readRows, ...toFilter(query), ...toResult(query)].join('\n');
}

/** Day, user and label of every line; days as numbers whose order is that of time. */
const readRows = [
  'from collections import Counter',
  `labels = ${JSON.stringify(labels)}`,
  'months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()',
  'def to_day(date):',
  '    month, day, year = date.replace(",", "").split()',
  '    return int(year) * 10_000 + (months.index(month) + 1) * 100 + int(day)',
  'rows = []',
  'for line, label in zip(context.splitlines(), found):',
  '    date, user, _ = line.split(" || ", 2)',
  '    rows.append((to_day(date[6:]), int(user[6:]), label))',
];

function toFilter(query: InstanceQuery): readonly string[] {
  if (query.kind === 'pairs') {
    return [];
  }
  const { users, days } = query.subset;
  return [
    ...(users ? [`rows = [row for row in rows if row[1] in ${JSON.stringify(users)}]`] : []),
    ...(days
      ? [`rows = [row for row in rows if ${toDayCode(days[0])} <= row[0] <= ${toDayCode(days[1])}]`]
      : []),
  ];
}

function toResult(query: InstanceQuery): readonly string[] {
  return query.kind === 'pairs' ? toPairsResult(query) : toTallyResult(query);
}

function toTallyResult(query: TallyQuery): readonly string[] {
  const counts = 'counts = Counter(label for _, _, label in rows)';
  const submit = (value: string): string => `SUBMIT(answer=f"Answer: {${value}}")`;
  switch (query.kind) {
    case 'count':
      return [counts, submit(`counts[${toCode(query.label)}]`)];
    case 'most':
    case 'least': {
      const choose = query.kind === 'most' ? 'max' : 'min';
      return [counts, submit(`${choose}(labels, key=lambda label: counts[label])`)];
    }
    case 'compare':
      return [
        counts,
        `left, right = counts[${toCode(query.left)}], counts[${toCode(query.right)}]`,
        ...comparison,
      ];
    case 'beforeAfter':
      return [
        `days = [day for day, _, label in rows if label == ${toCode(query.label)}]`,
        `left = sum(day < ${toDayCode(query.day)} for day in days)`,
        'right = len(days) - left',
        ...comparison,
      ];
    case 'topUser':
      return [
        `counts = Counter(user for _, user, label in rows if label == ${toCode(query.label)})`,
        submit('counts.most_common(1)[0][0]'),
      ];
    case 'topDate':
      return [
        `counts = Counter(day for day, _, label in rows if label == ${toCode(query.label)})`,
        'day = counts.most_common(1)[0][0]',
        'SUBMIT(answer=f"Date: {months[day // 100 % 100 - 1]} {day % 100:02}, {day // 10_000}")',
      ];
  }
}

const comparison = [
  `more, less, same = ${JSON.stringify(phrases)}`,
  'SUBMIT(answer="Answer: " + (same if left == right else more if left > right else less))',
];

function toPairsResult(query: InstanceQuery & { kind: 'pairs' }): readonly string[] {
  return [
    'by_user = {}',
    'for day, user, label in rows:',
    '    by_user.setdefault(user, {}).setdefault(label, []).append(day)',
    'def meets_one(own):',
    `    return ${toConditionCode(query.one)}`,
    'def meets_other(own):',
    `    return ${toConditionCode(query.other)}`,
    'users = sorted(by_user)',
    'one = {user for user in users if meets_one(by_user[user])}',
    'other = {user for user in users if meets_other(by_user[user])}',
    'pairs = [(a, b) for a in users for b in users',
    '         if a < b and (a in one and b in other or a in other and b in one)]',
    'SUBMIT(answer="\\n".join(str(pair) for pair in pairs) or "none")',
  ];
}

function toConditionCode(conditions: readonly Condition[]): string {
  return conditions
    .map((condition) => {
      const days = `own.get(${toCode(condition.label)}, [])`;
      switch (condition.kind) {
        case 'at least one':
          return `len(${days}) >= 1`;
        case 'at least two':
          return `len(${days}) >= 2`;
        case 'exactly one':
          return `len(${days}) == 1`;
        case 'none before':
          return `all(day >= ${toDayCode(condition.day)} for day in ${days})`;
      }
    })
    .join(' and ');
}

function toDayCode(day: number): string {
  return `to_day(${toCode(formatDay(day))})`;
}

/** A Python string as JSON writes it: our words need no other escapes. */
function toCode(text: string): string {
  return JSON.stringify(text);
}
