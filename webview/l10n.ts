// The viewer's words in the reader's language. The editor puts its translations into the page, where
// they are read at once: constants are made of them. An exported page has none, and speaks English.

import { fillIn } from '../src/base/text';
import { wordsPart } from '../src/protocol/viewer';
import { toPluralText } from '../src/export/wording';

const words = readWords();

/** As the editor's own `l10n.t`: the English text is the key, `{0}` stands for the first value. */
export function t(text: string, ...values: readonly (string | number)[]): string {
  return fillIn(words[text] ?? text, ...values);
}

/** `1 call`, `2,000 calls`; translated as `{0} call` and `{0} calls`. */
export function toPlural(count: number, noun: string): string {
  return toPluralText(count, noun, t);
}

function readWords(): Readonly<Partial<Record<string, string>>> {
  const words = document.getElementById(wordsPart)?.textContent ?? '{}';
  return JSON.parse(words) as Readonly<Record<string, string>>; // written by panelHtml.ts
}
