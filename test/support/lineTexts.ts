// Lines as the search helpers know them, worked out plainly: a line ends with \n, \r\n, or a \r alone.

export interface NormalText {
  /** With \n for every line break. */
  readonly text: string;
  /** Offsets of its UTF-16 units, and of its end, in the text that was given. */
  readonly offsets: readonly number[];
}

export function normalizeBreaks(given: string): NormalText {
  const offsets: number[] = [];
  let text = '';
  for (let at = 0; at < given.length; at += 1) {
    offsets.push(at);
    const isPair = given.startsWith('\r\n', at);
    text += given[at] === '\r' ? '\n' : (given[at] ?? '');
    at += isPair ? 1 : 0;
  }
  offsets.push(given.length);
  return { text, offsets };
}

export interface ExpectedMatch {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly lineText: string;
}

/** What a pattern of lines finds, by V8 over the text with plain line breaks. */
export function findInLines(given: string, pattern: string, flags: string): ExpectedMatch[] {
  const { text, offsets } = normalizeBreaks(given);
  const all = [...text.matchAll(new RegExp(pattern, flags))];
  return all
    .filter(({ index }) => isOnLine(text, index))
    .map((match) => {
      const before = text.slice(0, match.index).split('\n');
      const line = before.length;
      return {
        start: offsets[match.index] ?? NaN,
        end: offsets[match.index + match[0].length] ?? NaN,
        line,
        lineText: text.split('\n')[line - 1] ?? '',
      };
    });
}

/** Behind the last line break is no line, and an empty text has none. */
export function isOnLine(text: string, at: number): boolean {
  return at < text.length || /[^\n\r]$/u.test(text);
}

/** UTF-16 offsets as code points. */
export function toPoints(text: string, offset: number): number {
  return [...text.slice(0, offset)].length;
}
