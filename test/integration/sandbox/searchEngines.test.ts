// A pattern finds what its language says, whichever engine looks: Python's `re` and what is said of its
// patterns to V8; QuickJS and V8.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { isOnLine, toPoints } from '../../support/lineTexts';
import { Repl, createSandboxes } from '../../support/repl';

type Spans = readonly (readonly [number, number])[];

const join = (parts: fc.Arbitrary<string>, maxLength: number, minLength = 0) =>
  fc.array(parts, { minLength, maxLength }).map((all) => all.join(''));

const quantifiers = ['', '', '', '*', '+', '?', '{1,2}', '{2}', '{0,2}', '*?', '+?', '??'];

/** Atoms that may be repeated, and marks that may not. */
const toPattern = (atoms: readonly string[], marks: readonly string[]) => {
  const repeated = fc
    .tuple(fc.constantFrom(...atoms), fc.constantFrom(...quantifiers))
    .map(([atom, quantifier]) => `(?:${atom})${quantifier}`);
  const plain = fc.constantFrom(...atoms, ...marks);
  const item = fc.oneof(plain, plain, repeated);
  const nested = fc
    .tuple(join(item, 3, 1), join(item, 2), fc.constantFrom(...quantifiers))
    .map(([one, other, quantifier]) => `(?:${one}|${other})${quantifier}`);
  return join(fc.oneof(item, item, item, nested), 4, 1);
};

const shared = {
  atoms: [
    ...['a', 'b', '.', '\\d', '\\w', '\\s', '\\S', '\\D', '\\W', '[ab1]', '[^a]', '\\n', '-', 'k'],
    ...['[\\w-]', '\\.', '(a|b1)', '/', '|a', 'a|', 'a*', 'b?', 'é', '[é-ü]', '[^é]', '😀', 'K'],
    ...['\\u0101', 's', '[k-s]', '[^\\s]', '[^\\d-]', '_'],
  ],
  marks: ['^', '$', '\\b', '\\B', '(?=a)', '(?!b)', '(?<=a)', '(?<!b)', '(?=)'],
};
const pythonPattern = toPattern(
  [
    ...shared.atoms,
    ...[
      '\\x1c',
      '(?i:a)',
      '(?s:.)',
      '(?a:\\w)',
      '(?>a|ab)',
      'a++',
      '(?P<n>a)(?P=n)',
      '(b)?(?(1)a|b)',
    ],
  ],
  [...shared.marks, '\\A', '\\Z'],
);
const javascriptPattern = toPattern(
  [...shared.atoms, '\\p{L}', '\\P{L}', '\\p{Lu}', '[\\p{Ll}\\d]', '\\u{1F600}', '[😀é]', '\\x41'],
  shared.marks,
);
const chars = [
  ...['a', 'b', '1', ' ', '\n', '-', '.', '_', 'A', 'k', 'K', 's', '\t', '\x1c', 'a', 'b'],
  ...['\u212a', '\u017f', 'é', 'É', '😀', '\u0101', '\u00a0', 'ß'],
];
const anyText = join(fc.constantFrom(...chars), 14);
const asciiText = join(fc.constantFrom(...chars.slice(0, 16)), 14);
const text = fc.oneof(anyText, asciiText);

