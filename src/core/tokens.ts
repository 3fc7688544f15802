// How many tokens a text may be, where no provider has counted them.

/** An estimate for prose and code. Source: providers' rule of thumb of four bytes a token. */
export function estimateTokens(text: string): number {
  return Math.ceil(toUtf8Length(text) / 4);
}

/** Never less than any byte-level tokenizer makes of the text: a token takes at least one byte. */
export function maxTokens(text: string): number {
  return toUtf8Length(text);
}

function toUtf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) {
      // A surrogate pair is two units and four bytes.
      bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
    }
  }
  return bytes;
}
