// What a step's limit cuts carries its own mark with the right count, alike in both languages.

import assert from 'node:assert/strict';
import { toShownTexts } from '../../../src/core/shownTexts';
import type { Language, OutputField } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

const cap = 200;
const smile = '\u{1F600}';

interface Case {
  readonly name: string;
  readonly code: Readonly<Record<Language, string>>;
  readonly stdout?: number;
  readonly stderr?: number;
  readonly result?: number;
  readonly shown?: RegExp;
  /** Texts that show a value in part. */
  readonly abridged?: readonly OutputField[];
}

/** What is dropped of each text, in UTF-16 units; nothing where it is not given. */
const cases: readonly Case[] = [
  { name: 'nothing', code: { python: 'print("a" * 199)', javascript: 'print("a".repeat(199))' } },
  {
    name: 'one character of the output',
    code: { python: 'print("a" * 200)', javascript: 'print("a".repeat(200))' },
    stdout: 1,
  },
  {
    name: 'all three, each with its own count',
    code: {
      python: 'import sys\nprint("a" * 1_000)\nprint("b" * 500, file=sys.stderr)\n"c" * 5_000',
      javascript: 'print("a".repeat(1_000)); console.error("b".repeat(500)); "c".repeat(5_000)',
    },
    stdout: 801,
    stderr: 301,
    result: 5_000 - 198,
    shown: /^'c{198}'\n… \[4,802 more characters\]$/u,
  },
  {
    name: 'pairs, counted as two and never split',
    code: {
      python: `print("a" + "${smile}" * 1_000, end="")`,
      javascript: `print("a" + "${smile}".repeat(1_000))`,
    },
  },
  {
    name: 'a text that is escaped',
    code: { python: '"\\x01" * 1_000', javascript: '"\\x01".repeat(1_000)' },
    shown: /^'(?:\\x01|\\u0001)+'\n… \[\d+ more characters\]$/u,
  },
  {
    name: 'a text as long as the limit without its quotes',
    code: { python: '"c" * 198', javascript: '"c".repeat(198)' },
    shown: /^'c{198}'$/u,
  },
  {
    name: 'a list, which says itself how many it holds',
    code: {
      python: 'list(range(5_000))',
      javascript: 'Array.from({ length: 5_000 }, (_, n) => n)',
    },
    shown: /5,?000(?: items\))?|… 4900 more/u,
    abridged: ['result'],
  },
  {
    name: 'a long text in a list',
    code: { python: '["x" * 5_000, 1]', javascript: '["x".repeat(5_000), 1]' },
    shown: /5,000 characters|2 items|more characters|of a value of size 2/u,
    abridged: ['result'],
  },
  {
    name: 'a short list',
    code: { python: '[1, 2]', javascript: '[1, 2]' },
    shown: /^\[ ?1, 2 ?\]$/u,
  },
  {
    name: 'a mapping of many names',
    code: {
      python: '{n: n for n in range(5_000)}',
      javascript: 'Object.fromEntries([...Array(5_000).keys()].map((n) => [n, n]))',
    },
    shown: /5,?000 items|… \d+ more|of a value of size 5000/u,
    abridged: ['result'],
  },
  {
    name: 'a set of many',
    code: { python: 'set(range(5_000))', javascript: 'new Set(Array(5_000).keys())' },
    shown: /5,?000 items|… \d+ more|of a value of size 5000/u,
    abridged: ['result'],
  },
  {
    name: 'many spans',
    code: { python: 'grep("a", max_matches=None)', javascript: 'grep("a", { maxMatches: null })' },
    abridged: ['result'],
  },
  {
    name: 'many spans that are printed',
    code: {
      python: 'print(str(grep("a", max_matches=None))[-40:])',
      javascript: 'print(grep("a", { maxMatches: null }))',
    },
    abridged: ['stdout'],
  },
];

