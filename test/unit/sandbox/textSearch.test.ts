import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { GrepArgs, Hit, SearchArgs } from '../../../src/protocol/worker';
import { LineIndex } from '../../../src/sandbox/worker/textPositions';
import { type Found, grepTexts, rankTexts } from '../../../src/sandbox/worker/textSearch';

function grep(texts: readonly string[], pattern: string, given: Partial<GrepArgs> = {}): Found {
  const sources = texts.map((text, index) => ({ index, text }));
  return grepTexts(sources, { pattern, flags: 'gm', maxMatches: 100, unit: 'utf16', ...given });
}

function rank(texts: readonly string[], query: string, given: Partial<SearchArgs> = {}): Found {
  const sources = texts.map((text, index) => ({ index, text }));
  return rankTexts(sources, { query, maxHits: 10, windowChars: 50, unit: 'utf16', ...given });
}

const place = ({ source, start, end, line }: Hit): number[] => [source, start, end, line];

const anyText = fc
  .array(fc.constantFrom('a', 'b', ' ', '\n', '\r\n', 'é', '😀', 'word', 'Word'))
  .map((parts) => parts.join(''));

describe('grepTexts', () => {
  it('gives offsets, line and line text of every match in order', () => {
    assert.deepStrictEqual(grep(['one\ntwo one\n', 'one'], 'one'), {
      hits: [
        { source: 0, start: 0, end: 3, line: 1, lineText: 'one', score: 0 },
        { source: 0, start: 8, end: 11, line: 2, lineText: 'two one', score: 0 },
        { source: 1, start: 0, end: 3, line: 1, lineText: 'one', score: 0 },
      ],
      truncated: false,
    });
  });

  it('finds what matchAll finds, on the lines that splitting finds', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.constantFrom('a', 'b*', '\\n', '^', 'w..d', '.', '$'),
        (text, pattern) => {
          const hits = grep([text], pattern, { maxMatches: 10_000 }).hits;
          const expected = [...text.matchAll(new RegExp(pattern, 'gm'))].map((match) => {
            const before = text.slice(0, match.index).split('\n');
            const lineText = text.split('\n')[before.length - 1];
            return [match.index, match.index + match[0].length, before.length, lineText];
          });
          assert.deepStrictEqual(
            hits.map(({ start, end, line, lineText }) => [start, end, line, lineText]),
            expected,
          );
        },
      ),
    );
  });

  it('knows the lines of matches far apart, and again by the kept index', () => {
    const text = [...Array(4).keys()]
      .map((part) => `${'x\n'.repeat(part * 40_000)}${'y'.repeat(70_000)}needle ${part}\n`)
      .join('');
    const sources = [{ index: 0, text, lineIndex: new LineIndex(text) }];
    const expected = [...text.matchAll(/needle/g)].map(
      ({ index }) => text.slice(0, index).split('\n').length,
    );
    for (const pattern of ['needle', 'needle [23]', 'needle']) {
      const options = { pattern, flags: 'g', maxMatches: 10, unit: 'utf16' } as const;
      const { hits } = grepTexts(sources, options);
      assert.deepStrictEqual(
        hits.map((hit) => hit.line),
        expected.slice(-hits.length),
      );
    }
  });

  it('counts code points when asked to', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const options = { flags: 'gu', maxMatches: 10_000 } as const;
        const units = grep([text], 'a|word|😀', options).hits;
        const points = grep([text], 'a|word|😀', { ...options, unit: 'codepoint' }).hits;
        const toPoints = (offset: number): number => [...text.slice(0, offset)].length;
        assert.deepStrictEqual(
          points.map(({ start, end }) => [start, end]),
          units.map(({ start, end }) => [toPoints(start), toPoints(end)]),
        );
      }),
    );
  });

  it('steps over pairs when an empty match repeats in a unicode pattern', () => {
    assert.deepStrictEqual(
      grep(['😀a'], '', { flags: 'gu' }).hits.map((hit) => hit.start),
      [0, 2, 3],
    );
  });

  it('says that there was more than it was asked for', () => {
    assert.deepStrictEqual(
      [1, 2, 3].map((maxMatches) => grep(['aa', 'a'], 'a', { maxMatches }).truncated),
      [true, true, false],
    );
  });

  it('does not decode sources behind the last match that was asked for', () => {
    function* sources(): Generator<{ index: number; text: string }> {
      yield { index: 0, text: 'aaa' };
      throw new Error('asked for more');
    }
    const args = { pattern: 'a', flags: 'g', maxMatches: 2, unit: 'utf16' } as const;
    assert.equal(grepTexts(sources(), args).truncated, true);
  });

  it('cuts the line text at 500 characters, not inside a pair', () => {
    const text = `${'x'.repeat(499)}😀x`;
    assert.equal(grep([text], '^').hits[0]?.lineText, 'x'.repeat(499));
  });

  it('bounds the text of one answer', () => {
    const found = grep([`${'a'.repeat(500)}\n`.repeat(1_000)], 'a', { maxMatches: 100_000 });
    assert.equal(found.truncated, true);
    assert.equal(found.hits.length, 40_001);
  });

  it('throws SyntaxError for what is no pattern', () => {
    assert.throws(() => grep(['a'], '('), SyntaxError);
  });
});

