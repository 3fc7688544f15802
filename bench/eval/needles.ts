// Needles in a haystack: single, among other keys, with several values, and several at once.
// Source: RULER `niah.py` and `synthetic.yaml` (niah_single_1–3, multikey_1–2, multivalue, multiquery).

import type { Random } from '../../test/support/random';
import type { EvalTask, Made } from './case';
import { adjectives, createEssayParagraph, noise, nouns } from './haystackWords';
import { type NeedleKind, toQuestion } from './query';

interface Shape {
  readonly haystack: 'noise' | 'essay' | 'needles';
  readonly values: NeedleKind;
  /** Keys that have needles; the first `asked` of them are asked for. */
  readonly keys: number;
  readonly asked: number;
  readonly valuesPerKey: number;
}

const single = { keys: 1, asked: 1, valuesPerKey: 1 } as const;

const shapes: Readonly<Record<string, Shape>> = {
  niah_single_1: { ...single, haystack: 'noise', values: 'number' },
  niah_single_2: { ...single, haystack: 'essay', values: 'number' },
  niah_single_3: { ...single, haystack: 'essay', values: 'uuid' },
  niah_multikey_1: { ...single, haystack: 'essay', values: 'number', keys: 4 },
  niah_multikey_2: { ...single, haystack: 'needles', values: 'number' },
  niah_multivalue: { ...single, haystack: 'essay', values: 'number', valuesPerKey: 4 },
  niah_multiquery: { ...single, haystack: 'essay', values: 'number', keys: 4, asked: 4 },
};

export const needleTasks: readonly EvalTask[] = Object.entries(shapes).map(([name, shape]) => ({
  name,
  family: 'S-NIAH',
  create: (chars, random) => createHaystack(shape, chars, random),
}));

/** A needle lies at one of 40 depths, evenly from the beginning to the end. */
const depths = 40;

function createHaystack(shape: Shape, chars: number, random: Random): Made {
  const keys = createKeys(shape.keys, random);
  const needles = keys.flatMap((key) =>
    Array.from({ length: shape.valuesPerKey }, () => {
      const value = createValue(shape.values, random);
      return { key, value, text: toNeedle(key, value, shape.values) };
    }),
  );
  const needleChars = needles.reduce((sum, { text }) => sum + text.length + 1, 0);
  const lines = createLines(shape, { chars: chars - needleChars, taken: new Set(keys) }, random);
  const places = needles.map(({ text }) => ({ text, at: toPlace(lines.length, random) }));
  const deepestFirst = places.sort((left, right) => right.at - left.at);
  for (const { text, at } of deepestFirst) {
    lines.splice(at, 0, text);
  }
  const asked = keys.slice(0, shape.asked);
  return {
    context: lines.join('\n'),
    question: toQuestion({
      kind: 'needles',
      values: shape.values,
      keys: asked,
      isMany: needles.filter(({ key }) => asked.includes(key)).length > 1,
    }),
    gold: {
      kind: 'strings',
      all: needles.filter(({ key }) => asked.includes(key)).map(({ value }) => value),
    },
  };
}

function toPlace(lines: number, random: Random): number {
  return Math.round((lines * random.nextInt(depths)) / (depths - 1));
}

/** `taken` keys are left to the needles; those of a haystack of needles are others. */
function createLines(
  { haystack, values }: Shape,
  { chars, taken }: { readonly chars: number; readonly taken: ReadonlySet<string> },
  random: Random,
): string[] {
  const lines: string[] = [];
  let room = chars;
  for (;;) {
    const line = createLine(haystack, values, random);
    room -= line.length + 1;
    if (room < 0) {
      return lines;
    }
    if (![...taken].some((key) => line.includes(` ${key} `))) {
      lines.push(line);
    }
  }
}

function createLine(haystack: Shape['haystack'], values: NeedleKind, random: Random): string {
  switch (haystack) {
    case 'noise':
      return noise;
    case 'essay':
      return createEssayParagraph(random);
    case 'needles':
      return toNeedle(createKey(random), createValue(values, random), values);
  }
}

function toNeedle(key: string, value: string, values: NeedleKind): string {
  return `One of the special magic ${values}s for ${key} is: ${value}.`;
}

function createKeys(count: number, random: Random): readonly string[] {
  const keys = new Set<string>();
  while (keys.size < count) {
    keys.add(createKey(random));
  }
  return [...keys];
}

function createKey(random: Random): string {
  return `${random.pick(adjectives)}-${random.pick(nouns)}`;
}

function createValue(values: NeedleKind, random: Random): string {
  if (values === 'number') {
    return String(1_000_000 + random.nextInt(9_000_000));
  }
  const hex = Array.from({ length: 32 }, () => random.nextInt(16).toString(16)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5');
}
