// Colours that a program writes for a terminal: they become styles, everything else stays text.

/** One of the sixteen colours, or bold. */
export type AnsiStyle = 'bold' | `${number}`;

export interface StyledText {
  /** Null: as the text around it. */
  readonly style: AnsiStyle | null;
  readonly text: string;
}

// eslint-disable-next-line no-control-regex -- the escape character is what this is about
const sequence = /\u001b\[([\d;]*)m/gu;

/** Colours are numbered from 0 to 15. Only one style holds at a time; unknown codes change nothing. */
export function toStyledText(text: string): readonly StyledText[] {
  const pieces: StyledText[] = [];
  let style: AnsiStyle | null = null;
  let at = 0;
  const put = (end: number): void => {
    if (end > at) {
      pieces.push({ style, text: text.slice(at, end) });
    }
  };
  for (const match of text.matchAll(sequence)) {
    put(match.index);
    at = match.index + match[0].length;
    style = applyCodes(style, (match[1] ?? '').split(';').map(Number));
  }
  put(text.length);
  return pieces;
}

function applyCodes(style: AnsiStyle | null, codes: readonly number[]): AnsiStyle | null {
  return codes.reduce<AnsiStyle | null>((current, code) => {
    if (code === 0 || code === 39 || code === 22) {
      return null;
    }
    if (code === 1) {
      return current ?? 'bold';
    }
    if (code >= 30 && code <= 37) {
      return `${code - 30}`;
    }
    return code >= 90 && code <= 97 ? `${code - 82}` : current;
  }, style);
}
