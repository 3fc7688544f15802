// What a file says of its own encoding: XML, HTML, CSS, Python, Emacs, Vim and TeX.

import { findEncoding } from './encodingNames';

/** Source: the HTML standard looks for a meta element in as many bytes. */
const headBytes = 1_024;
const modeLines = 5;
export const tailBytes = 1_024;

const inHead: readonly RegExp[] = [
  /^\s*<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]+)["']/u,
  /^@charset "([\w.:-]+)";/u,
  /<meta\s[^>]{0,300}?\bcharset\s*=\s*(?:["']\s*)?([\w.:-]+)/iu,
  // Source: PEP 263, and Emacs's -*- coding: x -*-; in the first two lines alone.
  /^(?:[^\n]*\n)?[^\n]{0,200}?(?:#|-\*-)[^\n]{0,200}?\b(?:file)?(?:en)?coding[:=][ \t]*([-\w.]+)/u,
  /^%[ \t]*!TEX[ \t]+encoding[ \t]*=[ \t]*([-\w.]+)/iu,
];

const vimLine = /\b(?:vim?|ex):[^\n]{0,200}?\b(?:fileencoding|fenc)=([-\w.]+)/u;

/** The encoding's name; null when nothing is said, or nothing that is known. UTF-16 is not told in ASCII. */
export function findDeclaredEncoding(head: Buffer, tail: Buffer): string | null {
  const start = head.toString('latin1', 0, headBytes).replace(/^\xef\xbb\xbf/u, '');
  const first = start.split('\n').slice(0, modeLines).join('\n');
  const last = tail
    .toString('latin1')
    .split('\n')
    .slice(-modeLines - 1)
    .join('\n');
  const label =
    inHead.map((rule) => rule.exec(start)?.[1]).find((found) => found !== undefined) ??
    vimLine.exec(first)?.[1] ??
    vimLine.exec(last)?.[1] ??
    null;
  const name = label === null ? null : findEncoding(label.replace(/-(?:unix|dos|mac)$/u, ''));
  return name !== null && /^utf-(?:16|32)/u.test(name) ? 'utf-8' : name;
}
