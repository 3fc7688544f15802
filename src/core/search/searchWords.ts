// The words of a query, and of what is searched, in one form. Whatever a person types is a query. Pure.

export interface SearchTerm {
  /** As it was typed. */
  readonly shown: string;
  /** As it stands in an index text: words that follow each other. */
  readonly text: string;
  /** Words that begin so are meant too. */
  readonly isPrefix: boolean;
}

export interface SearchWords {
  /** In quotes: all of them must be there. */
  readonly phrases: readonly SearchTerm[];
  /** The more of them, the better. */
  readonly terms: readonly SearchTerm[];
}

export const maxQueryChars = 1_000;
const maxTerms = 32;

/** Words that nearly every text has; they count only where there are no others. */
const fillers: ReadonlySet<string> = new Set(
  (
    'a an and any are as at be been but by can could did do does for from had has have how i if in into is it its ' +
    'me my no not of on or our so than that the their them then there these they this those to was we were what ' +
    'when where which who whom why will with would you your'
  ).split(' '),
);

const wordPattern = /[\p{L}\p{N}]/u;
/** Scripts whose words are not set apart: each character is a word, and words are rows of them. */
const joinedPattern =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;
const camelPattern = /\p{Ll}\p{Lu}/u;
const identifierPattern = /\p{L}[\p{L}\p{N}]*/gu;
const camelSeam =
  /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u;

export function parseSearchWords(query: string): SearchWords {
  const phrases: SearchTerm[] = [];
  const words: SearchTerm[] = [];
  for (const [piece] of query.normalize('NFC').matchAll(/"[^"]*"?\*?|[^\s"]+/gu)) {
    const isQuoted = piece.startsWith('"');
    const isPrefix = piece.endsWith('*');
    const shown = piece.replace(/^"|"?\*?$/gu, '');
    if (wordPattern.test(shown)) {
      (isQuoted ? phrases : words).push({ shown, text: toSpaced(shown), isPrefix });
    }
  }
  const telling = words.filter(({ shown }) => !fillers.has(shown.toLowerCase()));
  const chosen = telling.length > 0 || phrases.length > 0 ? telling : words;
  const seen = new Set<string>();
  const terms = chosen.filter(({ text }) => {
    const isNew = !seen.has(text.toLowerCase());
    seen.add(text.toLowerCase());
    return isNew;
  });
  return { phrases: phrases.slice(0, maxTerms), terms: terms.slice(0, maxTerms) };
}

/** Whether there is anything in it that can be looked for. */
export function hasWords({ phrases, terms }: SearchWords): boolean {
  return phrases.length + terms.length > 0;
}

/** What an index of words is given for a text: the parts of `camelCase` names are words too. */
export function toIndexText(text: string): string {
  const parts = new Set<string>();
  if (camelPattern.test(text)) {
    for (const [name] of text.matchAll(identifierPattern)) {
      if (camelPattern.test(name)) {
        name.split(camelSeam).forEach((part) => parts.add(part));
      }
    }
  }
  const spaced = toSpaced(text.normalize('NFC'));
  return parts.size === 0 ? spaced : `${spaced}\n${[...parts].join(' ')}`;
}

function toSpaced(text: string): string {
  return text.replaceAll('\0', ' ').replace(joinedPattern, ' $& ');
}

/** At most `maxChars` of the text around the words that it was found by, in one line. */
export function toSnippet(text: string, terms: readonly SearchTerm[], maxChars: number): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  if (line.length <= maxChars) {
    return line;
  }
  const folded = line.toLowerCase();
  const spots = terms
    .map(({ shown }) => findWord(folded, shown.toLowerCase()))
    .filter((at) => at >= 0);
  const start = chooseStart(spots, line.length, maxChars);
  const end = Math.min(line.length, start + maxChars);
  return `${start > 0 ? '…' : ''}${trimPairs(line.slice(start, end))}${end < line.length ? '…' : ''}`;
}

/** The word itself, or what its stem may be. */
function findWord(text: string, word: string): number {
  const whole = text.indexOf(word);
  return whole >= 0 || word.length < 5 ? whole : text.indexOf(word.slice(0, -2));
}

/** Where a window has the most of the spots, a little before the first of them. */
function chooseStart(spots: readonly number[], length: number, maxChars: number): number {
  const lead = Math.floor(maxChars / 6);
  const best = spots
    .map((from) => ({
      from,
      count: spots.filter((at) => at >= from && at < from + maxChars - 2 * lead).length,
    }))
    .sort((left, right) => right.count - left.count || left.from - right.from)[0];
  return Math.max(0, Math.min((best?.from ?? 0) - lead, length - maxChars));
}

/** Halves of surrogate pairs at both ends are left out. */
function trimPairs(text: string): string {
  return text.replace(/^[\udc00-\udfff]/u, '').replace(/[\ud800-\udbff]$/u, '');
}
