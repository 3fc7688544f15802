import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { GrepArgs, SearchArgs } from '../../../src/protocol/worker';
import { TextIndex } from '../../../src/sandbox/worker/textPositions';
import { rankTexts } from '../../../src/sandbox/worker/rankTexts';
import { foldChar } from '../../../src/sandbox/worker/searchWords';
import { isOnLine } from '../../support/lineTexts';
import { stemWord } from '../../../src/sandbox/worker/stemWord';
import { SearchRefusal } from '../../../src/sandbox/worker/searchRefusal';
import {
  type Found,
  type Hits,
  countMatches,
  grepTexts,
  toColumns,
} from '../../../src/sandbox/worker/textSearch';

function grep(texts: readonly string[], pattern: string, given: Partial<GrepArgs> = {}): Found {
  const sources = texts.map((text, index) => ({ index, text }));
  return grepTexts(sources, { pattern, flags: 'gm', maxMatches: 100, unit: 'utf16', ...given });
}

function rank(texts: readonly string[], query: string, given: Partial<SearchArgs> = {}): Found {
  const sources = texts.map((text, index) => ({ index, text }));
  return rankTexts(sources, { query, maxHits: 10, windowChars: 50, unit: 'utf16', ...given });
}

/** Rows of the columns that are told. */
const toRows = (hits: Hits, ...names: readonly Exclude<keyof Hits, 'marks'>[]): number[][] =>
  hits.starts.map((_, at) => names.map((name) => hits[name][at] ?? NaN));

const toPlaces = (hits: Hits) => toRows(hits, 'sources', 'starts', 'ends', 'lines');

const anyText = fc
  .array(fc.constantFrom('a', 'b', ' ', '\n', '\r\n', '\r', 'é', '😀', 'word', 'Word'))
  .map((parts) => parts.join(''));

