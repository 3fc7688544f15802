// Text that shows what it holds: nothing in it can move, hide or reorder what stands around it.

const lineEnds = /\r\n/gu;
// C0 but tab and line feed, DEL, C1; soft hyphen; zero-width, bidi and tag characters; lone surrogates.
const unseen =
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;

/** Control characters become their picture (`␛`) or their code (`‹U+202E›`); CRLF becomes LF. */
export function showControls(text: string): string {
  return text.replace(lineEnds, '\n').replace(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) {
      return String.fromCodePoint(0x2400 + code);
    }
    return code === 0x7f ? '␡' : `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
  });
}
