import assert from 'node:assert/strict';
import { encode } from 'iconv-lite';
import { decodeBytes } from '../../../src/context/encodingNames';
import { guessEncoding } from '../../../src/context/guessEncoding';
import { encodingsByLanguage, readLanguage, toLogLines } from '../../support/languageTexts';

interface Score {
  readonly wrong: string[];
  /** Wrong, and not doubted. */
  readonly silent: string[];
  samples: number;
}

/** Samples of a length, in every language and encoding that can hold nearly all of it. */
function measure(chars: number, isLog: boolean): Score {
  const score: Score = { wrong: [], silent: [], samples: 0 };
  for (const [language, encodings] of Object.entries(encodingsByLanguage)) {
    const text = readLanguage(language);
    for (const encoding of encodings) {
      for (const from of [0, Math.floor(text.length / 3)]) {
        const part = text.slice(from, from + chars);
        const bytes = encode(
          isLog ? toLogLines(part) : part,
          encoding.replace('x-mac-cyrillic', 'maccyrillic'),
        );
        const meant = decodeBytes(bytes, encoding);
        const lost = meant.split('?').length - part.split('?').length;
        if (!/[^\0-\x7f]/u.test(meant) || lost > chars / 40) {
          continue;
        }
        const guess = guessEncoding(bytes);
        score.samples += 1;
        if (decodeBytes(bytes, guess.encoding) !== meant) {
          score.wrong.push(`${language} ${encoding} as ${guess.encoding}`);
          score.silent.push(
            ...(guess.isDoubtful ? [] : [`${language} ${encoding} as ${guess.encoding}`]),
          );
        }
      }
    }
  }
  return score;
}

describe('guessEncoding', () => {
  for (const [chars, leastRight] of [
    [80, 0.7],
    [300, 0.93],
    [1_000, 0.96],
    [10_000, 0.98],
  ] as const) {
    for (const isLog of [false, true]) {
      const where = isLog ? 'in log lines' : 'of plain text';
      it(`reads ${leastRight * 100} % of ${chars} characters ${where}, and doubts where it errs`, () => {
        const { samples, wrong, silent } = measure(chars, isLog);
        assert.ok(samples > 40, `${samples} samples`);
        assert.ok(wrong.length <= samples * (1 - leastRight), `${samples}: ${wrong.join(', ')}`);
        assert.deepStrictEqual(silent, []);
      });
    }
  }

  for (const [encoding, languages, leastRight] of [
    ['windows-874', ['th'], 1],
    ['windows-1255', ['he'], 1],
    ['cp437', ['de', 'fr'], 0.95],
    ['cp855', ['ru'], 1],
    ['ibm866', ['ru', 'bg'], 1],
    ['koi8-r', ['ru'], 1],
  ] as const) {
    it(`reads at least ${leastRight * 100} % of 300 characters of ${languages.join(' and ')} in ${encoding}`, () => {
      const wrong: string[] = [];
      let samples = 0;
      for (const language of languages) {
        const text = readLanguage(language);
        for (let from = 0; from < Math.min(text.length - 300, 9_000); from += 150) {
          const bytes = encode(text.slice(from, from + 300), encoding);
          const { encoding: found, isDoubtful } = guessEncoding(bytes);
          const highBytes = bytes.filter((byte) => byte >= 0x80).length;
          if (highBytes < 6) {
            continue;
          }
          samples += 1;
          if (decodeBytes(bytes, found) !== decodeBytes(bytes, encoding)) {
            wrong.push(`${language} at ${from} as ${found}${isDoubtful ? ', doubted' : ''}`);
          }
        }
      }
      assert.ok(samples >= 3, `${samples} samples`);
      assert.ok(
        wrong.length <= samples * (1 - leastRight) + 1e-9,
        `${wrong.length}/${samples}: ${wrong.join('; ')}`,
      );
    });
  }
});
