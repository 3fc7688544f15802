// Every number that a function of the REPL takes, at and beyond its limits and of wrong types: it is taken
// as it is meant, or refused with its name. None is bent into another number. Of what is no number, all that
// has no meaning is refused.

import assert from 'node:assert/strict';
import type { Language } from '../../../src/core/sandbox';
import { searchLimits } from '../../../src/core/searchLimits';
import { useRepl } from '../../support/repl';

/** `call`: with … in the place of the number, in each language. */
interface NumberArgument {
  readonly call: Readonly<Record<Language, string>>;
  /** As the errors name it, in each language. */
  readonly name: Readonly<Record<Language, string>>;
  readonly least: number;
  /** Null: as many as there are, of which any larger number is a way to ask. */
  readonly most: number | null;
  /** What stands for all. */
  readonly takesAll?: boolean;
  /** Numbers below `least` that have a meaning of their own. */
  readonly counted?: 'from the end';
}

const same = (text: string): Readonly<Record<Language, string>> => ({
  python: text,
  javascript: text,
});
const option = (helper: string, python: string, javascript: string) => ({
  call: {
    python: `${helper}${python}=…)`,
    javascript: `${helper}{ ${javascript}: … })`,
  },
  name: { python, javascript },
});

const numbers: readonly NumberArgument[] = [
  { ...option('grep("x", ', 'max_matches', 'maxMatches'), least: 0, most: null, takesAll: true },
  {
    ...option('grep("x", ', 'context_chars', 'contextChars'),
    least: 0,
    most: searchLimits.maxContextChars,
  },
  { ...option('search("x", ', 'limit', 'limit'), least: 0, most: searchLimits.maxHits },
  { call: same('search("x", …)'), name: same('limit'), least: 0, most: searchLimits.maxHits },
  {
    ...option('search("x", ', 'window_chars', 'windowChars'),
    least: searchLimits.minWindowChars,
    most: searchLimits.maxWindowChars,
  },
  { ...option('chunk(', 'size', 'size'), least: 1, most: searchLimits.maxChunkChars },
  { call: same('chunk(…)'), name: same('size'), least: 1, most: searchLimits.maxChunkChars },
  { call: same('chunk(10, …)'), name: same('overlap'), least: 0, most: 9 },
  { call: same('lines(…)'), name: same('line'), least: 1, most: 40, counted: 'from the end' },
  { call: same('lines(1, …)'), name: same('last'), least: 1, most: null, counted: 'from the end' },
  { call: same('head(…)'), name: same('number of lines'), least: 1, most: null },
  { call: same('tail(…)'), name: same('number of lines'), least: 1, most: null },
  { call: same('around(grep("x")[3], …)'), name: same('number of lines'), least: 0, most: null },
];

/** An empty mapping is a text to look through in Python, and no options in JavaScript. */
const noNumbers: Readonly<Record<Language, readonly string[]>> = {
  python: ['float("nan")', '1.5', '-0.5', '"5"', 'True', '[]', '[5]', 'object()', '5j', 'b"5"'],
  javascript: ['NaN', '1.5', '-0.5', '"5"', 'true', '[]', '[5]', '5n', 'Symbol("5")', '() => 5'],
};
const huge: Readonly<Record<Language, readonly string[]>> = {
  python: ['2**31', '2**53', '2**64', '10**400', '1e308'],
  javascript: ['2**31', '2**53', '2**64', '1e308', 'Number.MAX_VALUE'],
};
const infinite: Readonly<Record<Language, string>> = {
  python: 'float("inf")',
  javascript: 'Infinity',
};