describe('grepTexts', () => {
  it('gives offsets and line of every match in order', () => {
    assert.deepStrictEqual(grep(['one\ntwo one\n', 'one'], 'one'), {
      hits: {
        sources: [0, 0, 1],
        starts: [0, 8, 0],
        ends: [3, 11, 3],
        lines: [1, 2, 1],
        scores: [],
        marks: [],
      },
      truncated: false,
      total: 3,
    });
  });

  it('finds what matchAll finds on the lines that splitting finds', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.constantFrom('a', 'b*', '\\n', '^', 'w..d', '.', '$'),
        (text, pattern) => {
          const hits = grep([text], pattern, { maxMatches: 10_000 }).hits;
          const all = [...text.matchAll(new RegExp(pattern, 'gm'))];
          const onLines = all.filter(({ index }) => isOnLine(text, index));
          const expected = onLines.map((match) => {
            const breaks = [...text.matchAll(/\r\n|\r|\n/g)];
            const before = breaks.filter((one) => one.index + one[0].length <= match.index);
            return [match.index, match.index + match[0].length, before.length + 1];
          });
          assert.deepStrictEqual(toRows(hits, 'starts', 'ends', 'lines'), expected);
        },
      ),
    );
  });

  it('knows the lines of matches far apart, and again by the kept index', () => {
    const text = [...Array(4).keys()]
      .map((part) => `${'x\n'.repeat(part * 40_000)}${'y'.repeat(70_000)}needle ${part}\n`)
      .join('');
    const sources = [{ index: 0, text, textIndex: new TextIndex(text) }];
    const expected = [...text.matchAll(/needle/g)].map(
      ({ index }) => text.slice(0, index).split('\n').length,
    );
    for (const pattern of ['needle', 'needle [23]', 'needle']) {
      const options = { pattern, flags: 'g', maxMatches: 10, unit: 'utf16' } as const;
      const { hits } = grepTexts(sources, options);
      assert.deepStrictEqual(hits.lines, expected.slice(-hits.lines.length));
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
          [points.starts, points.ends],
          [units.starts, units.ends].map((offsets) => offsets.map(toPoints)),
        );
      }),
    );
  });

  it('steps over pairs when an empty match repeats in a unicode pattern', () => {
    assert.deepStrictEqual(grep(['😀a'], '', { flags: 'gu' }).hits.starts, [0, 2, 3]);
  });

  it('says that there was more than it was asked for', () => {
    assert.deepStrictEqual(
      [1, 2, 3].map((maxMatches) => grep(['aa', 'a'], 'a', { maxMatches }).truncated),
      [true, true, false],
    );
  });

  it('knows line breaks that lie across the borders of its blocks', () => {
    for (const size of [65_534, 65_535, 65_536]) {
      for (const lineBreak of ['\n', '\r', '\r\n']) {
        const text = `${'x'.repeat(size)}${lineBreak}needle`;
        assert.deepStrictEqual(grep([text], 'needle').hits.lines, [2], `${size} and ${lineBreak}`);
      }
    }
  });

  it('counts what it found beyond what was asked for in short texts', () => {
    assert.equal(grep(['aa', 'a'], 'a', { maxMatches: 1 }).total, 3);
    assert.equal(grep(['a'.repeat(1_000_001)], 'a', { maxMatches: 1 }).total, null);
    const sources = ['aa', 'b', 'a'].map((text, index) => ({ index, text }));
    const counted = countMatches(sources, { pattern: 'a', flags: 'g', group: null });
    assert.deepStrictEqual(counted, { counts: [2, 0, 1], values: [] });
  });

  it('counts what a group caught, the most frequent first', () => {
    const sources = ['k=1 k=2', 'j=2 -'].map((text, index) => ({ index, text }));
    const count = (group: number | string) =>
      countMatches(sources, { pattern: '(?<key>[jk])=(\\d)|(-)', flags: 'g', group }).values;
    assert.deepStrictEqual(count(2), [
      ['2', 2],
      ['1', 1],
    ]);
    assert.deepStrictEqual(count('key'), [
      ['k', 2],
      ['j', 1],
    ]);
    assert.deepStrictEqual(count(3), [['-', 1]]);
    assert.deepStrictEqual(count(0), [
      ['k=1', 1],
      ['k=2', 1],
      ['j=2', 1],
      ['-', 1],
    ]);
    const many = [{ index: 0, text: Array.from({ length: 100_001 }, (_, n) => `${n}\n`).join('') }];
    assert.throws(
      () => countMatches(many, { pattern: '\\d+', flags: 'g', group: 0 }),
      SearchRefusal,
    );
  });

  it('finds all up to what memory takes, and says so beyond', () => {
    const sources = [{ index: 0, text: 'aaaa' }];
    const args = { pattern: 'a', flags: 'g', maxMatches: null, unit: 'utf16' } as const;
    assert.equal(grepTexts(sources, args, 4).hits.starts.length, 4);
    assert.throws(() => grepTexts(sources, args, 3), SearchRefusal);
  });

  it('refuses patterns whose compilation takes too much', () => {
    const refused: readonly (readonly [string, string])[] = [
      ['\\p{L}'.repeat(65), 'u'],
      ['[\\p{L}--\\p{Lu}]'.repeat(1_300), 'v'],
      ['\\P{L}'.repeat(65), 'iu'],
      ['\\p{RGI_Emoji}'.repeat(2), 'v'],
      ['a'.repeat(40_001), ''],
    ];
    for (const [pattern, flags] of refused) {
      assert.throws(() => grep(['a'], pattern, { flags }), SearchRefusal, pattern.slice(0, 20));
    }
  });

  it('does not decode sources behind the last match that was asked for', () => {
    function* sources(): Generator<{ index: number; text: string }> {
      yield { index: 0, text: 'a'.repeat(1_000_001) };
      throw new Error('asked for more');
    }
    const args = { pattern: 'a', flags: 'g', maxMatches: 2, unit: 'utf16' } as const;
    assert.equal(grepTexts(sources(), args).truncated, true);
  });

  it('packs places a column after another', () => {
    const { hits } = grep(['a\nba', 'a'], 'a');
    assert.deepStrictEqual(
      [...toColumns(hits)],
      [
        [0, 0, 1],
        [0, 3, 0],
        [1, 4, 1],
        [1, 2, 1],
      ].flat(),
    );
    assert.deepStrictEqual([...toColumns(rank(['b a'], 'a').hits)], [0, 0, 3, 1]);
  });

  it('throws SyntaxError for what is no pattern', () => {
    assert.throws(() => grep(['a'], '('), SyntaxError);
  });
});

