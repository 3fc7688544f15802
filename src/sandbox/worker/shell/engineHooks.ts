// What just-bash calls in place of its own arithmetic and decoding (patched in at build, see esbuild.mjs): it counts in doubles
// and 32 bits where a shell counts in 64, and takes bytes that are not UTF-8 for Latin-1, both without a word.

const operators: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '**': (left, right) => left ** right,
  '<<': (left, right) => left << (right & 63n),
  '>>': (left, right) => left >> (right & 63n),
  '&': (left, right) => left & right,
  '|': (left, right) => left | right,
  '^': (left, right) => left ^ right,
};
const assigning = new Set(['+=', '-=', '*=', '/=', '%=', '<<=', '>>=', '&=', '|=', '^=']);
const maxExponent = 64n;

/**
 * The result of an operator of arithmetic, also of one that assigns, on two whole numbers; undefined: it is none of them.
 * @throws RangeError where a shell's 64 bits are needed and doubles are not enough
 */
export function calculate(left: number, right: number, operator: string): number | undefined {
  requireExact(left);
  requireExact(right);
  const isAssigning = assigning.has(operator);
  const run = operators[isAssigning ? operator.slice(0, -1) : operator];
  if (run === undefined || (operator === '**' && right < 0)) {
    return undefined;
  }
  if (right === 0 && /^[/%]/u.test(operator)) {
    if (isAssigning) {
      throw new RangeError('division by 0');
    }
    return undefined; // the engine says so itself
  }
  if (operator === '**' && right > maxExponent && Math.abs(left) > 1) {
    throw tooLarge();
  }
  const result = Number(run(BigInt(left), BigInt(right)));
  requireExact(result);
  return result;
}

function requireExact(value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw tooLarge();
  }
}

function tooLarge(): RangeError {
  return new RangeError('numbers beyond 2^53 are not supported by this shell');
}

let hasReplaced = false;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `bytes`, one character each, as text; what is not UTF-8 is U+FFFD, and that is noted. */
export function decodeNoting(bytes: string): string {
  hasReplaced = true;
  return decoder.decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

export function hasReplacedBytes(): boolean {
  return hasReplaced;
}
