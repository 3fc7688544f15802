// Cutting and describing text without breaking surrogate pairs.

export interface CutText {
  readonly text: string;
  /** UTF-16 code units of the whole text. */
  readonly totalChars: number;
  readonly truncated: boolean;
}

/** The first `maxChars` UTF-16 units of `text`, one fewer where the cut would split a pair. */
export function cutText(text: string, maxChars: number): CutText {
  if (text.length <= maxChars) {
    return { text, totalChars: text.length, truncated: false };
  }
  return {
    text: text.slice(0, safeEnd(text, maxChars)),
    totalChars: text.length,
    truncated: true,
  };
}

/** `text`, or its first `maxChars` and a mark that says how many more there are. */
export function cutMarked(text: string, maxChars: number): string {
  const cut = cutText(text, maxChars);
  return cut.truncated ? cut.text + toCutMark(text.length - cut.text.length) : text;
}

/** Stands where a text was cut: `… [1,234 more characters]` in a line of its own. */
export function toCutMark(leftOut: number): string {
  return `\n… [${leftOut.toLocaleString('en')} more character${leftOut === 1 ? '' : 's'}]`;
}

/** At most `maxChars` characters and a note of what is missing; two thirds are the beginning, the rest the end. */
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

/** One line for a list: whitespace runs become a space, cut at `maxChars` with an ellipsis. */
export function toOneLine(text: string, maxChars: number): string {
  const head = text
    .slice(0, maxChars * 4)
    .replace(/\s+/gu, ' ')
    .trim();
  return head.length > maxChars || text.length > maxChars * 4
    ? `${head.slice(0, safeEnd(head, maxChars - 1))}…`
    : head;
}

/** Some editors put one at the head of a file; to an interpreter it is a wrong character. */
export function dropByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** `{0}`, `{1}` and so on become the values. */
export function fillIn(template: string, ...values: readonly (string | number)[]): string {
  return template.replace(/\{(\d)\}/gu, (_place, index) => String(values[Number(index)] ?? ''));
}

/** Bytes as people write them: `512 B`, `4.2 MB`. Powers of 1,000. */
export function toByteText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

function safeEnd(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

/** `1 line`, `2,000 lines`: of a noun whose plural ends in s. */
export function toCounted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
