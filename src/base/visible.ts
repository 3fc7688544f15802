// Text that shows what it holds: nothing in it can move, hide or reorder what stands around it, or drive a
// terminal.

const lineEnds = /\r\n/gu;
// C0 but tab and line feed, DEL, C1; soft hyphen; fillers, zero-width, bidi, variation and tag characters;
// lone surrogates.
const unseenClass =
  '\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
  '\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\p{Cs}';
const unseen = new RegExp(`[${unseenClass}]`, 'gu');
/** Colours and weights, which the command line itself writes: they change nothing but how text looks. */
const unseenButStyles = new RegExp(`(\\x1b\\[[0-9;]*m)|[${unseenClass}]`, 'gu');

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

/** The same characters as JavaScript escapes (`\u202e`), for a terminal or inside JSON strings. */
export function escapeControls(text: string): string {
  return text.replace(unseen, toEscape);
}

/** The same, but for the escape sequences that set colours and weights. */
export function escapeControlsButStyles(text: string): string {
  return text.replace(unseenButStyles, (found, style?: string) => style ?? toEscape(found));
}

function toEscape(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    const unit = character.charCodeAt(at).toString(16).padStart(4, '0');
    return `\\u${unit}`;
  }).join('');
}