describe('rankTexts', () => {
  const lines = (...words: readonly string[]): string =>
    words.map((word) => `${word.padEnd(49, '.')}\n`).join('');

  it('ranks windows by how rare and how frequent the words are', () => {
    const text = lines('common', 'common rare', 'common', 'rare rare');
    assert.deepStrictEqual(rank([text], 'rare common').hits.map(place), [
      [0, 50, 100, 2],
      [0, 150, 200, 4],
      [0, 0, 50, 1],
      [0, 100, 150, 3],
    ]);
  });

  it('scores by Okapi BM25', () => {
    const [hit] = rank([lines('term term', 'other')], 'term').hits;
    const idf = Math.log(1 + (2 - 1 + 0.5) / (1 + 0.5));
    assert.ok(Math.abs((hit?.score ?? 0) - (idf * 2 * 2.2) / (2 + 1.2)) < 1e-6);
  });

  it('takes whole words only, of any script, in any case', () => {
    const text = lines('cats', 'CAT', 'concat', 'cat_x', 'écat', '😀cat', '𝒜cat');
    assert.deepStrictEqual(
      rank([text], 'cat').hits.map((hit) => hit.line),
      [2, 6],
    );
    assert.deepStrictEqual(
      rank([lines('Ёлка', 'ёл', 'ёлка')], 'ЁЛКА').hits.map((hit) => hit.line),
      [1, 3],
    );
  });

  it('finds a longer word beside a shorter one that it begins with', () => {
    assert.equal(rank([lines('foobar')], 'foo foobar').hits.length, 1);
  });

  it('packs whole lines into windows and cuts longer ones', () => {
    const text = `${'a b\n'.repeat(20)}${'x'.repeat(120)} a`;
    assert.deepStrictEqual(rank([text], 'a', { maxHits: 100 }).hits.map(place).sort(byStart), [
      [0, 0, 48, 1],
      [0, 48, 80, 13],
      [0, 180, 202, 21],
    ]);
  });

  it('counts every part of the text exactly once', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { hits } = rank([text], 'a b word', { maxHits: 1_000 });
        const sorted = hits.map(place).sort(byStart);
        for (const [at, [, start = 0, end = 0]] of sorted.entries()) {
          assert.ok(end > start && end - start <= 50);
          assert.ok(start >= (sorted[at - 1]?.[2] ?? 0));
        }
        const words = text.match(/(?<![\p{L}\p{N}_])(?:a|b|word)(?![\p{L}\p{N}_])/giu) ?? [];
        const inside = hits.flatMap(({ start, end }) => text.slice(start, end));
        assert.equal(hits.length === 0, words.length === 0, JSON.stringify([text, inside]));
      }),
    );
  });

  it('gives code point offsets when asked to', () => {
    const text = `😀${'.'.repeat(60)}\nneedle`;
    assert.deepStrictEqual(rank([text], 'needle', { unit: 'codepoint' }).hits.map(place), [
      [0, 49, 68, 1],
    ]);
  });

  it('orders equal windows by position over all sources, and says when there are more', () => {
    const found = rank([lines('a', 'a'), lines('a')], 'a', { maxHits: 2 });
    assert.deepStrictEqual(found.hits.map(place), [
      [0, 0, 50, 1],
      [0, 50, 100, 2],
    ]);
    assert.equal(found.truncated, true);
  });

  it('finds nothing for a query without words', () => {
    assert.deepStrictEqual(rank(['a'], ' .,!'), { hits: [], truncated: false });
  });
});

function byStart(left: readonly number[], right: readonly number[]): number {
  return (left[1] ?? 0) - (right[1] ?? 0);
}