/** What only JavaScript shows in part where it is printed: Python prints all of a value. */
const printed: readonly (readonly [code: string, abridged: readonly OutputField[]])[] = [
  ['print([1, 2])', []],
  ['print("a".repeat(20_001))', []],
  ['print(Array.from({ length: 5_000 }, (_, n) => n))', ['stdout']],
  ['console.error(Array.from({ length: 5_000 }, (_, n) => n))', ['stderr']],
  ['print(1, { a: [[[[[1]]]]] })', ['stdout']],
  ['print(new Map(Array.from({ length: 500 }, (_, n) => [n, n])))', ['stdout']],
  ['print(["a".repeat(10_001)])', ['stdout']],
  ['print(new Uint8Array(500))', ['stdout']],
  ['print(Array(150).fill("a".repeat(150)))', ['stdout']],
  ['print(Object.assign([1], { b: "c".repeat(10_001) }))', ['stdout']],
  ['[[[[[[1]]]]]]', ['result']],
  ['({ a: Array(101) })', ['result']],
  [
    'print(Array(101).fill(0)); console.error(Array(101)); [Array(101)]',
    ['stdout', 'stderr', 'result'],
  ],
  ['print([() => 1, Symbol("a"), 10n, new Date(0), null])', []],
  ['const round = {}; round.self = round; round', []],
];

describe('texts that are cut in a step', function () {
  this.timeout(60_000);
  let sandboxes: SandboxProcess;

  before(() => {
    sandboxes = createSandboxes();
  });
  after(() => sandboxes.dispose());

  it('say in JavaScript where a value is printed in part, and drop what they count', async () => {
    const repl = await Repl.open(sandboxes, { language: 'javascript' });
    const seen: unknown[] = [];
    for (const [code] of printed) {
      const { abridged, dropped, error } = await repl.run(code);
      seen.push([code, abridged, dropped.stdout, error]);
    }
    repl.sandbox.dispose();
    const overLong = (code: string): number => (code.includes('20_001') ? 2 : 0);
    assert.deepStrictEqual(
      seen,
      printed.map(([code, abridged]) => [code, abridged, overLong(code), null]),
    );
  });

  for (const language of ['python', 'javascript'] as const) {
    describe(`in ${language}`, () => {
      let repl: Repl;
      before(async () => {
        repl = await Repl.open(sandboxes, { language, context: 'a\n'.repeat(150) });
      });
      after(() => {
        repl.sandbox.dispose();
      });

      for (const { name, code, shown, abridged = [], ...dropped } of cases) {
        it(`are marked: ${name}`, async () => {
          const outcome = await repl.run(code[language], { maxOutputChars: cap });
          const { stdout, stderr, result } = outcome;
          for (const text of [stdout, stderr, result ?? '']) {
            assert.ok(text.length <= cap, `${text.length} characters`);
            assert.ok(text.isWellFormed());
          }
          assert.deepStrictEqual(outcome.abridged, abridged);
          if (Object.keys(dropped).length > 0) {
            const none = { stdout: 0, stderr: 0, result: 0 };
            assert.deepStrictEqual(outcome.dropped, { ...none, ...dropped });
          }
          if (shown) {
            assert.match(toShownTexts(outcome).result ?? '', shown);
          }
        });
      }

      it('count what is kept and what is dropped to all there was, whatever is written', async () => {
        const text =
          language === 'python'
            ? (n: number) => `"${smile}é" * ${n}`
            : (n: number) => `"${smile}é".repeat(${n})`;
        const print =
          language === 'python'
            ? (one: string) => `print(${one}, end="")`
            : (one: string) => `print(${one})`;
        for (const count of [1, 65, 66, 67, 68, 1_000, 500_000]) {
          const { stdout, dropped } = await repl.run(print(text(count)), { maxOutputChars: cap });
          const end = language === 'python' ? 0 : 1;
          assert.equal(stdout.length + dropped.stdout, 3 * count + end, `${count}`);
          const { result, dropped: more } = await repl.run(text(count), { maxOutputChars: cap });
          assert.equal((result ?? '').length - 2 + more.result, 3 * count, `${count}`);
        }
      });

      it('say in an error’s message how much of it is missing', async () => {
        const raise = {
          python: 'raise ValueError("m" * 10_000)',
          javascript: 'throw new TypeError("m".repeat(10_000))',
        };
        const { error } = await repl.run(raise[language]);
        assert.match(error?.message ?? '', /^m{4000}\n… \[6,000 more characters\]$/u);
        assert.ok((error?.traceback.length ?? 0) <= 8_100);
      });

      it('are no answers: a longer one than is kept is refused', async () => {
        const text = language === 'python' ? '"x" * 500_001' : '"x".repeat(500_001)';
        const { error, finalAnswer } = await repl.run(`FINAL(${text})`);
        assert.equal(finalAnswer, null);
        assert.match(error?.message ?? '', /500001 characters, and at most 500000/u);
      });
    });
  }
});
