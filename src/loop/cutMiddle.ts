// Long texts for a model: the beginning and the end, and what is missing between them.

import { cutText } from '../base/text';

/** At most `maxChars` characters and the note of what is missing; two thirds are the beginning. */
export function cutMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) {
    return text;
  }
  const head = cutText(text, Math.floor((maxChars * 2) / 3)).text;
  const tailStart = text.length - (maxChars - head.length);
  const isSplitPair = (text.charCodeAt(tailStart) & 0xfc00) === 0xdc00;
  const tail = text.slice(isSplitPair ? tailStart + 1 : tailStart);
  const missing = (text.length - head.length - tail.length).toLocaleString('en');
  return `${head}\n… (${missing} characters left out here) …\n${tail}`;
}
