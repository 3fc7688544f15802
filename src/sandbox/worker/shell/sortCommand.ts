// sort, in the order of bytes as the locale C.UTF-8 has it, with keys as GNU counts them.

import {
  type Bytes,
  CommandFailure,
  type Options,
  createCommand,
  parseOptions,
  readInputs,
  splitLines,
  toByteText,
  toMessage,
  unsupported,
  writeFileBytes,
} from './commandLine';

const long = {
  check: 'c',
  'field-separator': 't',
  'ignore-case': 'f',
  'ignore-leading-blanks': 'b',
  key: 'k',
  'numeric-sort': 'n',
  output: 'o',
  reverse: 'r',
  stable: 's',
  unique: 'u',
};

interface Order {
  readonly isNumeric: boolean;
  readonly isFolded: boolean;
  readonly isReversed: boolean;
}

interface Key extends Order {
  readonly field: number;
  readonly char: number;
  readonly skipsBlanks: boolean;
  /** Null: to the end of the line. */
  readonly end: {
    readonly field: number;
    readonly char: number;
    readonly skipsBlanks: boolean;
  } | null;
}

export const sortCommand = createCommand('sort', async (args, context, output) => {
  const options = parseOptions(args, { flags: 'bcfnrsu', values: 'kto', long });
  const [plus] = options.operands.filter((name) => /^\+\d/u.test(name));
  if (plus !== undefined) {
    throw unsupported(`the key ${plus}`);
  }
  if (options.has('c') && (options.has('o') || options.operands.length > 1)) {
    throw new CommandFailure('-c takes one file, and no -o', 2);
  }
  if (new Set(options.all('t')).size > 1) {
    throw new CommandFailure('incompatible tabs', 2);
  }
  const inputs = await readInputs(context, { names: options.operands, output, exitCode: 2 });
  if (output.exitCode > 0) {
    return;
  }
  const lines = inputs.flatMap(({ bytes }) => splitLines(bytes));
  const compare = createComparison(options);
  if (options.has('c')) {
    const at = lines.findIndex((line, index) => {
      const order = index === 0 ? -1 : compare.all(lines[index - 1] ?? '', line);
      return order > 0 || (order === 0 && options.has('u'));
    });
    if (at !== -1) {
      output.fail(`${inputs[0]?.name ?? '-'}:${at + 1}: disorder: ${lines[at] ?? ''}`);
    }
    return;
  }
  const sorted = lines.sort(compare.all);
  const kept = options.has('u')
    ? sorted.filter((line, at) => at === 0 || compare.all(sorted[at - 1] ?? '', line) !== 0)
    : sorted;
  const text = kept.map((line) => `${line}\n`).join('');
  const target = options.last('o');
  if (target === undefined) {
    output.write(text);
  } else {
    await writeFileBytes(context, target, text).catch((thrown: unknown) => {
      output.fail(`open failed: ${toMessage(thrown)}`, 2);
    });
  }
});

interface Comparison {
  readonly all: (left: Bytes, right: Bytes) => number;
}

function createComparison(options: Options): Comparison {
  const separator = readSeparator(options.last('t'));
  const order: Order = {
    isNumeric: options.has('n'),
    isFolded: options.has('f'),
    isReversed: options.has('r'),
  };
  const keys = options.all('k').map((text) => parseKey(text, order, options.has('b')));
  const whole: Key = { ...order, field: 0, char: 0, skipsBlanks: options.has('b'), end: null };
  const all = keys.length > 0 ? keys : [whole];
  const isPlain = keys.length === 0 && !order.isNumeric && !order.isFolded && !options.has('b');
  const isStable = options.has('s') || options.has('u') || isPlain;
  return {
    all: (left, right) => {
      for (const key of all) {
        const result = compareKeys(
          cutKey(left, key, separator),
          cutKey(right, key, separator),
          key,
        );
        if (result !== 0) {
          return key.isReversed ? -result : result;
        }
      }
      const last = isStable ? 0 : compareTexts(left, right);
      return order.isReversed ? -last : last;
    },
  };
}

function readSeparator(given: string | undefined): Bytes | null {
  if (given === undefined) {
    return null;
  }
  const bytes = given === '\\0' ? '\0' : toByteText(given);
  if (bytes.length !== 1) {
    throw new CommandFailure(`multi-character tab '${given}'`, 2);
  }
  return bytes;
}

