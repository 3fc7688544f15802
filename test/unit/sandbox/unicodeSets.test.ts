import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toUnicodePattern } from '../../../src/sandbox/worker/unicodeSets';

const chars = [...'aAbBkKſK0_-&.^]é😀ßẞ\n'];
const text = fc.array(fc.constantFrom(...chars), { maxLength: 8 }).map((all) => all.join(''));

const char = fc.constantFrom(
  ...[
    'a',
    'A',
    'b',
    'k',
    '0',
    '_',
    'é',
    '😀',
    'ß',
    '\\-',
    '\\&',
    '\\^',
    '\\]',
    '\\.',
    '\\u{1f600}',
  ],
  ...['\\ud83d\\ude00', '\\x61', '\\n', '\\cJ', 'ſ', '\\!'],
);
const escape = fc.constantFrom(
  '\\w',
  '\\W',
  '\\d',
  '\\D',
  '\\s',
  '\\p{L}',
  '\\P{L}',
  '\\p{Lu}',
  '\\P{Lu}',
  '\\P{Ll}',
);
const range = fc.constantFrom('a-k', 'A-Z', '0-9', '\\x41-\\u{42}', 'a-é');
const texts = fc
  .array(
    fc.array(char, { maxLength: 2 }).map((all) => all.join('')),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => `\\q{${all.join('|')}}`);
type Grammar = Readonly<Record<'set', string>>;
const { set } = fc.letrec<Grammar>((tie) => {
  const nested = tie('set');
  const operand = fc.oneof({ maxDepth: 3 }, char, escape, texts, nested);
  return {
    set: fc
      .tuple(
        fc.constantFrom('', '', '^'),
        fc.oneof(
          { maxDepth: 3 },
          fc
            .array(fc.oneof(char, escape, range, texts, nested), { maxLength: 4 })
            .map((all) => all.join('')),
          fc.tuple(operand, operand).map((all) => all.join('--')),
          fc.tuple(operand, operand).map((all) => all.join('&&')),
          fc.tuple(operand, operand, operand).map((all) => all.join('--')),
        ),
      )
      .map(([negation, inside]) => `[${negation}${inside}]`),
  };
});
const pattern = fc
  .tuple(
    fc.constantFrom('%', '%+', '(?<=%)b', '(%)\\1', 'a%?', '(?:%|k)*', '%{2}', '^%$'),
    fc.oneof(set, set, escape),
  )
  .map(([frame, one]) => frame.replace('%', () => one));

/** Undefined for what is no pattern. */
function findAll(source: string, flags: string, sought: string): string[] | undefined {
  try {
    return [...sought.matchAll(new RegExp(source, flags))].map(
      (match) => `${match.index}:${match.join('|')}`,
    );
  } catch {
    return undefined;
  }
}

describe('patterns with flag v, said with flag u', () => {
  it('find what V8 finds', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.boolean(),
        fc.array(text, { minLength: 5, maxLength: 5 }),
        (source, ignored, all) => {
          // Where case does not count, V8 has no capitals for what stands in \q{…}.
          const ignoresCase = ignored && !source.includes('\\q');
          const more = ignoresCase ? 'gi' : 'g';
          const isPattern = findAll(source, `${more}v`, '') !== undefined;
          let translated: string;
          try {
            translated = toUnicodePattern(source, `${more}v`);
          } catch (error) {
            assert.ok(error instanceof SyntaxError);
            assert.ok(!isPattern || /does not compare texts/u.test(error.message), error.message);
            return;
          }
          assert.ok(isPattern, source);
          for (const one of all) {
            const expected = findAll(source, `${more}v`, one);
            assert.deepEqual(
              findAll(translated, `${more}u`, one),
              expected,
              `${source} → ${translated} in ${one}`,
            );
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('refuse what cannot be said, and what is no pattern', () => {
    const refused = [
      '\\p{RGI_Emoji}',
      '[\\p{Emoji_Keycap_Sequence}]',
      '[(]',
      '[a--b&&c]',
      '[^\\q{ab}]',
      '(',
      '*',
      '[a',
      '['.repeat(50_000),
    ];
    for (const source of refused) {
      assert.throws(() => toUnicodePattern(source, 'v'), SyntaxError, source.slice(0, 50));
    }
  });
});
