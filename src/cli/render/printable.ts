// Text of unknown origin on a terminal: what could drive the terminal, or reorder what is read, is
// shown instead of sent.

// C0 but tab and line feed, DEL, C1, and the bidirectional controls.
const unprintable =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export function toPrintable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(unprintable, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
