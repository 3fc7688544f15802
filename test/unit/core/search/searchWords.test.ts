import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  hasWords,
  parseSearchWords,
  toIndexText,
  toSnippet,
} from '../../../../src/core/search/searchWords';

describe('searchWords', () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ['login test', [], ['login', 'test']],
    ['"connection refused" retry', ['connection refused'], ['retry']],
    ['"never closed', ['never closed'], []],
    ['conf*', [], ['conf*']],
    ['"read file"*', ['read file*'], []],
    ['why did the login fail', [], ['login', 'fail']],
    ['the', [], ['the']],
    ['"x" the', ['x'], []],
    ['a OR b) AND NEAR(c, 2)', [], ['b)', 'NEAR(c,', '2)']],
    ['login LOGIN', [], ['login']],
    ['--- "" * ??', [], []],
    ['', [], []],
  ];
  for (const [query, phrases, terms] of cases) {
    it(`takes ${JSON.stringify(query)} for words and phrases`, () => {
      const words = parseSearchWords(query);
      const show = (one: { shown: string; isPrefix: boolean }): string =>
        one.shown + (one.isPrefix ? '*' : '');
      assert.deepStrictEqual(
        { phrases: words.phrases.map(show), terms: words.terms.map(show) },
        { phrases, terms },
      );
      assert.deepStrictEqual(hasWords(words), phrases.length + terms.length > 0);
    });
  }

  it('gives the parts of names in camel case as words of their own', () => {
    assert.deepStrictEqual(
      toIndexText('call parseHTTPHeader2'),
      'call parseHTTPHeader2\nparse HTTP Header 2',
    );
  });

  it('sets each character of scripts without spaces apart', () => {
    assert.deepStrictEqual(toIndexText('x日志'), 'x 日  志 ');
  });

  it('shows a part of a text around what it was found by, never more than asked for', () => {
    const text = `${'before '.repeat(200)}the needle is here${' after'.repeat(200)}`;
    const snippet = toSnippet(text, parseSearchWords('needles').terms, 100);
    assert.ok(snippet.includes('needle is here'), snippet);
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.integer({ min: 20, max: 80 }),
        (long, word, chars) => {
          const shown = toSnippet(long, parseSearchWords(word).terms, chars);
          assert.ok(shown.length <= chars + 2);
        },
      ),
    );
  });
});