function parseKey(text: string, order: Order, skipsBlanks: boolean): Key {
  const found = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/u.exec(text);
  const [, field = '', char = '1', flags = '', endField, endChar = '0', endFlags = ''] =
    found ?? [];
  if (!found || Number(field) === 0 || Number(char) === 0 || Number(endField ?? 1) === 0) {
    throw new CommandFailure(`invalid key: ${text}`, 2);
  }
  const given = `${flags}${endFlags}`;
  const strange = /[^bfnr]/u.exec(given);
  if (strange) {
    throw unsupported(`order ${strange[0]} of a key`);
  }
  const own = given === '' ? null : new Set(given);
  return {
    isNumeric: own ? own.has('n') : order.isNumeric,
    isFolded: own ? own.has('f') : order.isFolded,
    isReversed: own ? own.has('r') : order.isReversed,
    field: Number(field) - 1,
    char: Number(char) - 1,
    skipsBlanks: own ? flags.includes('b') : skipsBlanks,
    end:
      endField === undefined
        ? null
        : {
            field: Number(endField),
            char: Number(endChar),
            skipsBlanks: own ? endFlags.includes('b') : skipsBlanks,
          },
  };
}

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t';

/** Source: begfield and limfield of GNU sort. */
function cutKey(line: Bytes, { field, char, skipsBlanks, end }: Key, tab: Bytes | null): Bytes {
  let start = skipFields(line, field, tab, true);
  if (skipsBlanks) {
    start = skipWhile(line, start, isBlank);
  }
  start = Math.min(line.length, start + char);
  if (end === null) {
    return line.slice(start);
  }
  let limit = skipFields(line, end.char === 0 ? end.field : end.field - 1, tab, end.char !== 0);
  if (end.char !== 0) {
    if (end.skipsBlanks) {
      limit = skipWhile(line, limit, isBlank);
    }
    limit = Math.min(line.length, limit + end.char);
  }
  return line.slice(start, Math.max(start, limit));
}

/** Past so many fields, and the separator after the last of them. */
function skipFields(line: Bytes, count: number, tab: Bytes | null, passesLast: boolean): number {
  let at = 0;
  for (let field = 0; field < count && at < line.length; field += 1) {
    if (tab === null) {
      at = skipWhile(line, at, isBlank);
      at = skipWhile(line, at, (char) => !isBlank(char));
    } else {
      const found = line.indexOf(tab, at);
      at = found === -1 ? line.length : found;
      at += found !== -1 && (passesLast || field < count - 1) ? 1 : 0;
    }
  }
  return at;
}

function skipWhile(line: Bytes, from: number, holds: (char: string) => boolean): number {
  let at = from;
  while (at < line.length && holds(line.charAt(at))) {
    at += 1;
  }
  return at;
}

function compareKeys(left: Bytes, right: Bytes, { isNumeric, isFolded }: Order): number {
  if (isNumeric) {
    return compareNumbers(left, right);
  }
  return isFolded ? compareTexts(fold(left), fold(right)) : compareTexts(left, right);
}

const fold = (text: Bytes): Bytes => text.replace(/[a-z]+/gu, (letters) => letters.toUpperCase());

function compareTexts(left: Bytes, right: Bytes): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** As long as they may be. What is no number is 0. */
function compareNumbers(left: Bytes, right: Bytes): number {
  const [one, other] = [readNumber(left), readNumber(right)];
  if (one.isNegative !== other.isNegative) {
    return one.isNegative ? -1 : 1;
  }
  const order =
    one.whole.length - other.whole.length ||
    compareTexts(one.whole, other.whole) ||
    compareTexts(one.fraction, other.fraction);
  return one.isNegative ? -order : order;
}

function readNumber(text: Bytes) {
  const [, sign = '', digits = '', decimals = ''] =
    /^[ \t]*(-?)(\d*)(?:\.(\d*))?/u.exec(text) ?? [];
  const whole = digits.replace(/^0+/u, '');
  const fraction = withoutEndZeros(decimals);
  return { isNegative: sign === '-' && `${whole}${fraction}` !== '', whole, fraction };
}

function withoutEndZeros(digits: Bytes): Bytes {
  let end = digits.length;
  while (digits.charAt(end - 1) === '0') {
    end -= 1;
  }
  return digits.slice(0, end);
}
