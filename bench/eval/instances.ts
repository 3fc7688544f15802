// Lines of questions by users on dates, as OOLONG's, whose class a rule can tell from their words.
// Source: OOLONG-synth's line format; TREC's classes.

import type { Random } from '../../test/support/random';
import { findDays, formatDay } from './days';

export const labels = [
  'human being',
  'location',
  'numeric value',
  'abbreviation',
  'description and abstract concept',
  'entity',
] as const;
export type Label = (typeof labels)[number];

export interface Instance {
  readonly day: number;
  readonly user: number;
  readonly label: Label;
}

type Words = readonly [string, ...string[]];
const things: Words = [
  'steam engine',
  'suspension bridge',
  'violin',
  'lighthouse',
  'telescope',
  'printing press',
  'waterfall',
  'opera house',
  'glacier',
  'silk road',
  'compass',
  'coral reef',
  'tram',
  'windmill',
];
const templates: Readonly<Record<Label, Words>> = {
  'human being': ['Who invented the *?', 'Who first painted a *?', 'Who owned the oldest *?'],
  location: [
    'Where is the largest *?',
    'Where was the first * seen?',
    'Where can one visit a famous *?',
  ],
  'numeric value': [
    'How many people built the *?',
    'How much did the first * cost?',
    'How old is the oldest *?',
  ],
  abbreviation: [
    'What do the letters on the * stand for?',
    'What does the acronym on the * stand for?',
  ],
  'description and abstract concept': [
    'Why is the * important?',
    'How does a * work?',
    'Why did people fear the *?',
  ],
  entity: [
    'Which material makes the best *?',
    'What animal lives near the *?',
    'Which tool repairs a *?',
  ],
};
/** The first that matches decides. */
const rules: readonly (readonly [RegExp, Label])[] = [
  [/^who\b/iu, 'human being'],
  [/^where\b/iu, 'location'],
  [/^how (many|much|old)\b/iu, 'numeric value'],
  [/\bstand for\?$/iu, 'abbreviation'],
  [/^(why|how)\b/iu, 'description and abstract concept'],
  [/^(which|what)\b/iu, 'entity'],
];

/** Undefined for what no rule knows. */
export function classify(text: string): Label | undefined {
  return rules.find(([pattern]) => pattern.test(text))?.[1];
}

const linePattern = /^Date: (.+?) \|\| User: (\d+) \|\| Instance: (.+)$/u;

/** By the rule; lines of another form are left out. */
export function parseLines(text: string): readonly Instance[] {
  return text.split('\n').flatMap((line) => {
    const [, date = '', user = '', instance = ''] = linePattern.exec(line) ?? [];
    const [day] = findDays(date);
    const label = classify(instance);
    return day === undefined || !label ? [] : [{ day, user: Number(user), label }];
  });
}

/** Who writes lines, and what about. */
export interface Author {
  readonly user: number;
  /** First and last day, both included. */
  readonly days: readonly [number, number];
  /** Draws the class of the author's next line. */
  readonly next: (random: Random) => Label;
}

/** Different numbers of five digits, in no order. */
export function createUserIds(count: number, random: Random): readonly [number, ...number[]] {
  const draw = (): number => 10_000 + random.nextInt(90_000);
  const first = draw();
  const others = new Set<number>();
  while (others.size < count - 1) {
    const id = draw();
    if (id !== first) {
      others.add(id);
    }
  }
  return [first, ...others];
}

/** As many lines as fit, in no order; `pick` draws who writes the next one. */
export function createLines(
  pick: (random: Random) => Author,
  chars: number,
  random: Random,
): { readonly text: string; readonly instances: readonly Instance[] } {
  const lines: string[] = [];
  const instances: Instance[] = [];
  for (let room = chars + 1; ;) {
    const { user, days, next } = pick(random);
    const day = days[0] + random.nextInt(days[1] - days[0] + 1);
    const label = next(random);
    const text = random.pick(templates[label]).replace('*', random.pick(things));
    const line = `Date: ${formatDay(day)} || User: ${user} || Instance: ${text}`;
    room -= line.length + 1;
    if (room < 0) {
      return { text: lines.join('\n'), instances };
    }
    lines.push(line);
    instances.push({ day, user, label });
  }
}
