import assert from 'node:assert/strict';
import fc from 'fast-check';

import { toFence, toInline, toInlineCode, toTable } from '../../../src/base/markdown';

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'`#![]()<>*_|~\\&-+=:.1'.split('')),
      fc.constantFrom(
        '\n',
        '\n\n# h\n',
        '```',
        '~~~',
        '![i](http://x/y)',
        '[a](b)',
        'https://a.b',
        '\u202e',
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

describe('text in Markdown', () => {
  it('is fenced with more backticks than it holds, and ends where its fence ends', () => {
    assert.deepStrictEqual(toFence('a ```` b', 'json'), '`````json\na ```` b\n`````');
    assert.deepStrictEqual(toFence('plain\n'), '```\nplain\n```');
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = toFence(text).split('\n');
        const [fence = ''] = lines;
        const closing = lines.findIndex(
          (line, at) => at > 0 && /^ {0,3}`+ *$/u.test(line) && line.trim().length >= fence.length,
        );
        assert.equal(closing, lines.length - 1);
      }),
    );
  });

  it('is a code span of one line that only its own backticks end', () => {
    assert.deepStrictEqual(toInlineCode('a\nb'), '`a b`');
    assert.deepStrictEqual(toInlineCode('`x`'), '`` `x` ``');
    fc.assert(
      fc.property(hostile, (text) => {
        const code = toInlineCode(text);
        const [ticks = ''] = /^`+/u.exec(code) ?? [];
        const inner = code.slice(ticks.length, -ticks.length);
        assert.ok(!code.includes('\n') && !inner.split(/[^`]+/u).includes(ticks), code);
      }),
    );
  });

  it('is plain in a line: no markup, link, image, heading, list or HTML', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = toInline(text);
        assert.doesNotMatch(line, /\n|\||\u202e|(https?|www)[:.]/u);
        // With what is escaped taken out, nothing is left that Markdown reads.
        const bare = line
          .replace(/\\[^a-z0-9]/giu, '')
          .replaceAll('&#124;', '')
          .replaceAll('&#8203;', '');
        assert.doesNotMatch(bare, /[`*[\]<>#&~!$\\]/u, line);
        assert.doesNotMatch(line, /(?<![\p{L}\p{N}\\])_|_(?![\p{L}\p{N}])(?<!\\_)/u, line);
        assert.doesNotMatch(line, /^(?:[-+](?: |$)|[-=: ]+$|\d+[.)](?: |$))/u, line);
      }),
    );
  });

  it('keeps a table’s cells apart, and makes none without rows', () => {
    assert.deepStrictEqual(toTable(['h'], [['a|b\nc']]), ['| h |\n| --- |\n| a&#124;b c |']);
    assert.deepStrictEqual(toTable(['h'], []), []);
  });

  it('may hold a million of anything', () => {
    for (const part of ['`', '`a', '\n', ' ', '\\', '&', 'http:', '\r\n', '\u202e']) {
      const text = part.repeat(1_000_000 / part.length);
      for (const write of [toFence, toInline, toInlineCode]) {
        assert.equal(typeof write(text), 'string');
      }
    }
  });
});
