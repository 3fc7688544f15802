// The search helpers understand what has one meaning, and answer anything else with the call to make.

import assert from 'node:assert/strict';
import type { Language } from '../../../src/core/sandbox';
import { useRepl } from '../../support/repl';

interface Row {
  readonly code: string;
  /** The value of the code. */
  readonly gives?: string;
  /** Of the error, with what its message must say. */
  readonly raises?: readonly [string, RegExp];
  /** What stderr must say; without it nothing. */
  readonly notes?: RegExp;
}

const line = 'user one says that the quick brown fox jumps over the lazy dog again';
const context = { 'logs/a.txt': `${line}\nuser two\n`, 'b.txt': 'User three\n'.repeat(150) };
const long = `${'x'.repeat(200_000)}needle${'y'.repeat(200_000)}`;

/** Each helper in turn, with what is put in the place of `…` among its arguments. */
const helpers = ['grep("user", …)', 'count("user", …)', 'search("user", …)', 'chunk(…)'];
const each = (given: string, raises: readonly [string, RegExp]): Row[] =>
  helpers.map((call) => ({ code: call.replace('…', given), raises }));

/** Names of JavaScript with those of Python, and with what they must give of a place of each kind. */
const spellings: Row[] = [
  ...['grep("user")', 'search("user")', 'chunk()', 'lines(1, 1, { path: "b.txt" })'].map(
    (call) => ({
      code: `((one) => [one.line_text === one.lineText && one.line_text.length > 5, one.line_cut === one.lineCut && one.line_cut === false,
      one.whole_line() === one.wholeLine() && one.whole_line() === one.line_text,
      Object.keys(one).filter((name) => name.includes('_')).length, 'line_text' in { ...one }, JSON.stringify(one).includes('line_')])([${call}].flat()[0])`,
      gives: '[ true, true, true, 0, false, false ]',
    }),
  ),
  {
    code: `grep("user", { ignore_case: true, max_matches: 3, context_chars: 9 }).length`,
    gives: '3',
  },
  { code: 'count("user", { ignore_case: true })', gives: '152' },
  { code: 'search("user", { window_chars: 50, limit: 1 }).length', gives: '1' },
];

/** Patterns that are none, with what must be said of them. */
const invalid: readonly (readonly [pattern: string, says: RegExp])[] = [
  ['[', /\[ at position 0 has no \]/u],
  ['ab[c(', /\[ at position 2 has no \]/u],
  ['a[b]\\[(c', /\( at position 6 has no \)/u],
  ['(a(b)', /\( at position 0 has no \)/u],
  ['a)', /\) at position 1 closes no group/u],
  ['[(]\\()', /\) at position 5 closes no group/u],
  ['ab\\', /\\ at position 2 stands before nothing/u],
  ['*a', /./u],
  ['a{2,1}', /./u],
];
const refused: Row[] = invalid.flatMap(([pattern, says]) =>
  ['grep', 'count'].map((helper) => ({
    code: `${helper}(${JSON.stringify(pattern)})`,
    raises: [
      'SyntaxError',
      new RegExp(`^the pattern .* is invalid: .*${says.source}`, 'u'),
    ] as const,
  })),
);

