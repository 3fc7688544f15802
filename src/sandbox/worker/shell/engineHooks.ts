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

/** One character a byte, as the engine keeps bytes. */
export function toByteText(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

export function hasReplacedBytes(): boolean {
  return hasReplaced;
}

interface Conditional {
  inCondition: boolean;
}

/** Runs what `set -e` does not end, such as what stands before `||`, and all that it calls. */
export async function runTested<T>(
  state: Conditional,
  isTested: boolean,
  run: () => Promise<T>,
): Promise<T> {
  const before = state.inCondition;
  state.inCondition ||= isTested;
  try {
    return await run();
  } finally {
    state.inCondition = before;
  }
}

interface Optioned {
  options: Readonly<Record<string, boolean>>;
}

/** Runs what a command is substituted for: `set -e` of outside does not reach into it, nor its options out of it. */
export async function runSubstituted<T>(state: Optioned, run: () => Promise<T>): Promise<T> {
  const before = state.options;
  state.options = { ...before, errexit: false };
  try {
    return await run();
  } finally {
    state.options = before;
  }
}

/** Of a shell that another starts: as they are at the beginning. */
export function toFreshOptions(
  options: Readonly<Record<string, boolean>>,
): Record<string, boolean> {
  return Object.fromEntries(Object.keys(options).map((name) => [name, name === 'globskipdots']));
}

let isShared = false;
let hasOpenedFile = false;
let isFile = false;

/** The input of a group, where a command has none of its own: what it reads of it, others do not. */
export function shareInput(own: string, shared: string | undefined): string | undefined {
  isShared = own === '' && shared !== undefined && shared !== '';
  return shared;
}

export function isInputShared(): boolean {
  return isShared;
}

/** What comes in next is read from a file. */
export function noteFileInput(): void {
  hasOpenedFile = true;
}

export function noteRedirection(isRedirected: boolean): void {
  isFile = isRedirected && hasOpenedFile;
  hasOpenedFile = false;
}

export function isInputFile(): boolean {
  return isFile;
}

const setClasses: Readonly<Record<string, string>> = {
  ...{ alpha: '\\p{L}', digit: '0-9', alnum: '\\p{L}\\p{N}', upper: '\\p{Lu}', lower: '\\p{Ll}' },
  ...{ space: ' \\t\\n\\r\\f\\v', blank: ' \\t', punct: '\\p{P}\\p{S}', xdigit: '0-9A-Fa-f' },
  ...{
    cntrl: '\\x00-\\x1f\\x7f',
    print: ' \\p{L}\\p{N}\\p{P}\\p{S}\\p{M}',
    graph: '\\p{L}\\p{N}\\p{P}\\p{S}\\p{M}',
  },
};

/** The set of a pattern for names that begins there, as a regular expression; null: it is a plain bracket. */
export function readPatternSet(
  pattern: string,
  start: number,
): { readonly source: string; readonly end: number } | null {
  const rest = pattern.slice(start + 1);
  const found =
    /^([!^]?)((?:\[:\w+:\]|\\[\s\S]|(?!^)[^\]\\]|[^\\])(?:\[:\w+:\]|\\[\s\S]|[^\]\\])*)\]/u.exec(
      rest,
    );
  if (!found) {
    return null;
  }
  const [all, negation = '', inside = ''] = found;
  const source = inside.replace(
    /\[:(\w+):\]|\\([\s\S])|([\s\S])/gu,
    (part, name?: string, escaped?: string) => {
      if (name !== undefined) {
        return setClasses[name] ?? '';
      }
      const char = escaped ?? part;
      return char === '-' && escaped === undefined ? '-' : char.replace(/[\\\]^[-]/u, '\\$&');
    },
  );
  return {
    source: `[${negation === '' ? '' : '^'}${source.replace(/^-|-$/gu, '\\-')}]`,
    end: start + all.length,
  };
}

/** Character by character, as the system's library: one becomes one. */
export function toUpper(text: string): string {
  return Array.from(text, (char) => mapOne(char, char.toUpperCase())).join('');
}

export function toLower(text: string): string {
  return Array.from(text, (char) => (char === 'İ' ? 'i' : mapOne(char, char.toLowerCase()))).join(
    '',
  );
}

const mapOne = (char: string, mapped: string): string => ([...mapped].length === 1 ? mapped : char);

export function toUpperFirst(text: string): string {
  const [first = ''] = text;
  return `${toUpper(first)}${text.slice(first.length)}`;
}

export function toLowerFirst(text: string): string {
  const [first = ''] = text;
  return `${toLower(first)}${text.slice(first.length)}`;
}