describe('the engines that search', function () {
  this.timeout(60_000);
  let sandboxes: SandboxProcess;

  before(() => {
    sandboxes = createSandboxes();
  });
  after(() => sandboxes.dispose());

  const withCases = async <Row>(
    language: Language,
    cases: unknown,
    code: string,
  ): Promise<readonly Row[]> => {
    const repl = await Repl.open(sandboxes, { language });
    try {
      await repl.load('cases', JSON.stringify(cases));
      const { error } = await repl.run(code, { timeoutMs: 50_000 });
      assert.equal(error, null, error?.traceback);
      const value = await repl.read('result', 0, 50_000_000);
      return JSON.parse(value?.text ?? '[]') as Row[]; // as the code wrote it
    } finally {
      repl.sandbox.dispose();
    }
  };

  it('find in Python what re finds, and are told by V8’s pattern only where that finds the same', async () => {
    const withReturns = join(fc.constantFrom(...chars.slice(0, 16), '\r', '\r\n', '\u2028'), 14);
    const cases = fc.sample(
      fc.tuple(
        pythonPattern,
        fc.tuple(text, asciiText, withReturns),
        fc.constantFrom('', '', 'I', 'A', 'S', 'IA', 'M', 'IS', 'MA'),
        fc.boolean(),
      ),
      { numRuns: 4_000, seed: 11 },
    );
    type Row = [[string, string] | null, string, Spans, string];
    const rows = await withCases<Row>(
      'python',
      cases,
      `
import json, re
inside = grep.__globals__
out = []
for source, texts, letters, as_text in json.loads(cases):
    flags = 0
    for letter in letters: flags |= getattr(re, letter)
    try: compiled = re.compile(source, flags | (re.M if as_text else 0))
    except re.error: continue
    fold = bool(flags & re.I)
    if as_text and flags & ~re.I: continue
    given = inside["linePattern"].read(source if as_text else compiled, fold)
    for text in texts:
        expected = [list(m.span()) for m in given.compiled("\\r" in text).finditer(text)]
        if not as_text or "\\r" not in text:
            assert expected == [list(m.span()) for m in compiled.finditer(text)]
            if as_text and text[-1:] in ("", "\\n"): expected = [span for span in expected if span[0] < len(text)]
            found = grep(source, text, ignore_case=fold, max_matches=None) if as_text else grep(compiled, text, max_matches=None)
            assert [[s.start, s.end] for s in found] == expected, (source, text, flags)
            assert len(expected) == count(source if as_text else compiled, text, ignore_case=fold)
        said = inside["jsPattern"].translate(given.tree("\\r" in text), given.plain.flags, text.isascii())
        out.append([said, text, expected, source])
result = json.dumps(out)`,
    );
    const said = rows.filter(([translated]) => translated !== null);
    assert.ok(rows.length > 6_000 && said.length > 1_500, `${said.length} of ${rows.length}`);
    for (const [translated, searched, expected, source] of said) {
      const [pattern = '', flags = ''] = translated ?? [];
      const found = [...searched.matchAll(new RegExp(pattern, flags))].map((match) => [
        toPoints(searched, match.index),
        toPoints(searched, match.index + match[0].length),
      ]);
      assert.deepStrictEqual(
        found,
        expected,
        `${source} as ${pattern} in ${JSON.stringify(searched)}`,
      );
    }
  });

  it('find in JavaScript what V8 finds, in texts of the code’s own and in the context', async () => {
    const given = fc.oneof(
      fc.record({ kind: fc.constant('text'), ignoreCase: fc.boolean() }),
      fc.record({
        kind: fc.constant('pattern'),
        flags: fc.constantFrom('', 'i', 'u', 'iu', 'v', 'iv', 's', 'm', 'imsu'),
      }),
    );
    const all = fc.sample(fc.tuple(javascriptPattern, text, given), { numRuns: 4_000, seed: 12 });
    const isPattern = (source: string, flags: string): boolean => {
      try {
        return new RegExp(source, flags).flags === flags;
      } catch {
        return false;
      }
    };
    const cases = all.flatMap(([source, searched, how]) => {
      const flags =
        'flags' in how
          ? how.flags
          : `${how.ignoreCase ? 'i' : ''}${isPattern(source, 'u') ? 'u' : ''}`;
      return isPattern(source, flags)
        ? [{ source, searched, flags, isText: !('flags' in how) }]
        : [];
    });
    const rows = await withCases<Spans | string>(
      'javascript',
      cases,
      `
const out = [];
for (const { source, searched, flags, isText } of JSON.parse(cases)) {
  const options = { text: searched, maxMatches: null, ignoreCase: isText && flags.includes('i') };
  try {
    const sought = isText ? source : new RegExp(source, flags);
    const found = grep(sought, options);
    if (found.length !== count(sought, { text: searched, ignoreCase: options.ignoreCase })) throw new Error('counted otherwise');
    out.push(found.map(({ start, end }) => [start, end]));
  } catch (error) {
    out.push(\`\${error}\`);
  }
}
const result = JSON.stringify(out);`,
    );
    assert.ok(cases.length > 3_000);
    for (const [at, { source, searched, flags }] of cases.entries()) {
      const withLines = [...new Set(`${flags}gm`)].join('');
      const all = [...searched.matchAll(new RegExp(source, withLines))];
      const expected = all
        .filter(({ index }) => isOnLine(searched, index))
        .map(({ index, 0: found }) => [index, index + found.length]);
      assert.deepStrictEqual(
        rows[at],
        expected,
        `/${source}/${flags} in ${JSON.stringify(searched)}`,
      );
    }
  });
});
