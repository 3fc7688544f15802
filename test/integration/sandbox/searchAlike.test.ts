// The search helpers are alike in both languages, but for how they count characters; and they are right,
// by what the test works out for itself.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Language, languages } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { findInLines, toPoints } from '../../support/lineTexts';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes, useRepl } from '../../support/repl';

const literal = (value: unknown): string => JSON.stringify(value);

/** The same question in both languages; answers are JSON of the same form. */
const questions: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  python: {
    define: `
import json
def row(s): return [s.path, s.start, s.end, s.line, s.text]
def hits(found): return [[row(s) + [s.line_text] for s in found], found.truncated, found.total]
def ranked(found): return [[row(s) + [s.score] for s in found], found.truncated, found.total]
def ask(pattern, query, fold, most, window, size, overlap, by):
    chosen = {} if isinstance(context, str) or most % 2 == 0 else {"path": [*context][0]}
    return json.dumps([
        hits(grep(pattern, ignore_case=fold, max_matches=most, **chosen)),
        hits(grep(pattern, text=context, ignore_case=fold, max_matches=None)),
        hits(grep(pattern, text=copied(context), ignore_case=fold, max_matches=most)),
        [count(pattern, ignore_case=fold), count(pattern, ignore_case=fold, by="path") if not isinstance(context, str) else 0],
        ranked(search(query, most, window_chars=window)),
        ranked(search(query, most, window_chars=window, text=copied(context))),
        [row(s) for s in chunk(size, overlap, by=by)],
    ])
def copied(value):
    return value[:1] + value[1:] if isinstance(value, str) else {path: text[:1] + text[1:] for path, text in value.items()}`,
    far: 'grep.__globals__["HOST_CHARS"] = -1',
    near: 'grep.__globals__["HOST_CHARS"] = 200_000',
  },
  javascript: {
    define: `
const row = (s) => [s.path ?? null, s.start, s.end, s.line, s.text];
const hits = (found) => [found.map((s) => [...row(s), s.lineText]), found.truncated, found.total];
const ranked = (found) => [found.map((s) => [...row(s), s.score]), found.truncated, found.total];
const copied = (value) => typeof value === 'string' ? value.slice(0, 1) + value.slice(1)
  : Object.fromEntries(Object.entries(value).map(([path, text]) => [path, text.slice(0, 1) + text.slice(1)]));
function ask(pattern, query, fold, most, window, size, overlap, by) {
  const chosen = typeof context !== 'string' && most % 2 ? { path: Object.keys(context)[0] } : {};
  return JSON.stringify([
    hits(grep(pattern, { ignoreCase: fold, maxMatches: most, ...chosen })),
    hits(grep(pattern, { text: context, ignore_case: fold, max_matches: null })),
    hits(grep(pattern, { text: copied(context), ignoreCase: fold, maxMatches: most })),
    [count(pattern, { ignoreCase: fold }), typeof context === 'string' ? 0 : count(pattern, { ignoreCase: fold, by: 'path' })],
    ranked(search(query, { limit: most, windowChars: window })),
    ranked(search(query, { limit: most, windowChars: window, text: copied(context) })),
    chunk({ size, overlap, by }).map(row),
  ]);
}`,
    far: '0',
    near: '0',
  },
};

type HitRow = [string | null, number, number, number, string, string];
type Hits = [HitRow[], boolean, number | null];
type ChunkRow = [string | null, number, number, number, string];
type Answer = [Hits, Hits, Hits, [number, unknown], unknown, unknown, ChunkRow[]];

const text = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'b',
        ' ',
        'word',
        'Word',
        '\n',
        '\r\n',
        '\r',
        '\r',
        'é',
        '.',
        'end',
        '\u2028',
        '学習',
        'ภาษา',
        'हिन्दी',
        '\t',
        '\n\n',
      ],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));
const context = fc.oneof(
  text,
  fc
    .array(text, { minLength: 1, maxLength: 4 })
    .map((all) => Object.fromEntries(all.map((one, number) => [`folder/${number}.txt`, one]))),
);
/** Nothing in them takes a line break for itself. */
const pattern = fc.constantFrom(
  ...['a', '^', '$', '^$', '^.*$', '.', 'word$', '^b', '(?:word|end)$', '[ab]+', 'w..d', ' $'],
  ...['.+', '^a?', 'd(?=[. ]|$)', '[a-z]+$', '(?<=a)b', 'é', '[a-z]{2,}', '.*?d$', '\\.'],
);
const asked = fc.record({
  context,
  pattern,
  query: fc.constantFrom(
    'word',
    'a b',
    'end é',
    'nothing',
    '. ,',
    'Word END a',
    '学習',
    '習学 ภาษา',
    'हिन्दी word',
    '😀',
  ),
  fold: fc.boolean(),
  most: fc.integer({ min: 0, max: 8 }),
  window: fc.integer({ min: 50, max: 80 }),
  size: fc.integer({ min: 1, max: 40 }),
  overlapShare: fc.integer({ min: 0, max: 3 }),
  by: fc.constantFrom('lines', 'chars'),
  isFar: fc.boolean(),
});