const tables: Readonly<Record<Language, readonly Row[]>> = {
  python: [
    ...each('text="logs/a.txt"', ['TypeError', /path='logs\/a\.txt'/]),
    ...each('text="a.txt"', ['TypeError', /path='logs\/a\.txt'/]),
    ...each('text="./b.txt"', ['TypeError', /path='b\.txt'/]),
    ...each('text=None', ['TypeError', /text is None; leave text out/]),
    ...each('path=None', ['TypeError', /path is None; leave path out/]),
    ...each('text={"a": "user"}.get("b")', ['TypeError', /text is None/]),
    ...each('text=context, path={}.get("b")', ['TypeError', /path is None/]),
    { code: 'grep("user", "b.txt")', raises: ['TypeError', /grep\(pattern, path='b\.txt'\)/] },
    { code: 'chunk("b.txt", 5)', raises: ['TypeError', /chunk\(path='b\.txt'\)/] },
    {
      code: 'grep("logs/a.txt", "user")',
      gives: '[]',
      notes: /; grep\('user', path='logs\/a\.txt'\) looks/,
    },
    { code: 'grep("user", None)', raises: ['TypeError', /text is None/] },
    { code: 'count("a", "b.txt.gz"), count("b.txt", "see b.txt")', gives: '(0, 1)' },
    { code: 'count("user", "logs/*.txt")', gives: '0', notes: /only these 10 characters/ },
    {
      code: 'count("^$", context["b.txt"]), count("^$"), count("$"), count("^")',
      gives: '(0, 0, 152, 152)',
    },
    {
      code: '[count("^$", one) for one in ("", "a", "\\n", "a\\n\\n", "a\\r\\n\\r", "\\n" * 300_000)]',
      gives: '[0, 0, 1, 1, 1, 300000]',
    },
    { code: 'len(grep("user", maxMatches=1))', gives: '1' },
    { code: 'len(grep("user", max_matches=1e0))', gives: '1' },
    { code: 'len(grep("User", max_matches=None))', gives: '150' },
    { code: 'len(grep("User", max_matches=float("inf")))', gives: '150' },
    { code: 'len(grep("User"))', gives: '100', notes: /first 100 matches, and there are 150/ },
    {
      code: 'grep("User", max_matches=1)',
      gives: 'b.txt:1:0: User three\n(the first 1 of 150)',
    },
    {
      code: 'count("User"), count("user", by="path")',
      gives: "(150, {'logs/a.txt': 2, 'b.txt': 0})",
    },
    { code: 'count("user", path="a.txt")', gives: '2' },
    { code: 'count("user", text="user", by="path")', gives: "{'text': 1}" },
    {
      code: 'a, b = grep("user one")[0], grep("user one")[0]\na == b, hash(a) == hash(b)',
      gives: '(True, True)',
    },
    { code: 'grep("user")[0] == grep("user")[1], grep("user")[0] != None', gives: '(False, True)' },
    { code: 'search("é" * 15_000)', gives: '[]' },
    { code: 'search("!?")', gives: '[]', notes: /no letters or digits/ },
    { code: 'len(search("user", "user here"))', gives: '1' },
    { code: 'search("user", "3")', raises: ['TypeError', /limit must be a whole number/] },
    { code: 'chunk("10")', raises: ['TypeError', /size must be a whole number/] },
    { code: 'len(search("3", text="3"))', gives: '1' },
    { code: 'grep("USER", "i"), count("USER", "gi")', gives: '([], 0)', notes: /ignore_case=True/ },
    { code: 'count("i", "i"), count("x", "12")', gives: '(1, 0)' },
    { code: 'len(search(["user", "two"]))', gives: '3' },
    { code: 'len(chunk("abcdef", 2)), chunk("abcdef", 2, 1)[1].start', gives: '(3, 1)' },
    {
      code: 'import re\ngrep(re.compile("^user two"), text=context["logs/a.txt"])',
      gives: '[]',
      notes: /has no re.MULTILINE/,
    },
    { code: 'len(grep(re.compile("^user", re.M)))', gives: '2' },
    {
      code: 'len(grep(re.compile("o$", re.M), text="two\\r\\n"))',
      gives: '0',
      notes: /give the pattern as a string/,
    },
    {
      code: 'bool(grep("$", text="a")[0]), grep("a", text="a")[0]["line_text"]',
      gives: "(True, 'a')",
    },
    { code: 'grep("user", max_match=1)', raises: ['TypeError', /max_matches/] },
    { code: 'grep("user", max_matches="5")', raises: ['TypeError', /whole number/] },
    { code: 'grep("user", max_matches=True)', raises: ['TypeError', /whole number/] },
    { code: 'grep("user", max_matches=-1)', raises: ['ValueError', /at least 0/] },
    { code: 'grep("user", ignore_case="yes")', raises: ['TypeError', /True or False/] },
    { code: 'grep("user", path="logs/b.txt")', raises: ['KeyError', /a\.txt/] },
    { code: 'grep("user", text="user", path="b.txt")', raises: ['KeyError', /leave path out/] },
    { code: 'grep("user", 5)', raises: ['TypeError', /string or a mapping/] },
    { code: 'grep("user", ["user"])', raises: ['TypeError', /join/] },
    { code: 'grep("user", {"max_matches": 1})', raises: ['TypeError', /by name/] },
    { code: 'grep("user", grep("user")[0])', raises: ['TypeError', /span\.text/] },
    { code: 'grep(b"user")', raises: ['TypeError', /bytes/] },
    { code: 'grep(["user"])', raises: ['TypeError', /re\.escape/] },
    { code: 'grep(context["logs/a.txt"][:60], "fox")', raises: ['TypeError', /grep\('fox'\)/] },
    { code: 'count("user", by="paths")', raises: ['ValueError', /'path'/] },
    { code: 'search(5)', raises: ['TypeError', /words in a string/] },
    { code: 'search("user", 2_000)', raises: ['ValueError', /1000/] },
    { code: 'search("user", window_chars=1)', raises: ['ValueError', /50/] },
    { code: 'chunk(by="paragraphs")', raises: ['ValueError', /'lines' or 'chars'/] },
    { code: 'chunk("5000")', raises: ['TypeError', /whole number/] },
    { code: 'chunk(10, 10)', raises: ['ValueError', /from 0 to 9/] },
    { code: '[len(grep("User", path="b.txt", max_matches=3)) for context in ["x"]]', gives: '[3]' },
    {
      code: 'for context in ["x"]: found = len(grep("user two"))\nfound',
      gives: '1',
      notes: /bound to something else/,
    },
    { code: 'len(grep("user two"))', gives: '1', notes: /bound to something else/ },
  ],
  javascript: [
    ...spellings,
    ...refused,
    ...each('{ text: "logs/a.txt" }', ['TypeError', /path: 'logs\/a\.txt'/]),
    ...each('"a.txt"', ['TypeError', /path: 'logs\/a\.txt'/]),
    ...each('"./b.txt"', ['TypeError', /path: 'b\.txt'/]),
    ...each('undefined', ['TypeError', /is undefined: leave it out/]),
    ...each('null', ['TypeError', /is null: leave it out/]),
    ...each('{ text: undefined }', ['TypeError', /text is undefined: leave text out/]),
    ...each('{ text: null }', ['TypeError', /text is null: leave text out/]),
    ...each('{ path: undefined }', ['TypeError', /path is undefined: leave path out/]),
    ...each('{ path: null, text: context }', ['TypeError', /path is null: leave path out/]),
    ...each('{ text: { a: "user" }.b }', ['TypeError', /text is undefined/]),
    { code: 'chunk("b.txt", 5)', raises: ['TypeError', /chunk\(\{ path: 'b\.txt' \}\)/] },
    {
      code: 'grep("logs/a.txt", "user")',
      gives: '[]',
      notes: /; grep\('user', \{ path: 'logs\/a\.txt' \}\) looks/,
    },
    { code: '[count("a", "b.txt.gz"), count("b.txt", "see b.txt")]', gives: '[ 0, 1 ]' },
    { code: 'count("user", "logs/*.txt")', gives: '0', notes: /only these 10 characters/ },
    {
      code: '[count("^$", context["b.txt"]), count("^$"), count(/$/), count("^")]',
      gives: '[ 0, 0, 152, 152 ]',
    },
    {
      code: '["", "a", "\\n", "a\\n\\n", "a\\r\\n\\r", "\\n".repeat(300_000)].map((one) => count("^$", one))',
      gives: '[ 0, 0, 1, 1, 1, 300000 ]',
    },
    { code: "count(/user/, { text: 'user', by: 'path' })", gives: '{ text: 1 }' },
    { code: 'grep(/two/y).length', gives: '1' },
    { code: 'count(/two/gy)', gives: '1' },
    { code: "search('é'.repeat(15_000))", gives: '[]' },
    { code: "search('!?')", gives: '[]', notes: /no letters or digits/ },
    { code: 'grep("user", { max_matches: 1 }).length', gives: '1' },
    { code: 'grep("User", { maxMatches: null }).length', gives: '150' },
    { code: 'grep("User", { maxMatches: Infinity }).length', gives: '150' },
    { code: 'grep("User").length', gives: '100', notes: /first 100 matches, and there are 150/ },
    { code: 'grep("User", 2).truncated', gives: 'true' },
    { code: '[count("User"), count("user", { by: "path" })["logs/a.txt"]]', gives: '[ 150, 2 ]' },
    { code: 'count("user", { path: "a.txt" })', gives: '2' },
    { code: 'search("user", 3).length', gives: '3' },
    { code: 'search("user", "user here").length', gives: '1' },
    { code: 'search("user", "3")', raises: ['TypeError', /limit must be a whole number/] },
    { code: 'chunk("10")', raises: ['TypeError', /size must be a whole number/] },
    { code: 'search("3", { text: "3" }).length', gives: '1' },
    {
      code: '[grep("USER", "i").length, count("USER", "gi")]',
      gives: '[ 0, 0 ]',
      notes: /\/…\/g?i, or \{ ignoreCase: true \}/,
    },
    { code: '[count("i", "i"), count("x", "12")]', gives: '[ 1, 0 ]' },
    {
      code: '[chunk(500).length, chunk("abcdef", 2).length, chunk("abcdef", 2, 1)[1].start]',
      gives: '[ 5, 3, 1 ]',
    },
    { code: 'grep("own", "own text")[0].lineText', gives: "'own text'" },
    { code: 'grep("user", context).length', gives: '2' },
    { code: 'grep(/^user/i, { maxMatches: null }).length', gives: '152' },
    { code: 'grep(/O$/, { ignoreCase: true, text: "two\\r\\n" }).length', gives: '1' },
    { code: 'grep("user", { maxMatch: 1 })', raises: ['TypeError', /maxMatches/] },
    { code: 'grep("user", { maxMatches: "5" })', raises: ['TypeError', /whole number/] },
    { code: 'grep("user", { maxMatches: -1 })', raises: ['RangeError', /at least 0/] },
    { code: 'grep("user", { ignoreCase: "yes" })', raises: ['TypeError', /true or false/] },
    { code: 'grep("user", { path: "logs/b.txt" })', raises: ['ReferenceError', /a\.txt/] },
    {
      code: 'grep("user", { text: "user", path: "b.txt" })',
      raises: ['ReferenceError', /leave path out/],
    },
    { code: 'grep("user", ["user"])', raises: ['TypeError', /grep\(pattern, \{/] },
    { code: 'grep("user", { text: ["user"] })', raises: ['TypeError', /join/] },
    { code: 'grep("user", { text: { a: 1 } })', raises: ['TypeError', /object of strings/] },
    { code: 'grep("user", { text: grep("user")[0] })', raises: ['TypeError', /span\.text/] },
    { code: 'grep(["user"])', raises: ['TypeError', /RegExp/] },
    {
      code: 'grep(context["logs/a.txt"].slice(0, 60), "fox")',
      raises: ['TypeError', /grep\('fox'\)/],
    },
    { code: 'count("user", { by: "paths" })', raises: ['RangeError', /'path'/] },
    { code: 'search(5)', raises: ['TypeError', /words in a string/] },
    { code: 'search("user", 2_000)', raises: ['RangeError', /1000/] },
    { code: 'chunk({ by: "paragraphs" })', raises: ['RangeError', /'lines' or 'chars'/] },
    { code: 'chunk({ size: 10, overlap: 10 })', raises: ['RangeError', /from 0 to 9/] },
    {
      code: 'for (context of ["x"]) var found = grep("user two").length; found',
      gives: '1',
      notes: /bound to something else/,
    },
    { code: 'grep("user two").length', gives: '1', notes: /bound to something else/ },
  ],
};

const longLines: Readonly<Record<Language, string>> = {
  python:
    'hit = grep("needle")[0]\n[len(hit.line_text), "needle" in hit.line_text, hit.line_text[0] + hit.line_text[-1], hit.line_cut, len(hit.whole_line())]',
  javascript:
    'const hit = grep("needle")[0];\n[hit.lineText.length, hit.lineText.includes("needle"), hit.lineText[0] + hit.lineText.at(-1), hit.lineCut, hit.wholeLine().length]',
};

for (const language of ['python', 'javascript'] as const) {
  describe(`arguments of the search helpers in ${language}`, function () {
    this.timeout(60_000);
    const repl = useRepl({ language, context });

    for (const { code, gives, raises, notes } of tables[language]) {
      it(code.replaceAll('\n', '; '), async () => {
        const { result, error, stderr } = await repl().run(code);
        if (raises) {
          assert.equal(error?.type, raises[0], error?.message ?? 'no error');
          assert.match(error.message, raises[1]);
        } else {
          assert.equal(error, null, error?.message);
          assert.equal(result, gives);
        }
        assert.match(stderr, notes ?? /^$/u);
      });
    }

    const isPython = language === 'python';

    it('says in each step that the context is bound to something else', async () => {
      const notes: string[] = [];
      await repl().load('context', context);
      for (const code of [
        'kept = context',
        'context = 5',
        'count("x"); count("y")',
        'count("x")',
        'context = kept',
        'count("x")',
      ]) {
        notes.push((await repl().run(code)).stderr);
      }
      assert.deepStrictEqual(
        notes.map((one) => one.match(/bound to something else/gu)?.length ?? 0),
        [0, 0, 1, 1, 0, 0],
      );
    });

    it('counts by the name of a text that is the whole context', async () => {
      await repl().load('context', 'a needle');
      const [byPath, given] = isPython
        ? ['by="path"', 'text=context, by="path"']
        : ["{ by: 'path' }", "{ text: context, by: 'path' }"];
      const counts = [
        await repl().evaluate(`count("needle", ${byPath})`),
        await repl().evaluate(`count("needle", ${given})`),
      ];
      await repl().load('context', '');
      counts.push(await repl().evaluate(`count("needle", ${byPath})`));
      await repl().load('context', context);
      const row = (number: number): string =>
        isPython ? `{'context_text': ${number}}` : `{ context_text: ${number} }`;
      assert.deepStrictEqual(counts, [row(1), row(1), row(0)]);
    });

    it('shows spans in a variable by what they are, not by the text they lie in', async () => {
      const { changes } = await repl().run(
        isPython
          ? 'kept = grep("user one"); pair = {"a": kept[0]}'
          : 'var kept = grep("user one"), pair = { a: kept[0] };',
      );
      for (const { preview } of changes) {
        assert.match(preview, /Span/u);
        assert.match(preview, /logs\/a\.txt/u);
        assert.doesNotMatch(preview, /_source|user two/u);
      }
      const read = await repl().read('kept');
      assert.deepStrictEqual([read?.form, read?.text.includes('user two')], ['json', false]);
      assert.match(read?.text ?? '', /"path": ?"logs\/a\.txt"/u);
    });

    it('whole lines are told up to a size, then the part around the match', async () => {
      const shown = language === 'python' ? /True, '……', True/ : /true, '……', true/;
      await repl().load('context', long);
      const { result, stderr } = await repl().run(longLines[language]);
      assert.match(result ?? '', shown);
      assert.match(result ?? '', /400006/);
      assert.match(stderr, /more than 100,?000 characters/);
      await repl().load('context', `${'x'.repeat(50_000)}needle${'y'.repeat(49_994)}\nnext`);
      const whole = await repl().run(longLines[language]);
      assert.match(whole.result ?? '', /100000, (?:T|t)rue, 'xy', (?:F|f)alse, 100000/);
    });
  });
}
