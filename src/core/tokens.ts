// Token counts where no provider has counted: an estimate to show, and a bound to hold budgets by.

/** About what a model would count. Source: a token is about four bytes of text in common vocabularies. */
export function estimateTokens(text: string): number {
  return Math.ceil(maxTokens(text) / 4);
}

/**
 * No tokenizer makes more of the text itself; what a provider wraps around messages is not in it.
 * Source: byte-level vocabularies give each token at least one byte of UTF-8.
 */
export function maxTokens(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) {
      // A surrogate pair is four bytes in two units, a lone surrogate becomes three.
      bytes += unit < 0x800 || isPaired(text, index) ? 1 : 2;
    }
  }
  return bytes;
}

function isPaired(text: string, index: number): boolean {
  const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
  const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
  const unit = text.charCodeAt(index);
  return (
    (isHigh(unit) && isLow(text.charCodeAt(index + 1))) ||
    (isLow(unit) && isHigh(text.charCodeAt(index - 1)))
  );
}
