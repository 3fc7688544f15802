// What the search helpers show, and the lines and counts that go with them, are the same in both languages.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Language, languages } from '../../../src/core/sandbox';
import { Repl, createSandboxes, useRepl } from '../../support/repl';

const long = `${'left '.repeat(40)}needle${' right'.repeat(40)}`;
const context = {
  'logs/a.txt': `GET /a 200\nGET /b 404\r\nPOST /a 404\n\n${long}\nend`,
  'b.txt': 'User three\n'.repeat(150),
};

interface Row {
  readonly python: string;
  /** As Python's, where it is left out. */
  readonly javascript?: string;
  readonly gives?: string;
  readonly raises?: RegExp;
}

const rows: readonly Row[] = [
  {
    python: 'grep("GET")',
    gives: 'logs/a.txt:1:0: GET /a 200\nlogs/a.txt:2:11: GET /b 404',
  },
  {
    python: 'grep("needle", context_chars=10)',
    javascript: 'grep("needle", { contextChars: 10 })',
    gives: 'logs/a.txt:5:236: …left left needle right rig…',
  },
  {
    python: 'grep("needle", context_chars=0)',
    javascript: 'grep("needle", { context_chars: 0 })',
    gives: 'logs/a.txt:5:236: …needle…',
  },
  { python: 'grep("no such")', gives: '[]' },
  {
    python: 'top(__import__("re").compile("x"))',
    javascript: 'top(/x/)',
    raises: /top takes a list of values or a mapping of value to number, not /u,
  },
  { python: 'grep("end", "the end")', gives: '1:4: the end' },
  { python: 'grep("a\\nb", "x a\\nb y")', gives: '1:2: x a\\nb' },
  {
    python: 'grep("User", max_matches=2)',
    javascript: 'grep("User", { maxMatches: 2 })',
    gives: 'b.txt:1:0: User three\nb.txt:2:11: User three\n(the first 2 of 150)',
  },
  {
    python: 'grep("User", max_matches=3)[1:]',
    javascript: 'grep("User", { maxMatches: 3 }).slice(1)',
    gives: 'b.txt:2:11: User three\nb.txt:3:22: User three',
  },
  {
    python: 'str(grep("User", max_matches=None))[-60:]',
    javascript: '0',
  },
  {
    python: 'grep("x", "x" * 5_000, max_matches=1, context_chars=5)',
    javascript: 'grep("x", { text: "x".repeat(5_000), maxMatches: 1, contextChars: 5 })',
    gives: '1:0: xxxxxx…\n(the first 1 of 5000)',
  },
  { python: 'grep("([A-Z]+) /(.)", "GET /a")[0].groups', gives: "('GET', 'a')" },
  {
    python: 'grep("(?P<way>GET|POST) /(x)?", "GET /a")[0].named',
    javascript: 'grep("(?<way>GET|POST) /(x)?", "GET /a")[0].named',
    gives: "{'way': 'GET'}",
  },
  { python: 'grep("(x)?a", "a")[0].groups', gives: '(None,)' },
  { python: 'grep("a", "a")[0].groups', gives: '()' },
  { python: 'grep("|a(b)", "ab")[1].groups' },
  {
    python: 'count("(GET|POST) /. ([0-9]+)", by=1)',
    javascript: 'count("(GET|POST) /. ([0-9]+)", { by: 1 })',
    gives: "{'GET': 2, 'POST': 1}",
  },
  {
    python: 'count("(?P<way>GET|POST) ", by="way", path="a.txt")',
    javascript: 'count("(?<way>GET|POST) ", { by: "way", path: "a.txt" })',
    gives: "{'GET': 2, 'POST': 1}",
  },
  {
    python: 'count("(GET)", by=2)',
    javascript: 'count("(GET)", { by: 2 })',
    raises: /by must be 'path' or a group of the pattern, which has 0 \(the match\), 1; not 2/u,
  },
  {
    python: 'count("GET", by="way")',
    javascript: 'count("GET", { by: "way" })',
    raises: /by must be 'path' or a group of the pattern, which has 0 \(the match\); not 'way'/u,
  },
  {
    python: 'lines(2, 3, path="a.txt")',
    javascript: 'lines(2, 3, { path: "a.txt" })',
    gives: 'logs/a.txt:2-3 [11:35]\n2: GET /b 404\n3: POST /a 404',
  },
  {
    python: 'lines(4, path="a.txt")',
    javascript: 'lines(4, { path: "a.txt" })',
    gives: 'logs/a.txt:4-4 [35:36]\n4: ',
  },
  {
    python: 'lines(-1, path="a.txt").text',
    javascript: 'lines(-1, { path: "a.txt" }).text',
    gives: "'end'",
  },
  {
    python: 'lines(1, 2)',
    raises: /there are 2 texts, and lines looks at one: lines\(1, 2, .*'b\.txt'/u,
  },
  { python: 'lines(0, text="a")', javascript: 'lines(0, { text: "a" })', raises: /not 0/u },
  {
    python: 'lines(3, text="a\\nb")',
    javascript: 'lines(3, { text: "a\\nb" })',
    raises: /there is no line 3: the text has 2 lines/u,
  },
  {
    python: 'lines(3, 2, text="a")',
    javascript: 'lines(3, 2, { text: "a" })',
    raises: /comes before/u,
  },
  { python: 'lines("a.txt")', raises: /whole number/u },
  {
    python: 'head(2, path="b.txt").text',
    javascript: 'head(2, { path: "b.txt" }).text',
    gives: "'User three\\nUser three\\n'",
  },
  {
    python: 'tail(2, path="b.txt")',
    javascript: 'tail(2, { path: "b.txt" })',
    gives: 'b.txt:149-150 [1628:1650]\n149: User three\n150: User three',
  },
  {
    python: 'str(repr(lines(2, 3, "a.txt")) == repr(lines(2, 3, path="a.txt"))).lower()',
    javascript: 'String(String(lines(2, 3, "a.txt")) === String(lines(2, 3, { path: "a.txt" })))',
    gives: "'true'",
  },
  {
    python: 'str(repr(head(2, "b.txt")) == repr(head(2, path="b.txt"))).lower()',
    javascript: 'String(String(head(2, "b.txt")) === String(head(2, { path: "b.txt" })))',
    gives: "'true'",
  },
  {
    python: 'str(repr(head("b.txt")) == repr(head(path="b.txt"))).lower()',
    javascript: 'String(String(head("b.txt")) === String(head({ path: "b.txt" })))',
    gives: "'true'",
  },
  {
    python: 'str(repr(tail(2, "b.txt")) == repr(tail(2, path="b.txt"))).lower()',
    javascript: 'String(String(tail(2, "b.txt")) === String(tail(2, { path: "b.txt" })))',
    gives: "'true'",
  },
  {
    python: 'str(repr(head(1, context["b.txt"])) == repr(head(1, text=context["b.txt"]))).lower()',
    javascript:
      'String(String(head(1, context["b.txt"])) === String(head(1, { text: context["b.txt"] })))',
    gives: "'true'",
  },
  {
    python: 'str(repr(head(1, "one\\ntwo")) == repr(head(1, text="one\\ntwo"))).lower()',
    javascript: 'String(String(head(1, "one\\ntwo")) === String(head(1, { text: "one\\ntwo" })))',
    gives: "'true'",
  },
  { python: 'head(1, "zz.txt")', raises: /no path of the context/u },
  { python: 'lines(1, 2, "zz.txt")', raises: /no path of the context/u },
  { python: 'head(5, text="")', javascript: 'head(5, { text: "" })', gives: 'no lines [0:0]' },
  { python: 'tail(5, text="")', javascript: 'tail(5, { text: "" })', gives: 'no lines [0:0]' },
  {
    python: 'around(grep("POST")[0], 1)',
    gives: 'logs/a.txt:2-4 [11:36]\n2: GET /b 404\n3: POST /a 404\n4: ',
  },
  { python: 'around(grep("GET /a")[0], 0).text', gives: "'GET /a 200\\n'" },
  {
    python: 'around(grep("end$", path="a.txt")[0]).end',
    javascript: 'around(grep("end$", { path: "a.txt" })[0]).end',
  },
  { python: 'around(7)', raises: /around takes a span, .*not 7/u },
  { python: 'top(["b", "a", "a"])', gives: "[('a', 2), ('b', 1)]" },
  { python: 'top({"b": 1, "a": 5}, 1)', gives: "[('a', 5)]" },
  { python: 'top(grep("GET|POST"), 1)', gives: "[('GET', 2)]" },
  { python: 'top(5)', raises: /top takes a list/u },
  { python: 'top("text")', raises: /top takes a list/u },
  {
    python: 'search("needles", path="a.txt", window_chars=1_000)[0].line',
    javascript: 'search("needles", { path: "a.txt", windowChars: 1_000 })[0].line',
    gives: '1',
  },
  {
    python: 'str(search("needles")).split(") ")[1]',
    javascript: '0',
  },
  {
    python: 'chunk(40, path="b.txt")[:1]',
    javascript: 'chunk(40, { path: "b.txt" }).slice(0, 1)',
    gives: 'b.txt:1:0-33: User three\\nUser three\\nUser three\\n',
  },
  { python: 'SHOW_VARS()', gives: '' },
  { python: 'help(top)', gives: '' },
];

/** A value of Python as JavaScript shows it, as far as the table has such. */
const toJavascript = (text: string): string =>
  text
    .replace(/^\(\)$/u, '[]')
    .replace(/^\(None,\)$/u, '[ undefined ]')
    .replace(/^\('GET', 'a'\)$/u, "[ 'GET', 'a' ]")
    .replace(/^\[\('(\w)', (\d)\)\]$/u, "[ [ '$1', $2 ] ]")
    .replace(/^\[\('GET', 2\)\]$/u, "[ [ 'GET', 2 ] ]")
    .replace(/^\[\('a', 2\), \('b', 1\)\]$/u, "[ [ 'a', 2 ], [ 'b', 1 ] ]")
    .replace(
      /^\{'(\w+)': ('?\w+'?)(?:, '(\w+)': (\d+))?\}$/u,
      (_, a: string, b: string, c?: string, d?: string) =>
        c === undefined ? `{ ${a}: ${b} }` : `{ ${a}: ${b}, ${c}: ${d ?? ''} }`,
    );

for (const language of languages) {
  describe(`what is shown of places, in ${language}`, function () {
    this.timeout(60_000);
    const repl = useRepl({ language, context });

    for (const row of rows) {
      const code = language === 'python' ? row.python : (row.javascript ?? row.python);
      it(code, async () => {
        const { result, error } = await repl().run(code);
        if (row.raises) {
          assert.match(error?.message ?? '', row.raises);
          return;
        }
        assert.equal(error, null, error?.message);
        if (row.gives !== undefined) {
          const shown = language === 'python' ? row.gives : toJavascript(row.gives);
          assert.equal(result ?? '', shown);
        }
      });
    }

    it('a long list says how much of it is shown, and is told as shown in part', async () => {
      const all = language === 'python' ? 'max_matches=None' : '{ maxMatches: null }';
      const { result, abridged } = await repl().run(`grep("User", ${all})`);
      assert.match(
        result ?? '',
        /\nb\.txt:100:1089: User three\n… 50 more of this list, from \[100\]$/u,
      );
      assert.deepStrictEqual(abridged, ['result']);
    });

    it('a hit of a search is shown around what was found', async () => {
      const { result } = await repl().run('search("needles")');
      assert.match(result ?? '', /^logs\/a\.txt:1:0: \(\d\.\d\d\) ….* left needle right .*…$/u);
    });

    it('help tells of each function in a line, and of all', async () => {
      const one = await repl().run('help(grep)');
      const all = await repl().run('help()');
      assert.match(one.stdout, /^grep\(pattern, .*: regular expression.*\n$/u);
      for (const name of ['context', 'grep', 'lines', 'around', 'top', 'SUBMIT', 'llm_query']) {
        assert.match(all.stdout, new RegExp(`^${name}\\b`, 'mu'));
      }
    });

    it('help tells of the context and of no text in it', async () => {
      const helps = ['help(context)', 'help("x" + "y".repeat(2000))', 'help(context["b.txt"])'];
      const shown: string[] = [];
      for (const code of helps) {
        const given = language === 'python' ? code.replace('"y".repeat(2000)', '"y" * 2000') : code;
        const { stdout, error } = await repl().run(given);
        shown.push(error ? `${error.type}: ${error.message.slice(0, 20)}` : stdout);
      }
      assert.deepStrictEqual(shown, [
        'context: The text: a string for one, a mapping path → text for several. Never print it whole.\n',
        'TypeError: there is no help for',
        'TypeError: there is no help for',
      ]);
    });

    it('variables with the names of the new functions come without a note', async () => {
      const declare = language === 'python' ? '' : 'let ';
      const { stderr, error } = await repl().run(
        `${declare}lines = [1]\n${declare}top = 5\n${declare}head = 1`,
      );
      assert.deepStrictEqual([stderr, error], ['', null]);
      await repl().run(
        language === 'python'
          ? 'del lines, top, head'
          : 'for (const name of ["lines", "top", "head"]) delete globalThis[name]',
      );
    });
  });
}

describe('lines, head, tail and around', function () {
  this.timeout(60_000);
  const parts = fc.constantFrom('a', 'bc', ' ', '\n', '\r\n', '\r', '\n\n', 'é', '\u2028');
  const text = fc.array(parts, { maxLength: 40 }).map((all) => all.join(''));
  const asked = fc.record({
    text,
    first: fc.integer({ min: 1, max: 12 }),
    more: fc.nat(5),
    near: fc.nat(3),
  });

  it('are the lines that splitting finds, in both languages', async () => {
    const sandboxes = createSandboxes();
    const repls = new Map<Language, Repl>();
    for (const language of languages) {
      repls.set(language, await Repl.open(sandboxes, { language }));
    }
    const ask = async (
      language: Language,
      one: { text: string; first: number; more: number; near: number },
    ) => {
      const repl = repls.get(language);
      assert.ok(repl);
      await repl.load('context', one.text);
      const { first, more, near } = one;
      const code =
        language === 'python'
          ? `import json\ndef row(s): return [s.start, s.end, s.line, s.text]
try: some = row(lines(${first}, ${first + more}))
except ValueError: some = None
try: last = row(lines(${-first}, -1))
except ValueError: last = None
json.dumps([some, last, row(head(${first})), row(tail(${first})), [row(around(one, ${near})) for one in grep("b")]])`
          : `var row = (s) => [s.start, s.end, s.line, s.text], attempt = (run) => { try { return row(run()) } catch (error) { if (error.name !== 'RangeError') throw error; return null } };
JSON.stringify([attempt(() => lines(${first}, ${first + more})), attempt(() => lines(${-first}, -1)), row(head(${first})), row(tail(${first})), grep("b").map((one) => row(around(one, ${near})))])`;
      const result = await repl.evaluate(code, { maxOutputChars: 1_000_000 });
      await repl.run(
        language === 'python' ? `kept = ${result ?? ''}` : `var kept = ${result ?? ''}`,
      );
      return JSON.parse((await repl.read('kept', 0, 1_000_000))?.text ?? '') as unknown; // as the code wrote it
    };
    await fc.assert(
      fc.asyncProperty(asked, async (one) => {
        const [python, javascript] = [await ask('python', one), await ask('javascript', one)];
        assert.deepStrictEqual(python, javascript);
        const all = one.text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/gu) ?? [];
        const cut = (first: number, last: number): unknown => {
          const start = all.slice(0, first - 1).join('').length;
          const found = all.slice(first - 1, last).join('');
          return [start, start + found.length, first, found];
        };
        const { first, more, near } = one;
        const total = Math.max(all.length, 1);
        const found = all.flatMap((line, at) => [...line.matchAll(/b/gu)].map(() => at + 1));
        assert.deepStrictEqual(python, [
          all.length < first ? null : cut(first, first + more),
          all.length === 0 ? null : cut(Math.max(all.length - first + 1, 1), all.length),
          cut(1, first),
          cut(Math.max(total - first + 1, 1), total),
          found.map((line) => cut(Math.max(line - near, 1), line + near)),
        ]);
      }),
      { numRuns: 60 },
    );
    repls.forEach(({ sandbox }) => sandbox.dispose());
    sandboxes.dispose();
  });
});