/** Source: the examples of Porter's paper, and words of logs. */
const stems =
  'caresses caress ponies poni ties ti caress caress cats cat feed feed agreed agre plastered plaster bled bled ' +
  'motoring motor sing sing conflated conflat troubled troubl sized size hopping hop tanned tan falling fall ' +
  'hissing hiss fizzed fizz failing fail filing file happy happi sky sky relational relat conditional condit ' +
  'rational ration valenci valenc hesitanci hesit digitizer digit conformabli conform radicalli radic ' +
  'differentli differ vileli vile analogousli analog vietnamization vietnam predication predic operator oper ' +
  'feudalism feudal decisiveness decis hopefulness hope callousness callous formaliti formal sensitiviti sensit ' +
  'sensibiliti sensibl triplicate triplic formative form formalize formal electriciti electr electrical electr ' +
  'hopeful hope goodness good revival reviv allowance allow inference infer airliner airlin gyroscopic gyroscop ' +
  'adjustable adjust defensible defens irritant irrit replacement replac adjustment adjust dependent depend ' +
  'adoption adopt homologou homolog communism commun activate activ angulariti angular homologous homolog ' +
  'effective effect bowdlerize bowdler probate probat rate rate cease ceas controll control roll roll ' +
  'generalizations gener oscillators oscil errors error retries retri retry retri connected connect connections ' +
  'connect running run by by as as';

describe('stemWord', () => {
  it('is Porter’s', () => {
    const words = stems.split(' ');
    const expected = words.filter((_, at) => at % 2 === 1);
    assert.deepStrictEqual(words.filter((_, at) => at % 2 === 0).map(stemWord), expected);
  });
});