describePython('the search helpers', function (backend) {
  this.timeout(60_000);
  let sandboxes: SandboxProcess;
  const repls = new Map<Language, Repl>();

  before(async () => {
    sandboxes = createSandboxes(backend);
    for (const language of languages) {
      const repl = await Repl.open(sandboxes, { language });
      await repl.evaluate(`${questions[language]['define']}\n`);
      repls.set(language, repl);
    }
  });
  after(() => {
    repls.forEach(({ sandbox }) => sandbox.dispose());
    sandboxes.dispose();
  });

  const ask = async (language: Language, one: Asked): Promise<Answer> => {
    const repl = repls.get(language);
    assert.ok(repl);
    await repl.load('context', one.context);
    const { size, overlapShare, by, fold } = one;
    const isTrue = language === 'python' ? (fold ? 'True' : 'False') : String(fold);
    const overlap = Math.floor((size * overlapShare) / 4);
    const values = [
      ...[literal(one.pattern), literal(one.query), isTrue, one.most, one.window],
      ...[size, overlap, literal(by)],
    ].join(', ');
    await repl.evaluate(questions[language][one.isFar ? 'far' : 'near'] ?? '');
    const printed = await repl.run(`print(ask(${values}))`, { maxOutputChars: 1_000_000 });
    assert.equal(printed.error, null, printed.error?.traceback);
    return JSON.parse(printed.stdout) as Answer; // as `ask` makes it
  };

  it('find the same in both languages, and what they should', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async (one) => {
        const [python, javascript] = [await ask('python', one), await ask('javascript', one)];
        assert.deepStrictEqual(python, javascript);
        const entries: (readonly [string | null, string])[] =
          typeof one.context === 'string' ? [[null, one.context]] : Object.entries(one.context);
        checkHits(python, one, entries);
        checkChunks(python[6], one, entries);
        assert.deepStrictEqual(python[4], python[5]); // search: loaded texts and copies
      }),
      { numRuns: 100 },
    );
  });
});

const shared = [
  ...[
    'grep',
    'count',
    'search',
    'chunk',
    'lines',
    'head',
    'tail',
    'around',
    'top',
    'budget',
    'llm_query',
    'llm_query_batched',
    'rlm_query',
  ],
  ...['rlm_query_batched', 'FINAL', 'FINAL_VAR', 'SUBMIT', 'SHOW_VARS', 'print'],
];
/** They give way without a word: code often has variables of these names. */
const unnoted = ['console', 'lines', 'head', 'tail', 'around', 'top', 'help'];
const offeredNames: Readonly<Record<Language, readonly string[]>> = {
  python: shared,
  javascript: [...shared, 'sleep', 'console'],
};

for (const language of languages) {
  describe(`names that the REPL offers, in ${language}`, function () {
    this.timeout(60_000);
    const repl = useRepl({ language, context: 'a b a' });
    const isPython = language === 'python';
    const typeOf = (name: string): string =>
      isPython ? `type(${name}).__name__` : `typeof ${name}`;
    const remove = (name: string): string =>
      isPython ? `del ${name}` : `delete globalThis.${name}; undefined`;

    for (const name of offeredNames[language]) {
      it(`give way to a variable of the code: ${name}`, async () => {
        const offered = await repl().evaluate(typeOf(name));
        const refused = await repl().run(`FINAL_VAR("${name}")`);
        const taken = await repl().run(`${isPython ? '' : 'let '}${name} = "own value"`);
        const kept = await repl().run(name);
        const read = await repl().read(name);
        const given = await repl().run(`FINAL_VAR("${name}")`);
        const removed = await repl().run(remove(name));
        const again = await repl().evaluate(typeOf(name));
        assert.match(refused.error?.message ?? '', /^no variable is called/u);
        assert.deepStrictEqual(
          taken.changes.map((one) => [one.change, one.name]),
          [['added', name]],
        );
        assert.equal(
          taken.stderr.includes(`note: ${name} is a variable of yours`),
          !unnoted.includes(name),
        );
        assert.deepStrictEqual([kept.result, kept.stderr], ["'own value'", '']);
        assert.ok(kept.variables.includes(name));
        assert.equal(read?.text, 'own value');
        assert.equal(given.finalAnswer, name === 'FINAL_VAR' ? null : 'own value');
        assert.equal(given.error === null, name !== 'FINAL_VAR');
        assert.deepStrictEqual(
          removed.changes.map((one) => [one.change, one.name]),
          [['removed', name]],
        );
        assert.equal(again, offered);
        assert.equal((await repl().read(name)) ?? null, null);
      });
    }

    it('are the code’s own in the step that takes them', async () => {
      const code = isPython
        ? 'chunk = context[:1]\nSHOW_VARS()\nFINAL_VAR("chunk")'
        : 'const chunk = context.slice(0, 1); SHOW_VARS(); FINAL_VAR("chunk")';
      const { stdout, finalAnswer } = await repl().run(code);
      assert.match(stdout, /^chunk/u);
      assert.equal(finalAnswer, 'a');
      await repl().run(remove('chunk'));
    });

    it('are functions again where the code puts those back', async () => {
      const found = isPython ? 'kept = count' : 'var kept = count';
      await repl().run(`${found}\ncount = 5`);
      const { changes, result } = await repl().run('count = kept\ncount("a")');
      assert.deepStrictEqual(
        [changes.map((one) => [one.change, one.name]), result],
        [[['removed', 'count']], '2'],
      );
    });
  });
}