/** Calls that mean nothing, with what the error must say. */
const meaningless: Readonly<Record<Language, readonly (readonly [string, RegExp])[]>> = {
  python: [
    ['llm_query(None)', /prompt must be text/u],
    ['llm_query("x", model=5)', /model must be a name/u],
    ['llm_query("x", model=["a"])', /model must be a name/u],
    ['llm_query("x", "y", "z")', /takes from 1 to 2/u],
    ...['"abc"', '5', 'None', '{"a": "b"}'].map(
      (given) => [`llm_query_batched(${given})`, /prompts must be a list/u] as const,
    ),
    ['rlm_query("q", context=5)', /context must be text/u],
    ['rlm_query("q", context=object())', /context must be text/u],
    ['rlm_query_batched(["a"], "x")', /contexts must be a list/u],
    ...['FINAL()', 'FINAL(1, 2)', 'FINAL_VAR()', 'SUBMIT()'].map(
      (code) => [code, /takes one value, not [02]/u] as const,
    ),
    ['import time; time.sleep(float("nan"))', /non-negative number/u],
    ['import time; time.sleep(-1)', /non-negative number/u],
    ['import time; time.sleep("1")', /not supported between/u],
  ],
  javascript: [
    ['llm_query()', /prompt must be text/u],
    ['llm_query("x", 5)', /model must be a name/u],
    ['llm_query("x", { model: "a" })', /model must be a name/u],
    ...['"abc"', '5', '', '{ a: "b" }'].map(
      (given) => [`llm_query_batched(${given})`, /prompts must be an array/u] as const,
    ),
    ['rlm_query("q", 5)', /context must be text/u],
    ['rlm_query("q", Symbol())', /context must be text/u],
    ['rlm_query_batched(["a"], "x")', /contexts must be an array/u],
    ...['FINAL()', 'FINAL(1, 2)', 'FINAL_VAR()', 'SUBMIT()'].map(
      (code) => [code, /takes one value, not [02]/u] as const,
    ),
    ...['NaN', '-1', '"1"', '', 'null'].map(
      (given) => [`sleep(${given})`, /ms must be a number of milliseconds/u] as const,
    ),
  ],
};

for (const language of ['python', 'javascript'] as const) {
  describe(`arguments of functions in ${language}`, () => {
    const repl = useRepl({ language });

    it('that mean nothing are refused before anything is asked or recorded', async () => {
      for (const [code, says] of meaningless[language]) {
        const { error, finalAnswer } = await repl().run(code, {
          onHostCall: () => Promise.reject(new Error('the host was asked')),
        });
        assert.match(error?.message ?? 'no error', says, code);
        assert.equal(finalAnswer, null, code);
      }
    });
  });

  describe(`numbers that are given to functions in ${language}`, function () {
    this.timeout(60_000);
    const text = Array.from({ length: 40 }, (_, at) => `x line ${at}`).join('\n');
    const repl = useRepl({ language, context: text });

    const refuses = async (code: string, says: RegExp): Promise<void> => {
      const { error, result } = await repl().run(code);
      assert.ok(error, `${code} gave ${result}`);
      assert.match(error.type, /^(?:TypeError|ValueError|RangeError)$/u, `${code}: ${error.type}`);
      assert.match(error.message, says, code);
    };
    const takes = async (code: string): Promise<string> => {
      const shown = language === 'python' ? `str(${code})` : `String(${code})`;
      const { error, result } = await repl().run(shown);
      assert.equal(error, null, `${code}: ${error?.message}`);
      return result ?? '';
    };

    for (const { call, name, least, most, takesAll, counted } of numbers) {
      const put = (value: string): string => call[language].replace('…', value);
      const own = new RegExp(`\\b${name[language]}\\b`, 'u');
      // What is no number may have been meant for another argument.
      const helper = new RegExp(`${own.source}|\\btext\\b|argument of`, 'u');

      it(`${call[language]}: what is no whole number is refused`, async () => {
        for (const value of noNumbers[language]) {
          await refuses(put(value), helper);
        }
      });

      it(`${call[language]}: what is beyond its limits is refused, and what is at them is taken`, async () => {
        await takes(put(`${least}`));
        if (counted === undefined) {
          await refuses(put(`${least - 1}`), own);
          await refuses(put('-(2**70)'), own);
        } else {
          assert.equal(await takes(put('-1')), await takes(put('40')));
          await refuses(put('0'), own);
        }
        if (most !== null) {
          await takes(put(`${most}`));
          await refuses(put(`${most + 1}`), own);
        }
        const all = most === null ? await takes(put('1_000_000')) : '';
        for (const value of huge[language]) {
          if (most === null) {
            assert.equal(await takes(put(value)), all, value);
          } else {
            await refuses(put(value), own);
          }
        }
        if (takesAll === true) {
          assert.equal(await takes(put(infinite[language])), all);
        } else {
          await refuses(put(infinite[language]), own);
        }
      });
    }
  });
}
