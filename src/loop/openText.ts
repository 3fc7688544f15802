// Whether code ends inside a text of several lines. A scanner, not a parser: what it cannot know (a
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

export function isInsideText(code: string, language: Language): boolean {
  let inside: Span | undefined;
  for (let at = 0; at < code.length; at += 1) {
    const span: Span | undefined =
      inside ?? spans[language].find(({ open }) => code.startsWith(open, at));
    if (!span) {
      continue;
    }
    if (!inside) {
      inside = span;
      at += span.open.length - 1;
    } else if (code[at] === '\\' && span.close !== '\n') {
      at += 1;
    } else if (code.startsWith(span.close, at)) {
      inside = undefined;
      at += span.close.length - 1;
    } else if (code[at] === '\n' && !span.isLong) {
      inside = undefined;
    }
  }
  return inside?.isLong ?? false;
}
