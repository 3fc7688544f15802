// Says of a reply that its text was not all Unicode.

/** Halves of surrogate pairs became U+FFFD; where there were none, nothing is said. */
export function sayReplaced<T extends object>(payload: T, replaced: number): T {
  return replaced === 0 ? payload : { replaced_surrogates: replaced, ...payload };
}

/** The same at the end of a Markdown text. */
export function toReplacedText(replaced: number): string {
  return replaced === 0
    ? ''
    : `\n\n${replaced} ${replaced === 1 ? 'half of a surrogate pair is' : 'halves of surrogate pairs are'} shown as U+FFFD.`;
}