describe('words that search finds', function () {
  this.timeout(60_000);

  const texts = [
    'İstanbul’da',
    '機械学習の本',
    'ประเทศไทย',
    'ภาษา',
    'हिन्दी भाषा',
    'été',
    'Straße',
    '한국어로',
  ];
  const queries = ['İstanbul', '学習', 'ไทย', 'ภาษา', 'भाषा', 'ÉTÉ', 'STRAẞE', '한국어'];
  for (const language of languages) {
    it(`stand in texts of any script, loaded and given, in ${language}`, async () => {
      const sandboxes = createSandboxes();
      const repl = await Repl.open(sandboxes, { language, context: texts.join('\n') });
      const copy = language === 'python' ? 'context[:1] + context[1:]' : 'context.slice(0)';
      const asks = queries.flatMap((query) =>
        language === 'python'
          ? [
              `search(${literal(query)}, window_chars=50)`,
              `search(${literal(query)}, text=${copy})`,
            ]
          : [
              `search(${literal(query)}, { windowChars: 50 })`,
              `search(${literal(query)}, { text: ${copy} })`,
            ],
      );
      const found: (string | null)[] = [];
      for (const ask of asks) {
        found.push(await repl.evaluate(language === 'python' ? `len(${ask})` : `(${ask}).length`));
      }
      const wordless = await repl.run('search("😀 !!!")');
      repl.sandbox.dispose();
      sandboxes.dispose();
      assert.deepStrictEqual(
        found,
        asks.map(() => '1'),
      );
      assert.match(wordless.stderr, /^note: the query has no letters or digits/u);
    });
  }
});

type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;
type Entries = readonly (readonly [string | null, string])[];

function checkHits([limited, all, copied, [count]]: Answer, one: Asked, entries: Entries): void {
  const flags = `gmu${one.fold ? 'i' : ''}`;
  const find = (among: Entries): HitRow[] =>
    among.flatMap(([path, searched]) =>
      findInLines(searched.replaceAll('\u2028', '\u0001'), one.pattern, flags).map(
        ({ start, end, line, lineText }): HitRow => [
          path,
          toPoints(searched, start),
          toPoints(searched, end),
          line,
          searched.slice(start, end),
          lineText.replaceAll('\u0001', '\u2028'),
        ],
      ),
    );
  const expected = find(entries);
  const chosen =
    typeof one.context !== 'string' && one.most % 2 ? find(entries.slice(0, 1)) : expected;
  const cut = (rows: HitRow[]): Hits => [
    rows.slice(0, one.most),
    rows.length > one.most,
    rows.length,
  ];
  assert.deepStrictEqual(all, [expected, false, expected.length]);
  assert.deepStrictEqual(limited, cut(chosen));
  assert.deepStrictEqual(copied, cut(expected));
  assert.equal(count, expected.length);
}

/** They cover each text, overlap as asked, keep to the size, and end at line ends where there are some. */
function checkChunks(chunks: readonly ChunkRow[], one: Asked, entries: Entries): void {
  const overlap = Math.floor((one.size * one.overlapShare) / 4);
  for (const [path, searched] of entries) {
    const own = chunks.filter((row) => row[0] === path);
    let reached = 0;
    for (const [number, [, start, end, line, cut]] of own.entries()) {
      assert.equal(start, number === 0 ? 0 : reached - overlap);
      assert.ok(end > reached && end - start <= one.size);
      assert.equal(cut, searched.slice(start, end));
      assert.equal(line, countBreaks(searched.slice(0, start), searched[start]) + 1);
      if (one.by === 'lines' && end < searched.length) {
        const isLineEnd = /(?:\n|\r(?!\n))$/u.test(cut) && !searched.startsWith('\r\n', end - 1);
        const inner = countBreaks(searched.slice(start + overlap, end), searched[end]);
        assert.ok(isLineEnd || inner === 0, JSON.stringify([searched, start, end]));
      }
      reached = end;
    }
    assert.equal(reached, searched.length);
  }
}

function countBreaks(before: string, next: string | undefined): number {
  const whole = next === '\n' ? before.replace(/\r$/u, '') : before;
  return whole.match(/\r\n|\r|\n/gu)?.length ?? 0;
}