describe('rankTexts', () => {
  const lines = (...words: readonly string[]): string =>
    words.map((word) => `${word.padEnd(49, '.')}\n`).join('');

  it('ranks windows by how rare and how frequent the words are', () => {
    const text = lines('common', 'common rare', 'common', 'rare rare');
    assert.deepStrictEqual(toPlaces(rank([text], 'rare common').hits), [
      [0, 50, 100, 2],
      [0, 150, 200, 4],
      [0, 0, 50, 1],
      [0, 100, 150, 3],
    ]);
  });

  it('scores by Okapi BM25', () => {
    const [score = 0] = rank([lines('term term', 'other')], 'term').hits.scores;
    const idf = Math.log(1 + (2 - 1 + 0.5) / (1 + 0.5));
    assert.ok(Math.abs(score - (idf * 2 * 2.2) / (2 + 1.2)) < 1e-6);
  });

  it('takes whole words only, of any script, in any case', () => {
    const text = lines('catkin', 'CAT', 'concat', 'cat_x', 'écat', '😀cat', '𝒜cat');
    assert.deepStrictEqual(rank([text], 'cat').hits.lines, [2, 6]);
    assert.deepStrictEqual(rank([lines('Ёлка', 'ёл', 'ёлка')], 'ЁЛКА').hits.lines, [1, 3]);
  });

  it('finds other forms of an English word, and the word itself first', () => {
    const forms = ['retries', 'retry', 'retrying', 'retried', 'retro', 'RETRY'];
    assert.deepStrictEqual(rank([lines(...forms)], 'retry').hits.lines, [2, 6, 1, 3, 4]);
    assert.deepStrictEqual(rank([lines(...forms)], 'retries').hits.lines, [1, 2, 3, 4, 6]);
    const written = lines('connected', 'connect_x', 'connexion', 'disconnect', 'connections');
    assert.deepStrictEqual(rank([written], 'connecting').hits.lines, [1, 5]);
    assert.deepStrictEqual(
      rank([lines('use', 'used', 'because', 'usual')], 'using').hits.lines,
      [1, 2],
    );
    assert.deepStrictEqual(rank([lines('Häuser', 'Haus')], 'häuser').hits.lines, [1]);
  });

  it('ranks words that stand together as in the query before words apart', () => {
    const text = lines(
      'code and error',
      'an error code',
      'code error',
      'error, code',
      'error a code',
    );
    assert.deepStrictEqual(rank([text], 'error code').hits.lines.slice(0, 2), [2, 4]);
  });

  it('marks where the words stand close together', () => {
    const far = `${'word '.repeat(30)}${'. '.repeat(100)}rare word and a rare one`;
    const [mark] = rank([far], 'rare word', { windowChars: 1_000 }).hits.marks;
    assert.equal(far.slice(...(mark ?? [])).startsWith('rare word'), true);
    const { marks, starts, ends } = rank([lines('😀 a', '😀😀 b')], 'a b', {
      unit: 'codepoint',
    }).hits;
    for (const [at, [start, end]] of marks.entries()) {
      assert.ok((starts[at] ?? NaN) <= start && start < end && end <= (ends[at] ?? NaN));
    }
  });

  it('finds a longer word beside a shorter one that it begins with', () => {
    assert.equal(rank([lines('foobar')], 'foo foobar').hits.starts.length, 1);
  });

  it('packs whole lines into windows and cuts longer ones', () => {
    const text = `${'a b\n'.repeat(20)}${'x'.repeat(120)} a`;
    assert.deepStrictEqual(toPlaces(rank([text], 'a', { maxHits: 100 }).hits).sort(byStart), [
      [0, 0, 48, 1],
      [0, 48, 80, 13],
      [0, 180, 202, 21],
    ]);
  });

  it('counts every part of the text exactly once', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { hits } = rank([text], 'a b word', { maxHits: 1_000 });
        const sorted = toPlaces(hits).sort(byStart);
        for (const [at, [, start = 0, end = 0]] of sorted.entries()) {
          assert.ok(end > start && end - start <= 50);
          assert.ok(start >= (sorted[at - 1]?.[2] ?? 0));
        }
        const words = text.match(/(?<![\p{L}\p{N}_])(?:a|b|word)(?![\p{L}\p{N}_])/giu) ?? [];
        const inside = sorted.map(([, start, end]) => text.slice(start, end));
        assert.equal(sorted.length === 0, words.length === 0, JSON.stringify([text, inside]));
      }),
    );
  });

  it('gives code point offsets when asked to', () => {
    const text = `😀${'.'.repeat(60)}\nneedle`;
    assert.deepStrictEqual(toPlaces(rank([text], 'needle', { unit: 'codepoint' }).hits), [
      [0, 49, 68, 1],
    ]);
  });

  it('orders equal windows by position over all sources, and says when there are more', () => {
    const found = rank([lines('a', 'a'), lines('a')], 'a', { maxHits: 2 });
    assert.deepStrictEqual(toPlaces(found.hits), [
      [0, 0, 50, 1],
      [0, 50, 100, 2],
    ]);
    assert.equal(found.truncated, true);
  });

  it('ranks the same when what it keeps is bounded', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'word', '.', '\n'), { maxLength: 300 });
    fc.assert(
      fc.property(
        fc.array(words, { maxLength: 3 }),
        fc.integer({ min: 0, max: 5 }),
        (all, maxHits) => {
          const sources = all.map((parts, index) => ({ index, text: parts.join(' ') }));
          const args = { query: 'a b word', maxHits, windowChars: 50, unit: 'utf16' } as const;
          assert.deepStrictEqual(rankTexts(sources, args, 0), rankTexts(sources, args));
          const whole = rankTexts(sources, { ...args, maxHits: 1_000 }).hits;
          const { scores } = rankTexts(sources, args).hits;
          assert.deepStrictEqual(scores, [...whole.scores].sort((a, b) => b - a).slice(0, maxHits));
        },
      ),
    );
  });

  it('refuses a query of too many words', () => {
    const query = Array.from({ length: 257 }, (_, number) => `w${number}`).join(' ');
    assert.throws(() => rank(['w1'], query), SearchRefusal);
    assert.equal(
      rank(['w1'], `${query.slice(0, query.lastIndexOf(' '))} W1`).hits.starts.length,
      1,
    );
  });

  it('finds nothing for a query without words, and says so', () => {
    for (const query of [' .,!', '😀', '', '\u0301']) {
      const { hits, truncated, note } = rank(['a . 😀'], query);
      assert.deepStrictEqual([toPlaces(hits), truncated], [[], false]);
      assert.match(note ?? '', /no letters or digits/u);
    }
    assert.equal(rank(['a'], 'b').note, undefined);
  });

  const spacedWords = [
    ...[
      'word',
      'İstanbul',
      'IŞIK',
      'ǅungla',
      'straße',
      'été',
      'e\u0301te\u0301',
      'Ёлка',
      'Ὀδυσσεύς',
    ],
    ...[
      'שָׁלוֹם',
      'مرحبا',
      'हिन्दी',
      'தமிழ்',
      'አማርኛ',
      'հայերեն',
      'ქართული',
      'snake_case',
      '2024',
      'ſtern',
    ],
    ...['Việt', 'Vie\u0323\u0302t', '\u212bngström'],
  ];
  const unspacedWords = [
    ...[
      '東京',
      '学',
      '機械学習',
      'ひらがな',
      'カタカナ',
      'データ',
      'が\u3099',
      '𠮷野',
      '한국어',
      '\uf900',
    ],
    ...['ภาษาไทย', 'ประเทศ', 'ພາສາລາວ', 'ភាសាខ្មែរ', 'မြန်မာ'],
  ];
  const between = fc.constantFrom(' ', '\n', '. ', '😀', '❤\ufe0f', '(', '。');

  it('finds a word that stands in the text, in any script, case and composition', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...spacedWords, ...unspacedWords.filter((one) => one !== '\uf900')),
        fc.array(fc.constantFrom('other', '他', 'อื่น', 'x1'), { maxLength: 3 }),
        between,
        fc.constantFrom('NFC', 'NFD'),
        (word, others, gap, form) => {
          const text = [...others, word, ...others].join(gap);
          for (const [searched, query] of [
            [text, word],
            [text.normalize(form), word],
            [text, word.normalize(form)],
          ] as const) {
            assert.equal(rank([searched], query, { windowChars: 1_000 }).total, 1, searched);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds words of scripts without spaces within their sentence, and others beside them', () => {
    for (const word of unspacedWords) {
      const script = /\p{sc=Thai}/u.test(word) ? 'ไป' : '本';
      assert.equal(rank([`${script}${word}${script}`], word).total, 1, word);
    }
    assert.equal(rank(['新しいiPhone用ケース'], 'iphone').total, 1);
    assert.equal(rank(['ราคา100บาท'], '100').total, 1);
    assert.equal(rank(['東京'], '京都').total, 0);
    assert.deepStrictEqual(
      rank([lines('機械', '学習する機械学習', '機学')], '機械学習').hits.lines,
      [2, 1],
    );
  });

  it('takes a mark for a part of its word', () => {
    assert.equal(rank(['हिन्दी'], 'हिन').total, 0);
    assert.equal(rank(['cafe\u0301s'], 'caf').total, 0);
    assert.equal(rank(['cafe\u0301'], 'cafe').total, 0);
  });

  it('folds characters as flag i of a pattern does', () => {
    for (let code = 0x80; code < 0x1_f000; code += 1) {
      const char = String.fromCodePoint(code);
      if (/^[\p{L}\p{M}\p{N}]$/u.test(char) && char.toLowerCase() !== char.toUpperCase()) {
        const same = new RegExp(`^[${char}]$`, 'iu');
        for (const other of [char.toLowerCase(), char.toUpperCase()]) {
          assert.equal(foldChar(other) === foldChar(char), same.test(other), char);
        }
      }
    }
  });
});

function byStart(left: readonly number[], right: readonly number[]): number {
  return (left[1] ?? 0) - (right[1] ?? 0);
}
