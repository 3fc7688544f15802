// Properties over many random inputs: half from a seed that never changes, half from a new one, which
// is printed with the count. RLM_SEED repeats a run, RLM_FUZZ multiplies the cases.

import fc from 'fast-check';
import { readSeed } from './random';

const fixedSeed = 20_261_121;
const factor = Math.max(1, Number(process.env['RLM_FUZZ'] ?? 1));

/** A test's title with its number of cases. */
export function toFuzzTitle(sentence: string, cases: number): string {
  return `${sentence} (${cases * factor} cases)`;
}

export async function fuzz<T>(
  cases: number,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Promise<void> {
  let done = 0;
  const property = fc.asyncProperty(arbitrary, async (value) => {
    done += 1;
    await check(value);
  });
  const seed = readSeed();
  const numRuns = Math.ceil((cases * factor) / 2);
  for (const one of [fixedSeed, seed]) {
    // A failure is told as it came up: shrinking would run engines a thousand times more.
    await fc.assert(property, { seed: one, numRuns, endOnFailure: true });
  }
  process.stdout.write(`      ${done} cases, seeds ${fixedSeed} and ${seed}\n`);
}

/** Texts that break parsers: every kind of unit, lone surrogates, controls, names with a meaning. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    'context',
    '../../etc/passwd',
    '/etc/passwd',
    'null',
    '1e999',
    '\u202e\u0000\u2028',
    '{{question}}',
    '%s%n%x',
    'a'.repeat(60_000),
  ),
);

export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  anyText,
  fc.integer(),
  fc.constantFrom(null, true, -1, 0, 1e308, Number.MAX_SAFE_INTEGER, [], {}),
);
