// What of a long text is kept, and how much was left out.

/** Of one command's output, and of one diff. */
export const maxOutputChars = 64_000;
/** Of a raw payload, and of arguments and results. */
export const maxPayloadChars = 32_000;

export interface CutText {
  readonly text: string;
  readonly droppedChars: number;
}

/** Both ends of a text that is longer than `maxChars`; what is left out is told in its middle. */
export function cutMiddle(text: string, maxChars: number): CutText {
  if (text.length <= maxChars) {
    return { text, droppedChars: 0 };
  }
  const half = Math.floor(maxChars / 2);
  const headEnd = half - (isHighSurrogate(text, half - 1) ? 1 : 0);
  const tailStart = text.length - half + (isHighSurrogate(text, text.length - half - 1) ? 1 : 0);
  const droppedChars = tailStart - headEnd;
  const mark = `\n[… ${droppedChars} characters left out …]\n`;
  return { text: `${text.slice(0, headEnd)}${mark}${text.slice(tailStart)}`, droppedChars };
}

/** The first `maxChars` of it. */
export function cutEnd(text: string, maxChars: number): CutText {
  if (text.length <= maxChars) {
    return { text, droppedChars: 0 };
  }
  const end = maxChars - (isHighSurrogate(text, maxChars - 1) ? 1 : 0);
  return { text: text.slice(0, end), droppedChars: text.length - end };
}

/** As JSON. */
export function cutJson(value: unknown, maxChars = maxPayloadChars): CutText {
  return cutEnd(JSON.stringify(value) ?? 'null', maxChars);
}

/** The value itself where it is small, else the beginning of its JSON. */
export function cutValue(value: unknown): unknown {
  const { text, droppedChars } = cutJson(value);
  return droppedChars === 0 ? value : `${text}[… ${droppedChars} characters left out …]`;
}

function isHighSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff;
}
