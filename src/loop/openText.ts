// Whether code, so far, ends inside a text of several lines. A scanner, not a parser: what it cannot know (a
// quote in a regular expression) is forgotten at the end of the line.

import type { Language } from '../core/sandbox';

/** What opens a text or comment, longest first, and what closes it. */
interface Span {
  readonly open: string;
  readonly close: string;
  /** It goes on over line ends. */
  readonly isLong: boolean;
}

const spans: Readonly<Record<Language, readonly Span[]>> = {
  python: [
    { open: '"""', close: '"""', isLong: true },
    { open: "'''", close: "'''", isLong: true },
    { open: '"', close: '"', isLong: false },
    { open: "'", close: "'", isLong: false },
    { open: '#', close: '\n', isLong: false },
  ],
  javascript: [
    { open: '//', close: '\n', isLong: false },
    { open: '/*', close: '*/', isLong: true },
    { open: '`', close: '`', isLong: true },
    { open: '"', close: '"', isLong: false },
    { open: "'", close: "'", isLong: false },
  ],
};

/** Reads code line by line, each character once. */
export class TextScanner {
  readonly #spans: readonly Span[];
  #inside: Span | undefined;

  constructor(language: Language) {
    this.#spans = spans[language];
  }

  /** Whether what was read ends inside a text or comment that goes on over line ends. */
  get isInsideText(): boolean {
    return this.#inside?.isLong ?? false;
  }

  /** `line` has no line end. */
  addLine(line: string): void {
    const code = `${line}\n`;
    for (let at = 0; at < code.length; at += 1) {
      const inside = this.#inside;
      const span = inside ?? this.#spans.find(({ open }) => code.startsWith(open, at));
      if (!span) {
        continue;
      }
      if (!inside) {
        this.#inside = span;
        at += span.open.length - 1;
      } else if (code[at] === '\\' && span.close !== '\n') {
        at += 1;
      } else if (code.startsWith(span.close, at)) {
        this.#inside = undefined;
        at += span.close.length - 1;
      } else if (code[at] === '\n' && !span.isLong) {
        this.#inside = undefined;
      }
    }
  }
}
