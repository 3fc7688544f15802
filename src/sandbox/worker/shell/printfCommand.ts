// printf as bash has it, in 64 bits and in bytes. What needs the system's own numbers or clock is refused.

import { callOriginal, unescape } from './byteCommands';
import {
  type Bytes,
  CommandFailure,
  type Output,
  type ShellContext,
  createCommand,
  decodeText,
  toByteText,
  unsupported,
} from './commandLine';

interface Conversion {
  readonly flags: string;
  readonly width: string;
  readonly precision: string | null;
  readonly letter: string;
}

/** A text as it stands, or a conversion. */
type Piece = Bytes | Conversion;

const maxWidth = 100_000;

export const printfCommand = createCommand('printf', async (args, context, output) => {
  const isAssigning = args[0] === '-v';
  const [format, ...values] = args.slice(isAssigning ? 2 : args[0] === '--' ? 1 : 0);
  if (format === undefined) {
    throw new CommandFailure('usage: printf [-v var] format [arguments]', 2);
  }
  const printing = new Printing(values, context, output);
  const bytes = await printing.run(parseFormat(toByteText(format)));
  if (!isAssigning) {
    output.write(bytes);
    return;
  }
  const text = decodeText(bytes, context);
  if (text === null) {
    throw unsupported('a variable with bytes that are not UTF-8');
  }
  const result = await callOriginal(context, ['-v', args[1] ?? '', '%s', text]);
  if (result.stderr !== '') {
    output.note(result.stderr);
  }
  output.exitCode = Math.max(output.exitCode, result.exitCode);
});

const escapes: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '"': '"', "'": "'", '?': '?' },
};

/** @throws CommandFailure */
function parseFormat(format: Bytes): readonly Piece[] {
  const pattern =
    /%%|%([-+ 0#]*)((?:[1-9]\d*)?|\*)(?:\.(\d*|\*))?([a-zA-Z(])|\\([0-7]{1,3})|\\x([0-9A-Fa-f]{1,2})|\\u([0-9A-Fa-f]{1,4})|\\U([0-9A-Fa-f]{1,8})|\\([\s\S])|([^%\\]+)|([\s\S])/gu;
  return [...format.matchAll(pattern)].map(
    ([all, flags = '', width = '', precision, letter, octal, hex, unit, wide, escaped, plain]) => {
      if (letter !== undefined) {
        if (!'sdiuxXocbqfF'.includes(letter)) {
          throw unsupported(`${all} of a format`);
        }
        return { flags, width, precision: precision ?? null, letter };
      }
      if (octal !== undefined || hex !== undefined) {
        return String.fromCharCode(
          parseInt(octal ?? hex ?? '', octal === undefined ? 16 : 8) & 255,
        );
      }
      const code = unit ?? wide;
      if (code !== undefined) {
        return toCharacter(parseInt(code, 16));
      }
      if (escaped !== undefined) {
        const char = escapes[escaped];
        if (char === undefined && /[cxuU]/u.test(escaped)) {
          throw unsupported(`${all} of a format`);
        }
        return char ?? all;
      }
      if (all === '%') {
        throw unsupported('what this format converts');
      }
      return all === '%%' ? '%' : (plain ?? all);
    },
  );
}

function toCharacter(code: number): Bytes {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    throw unsupported('a number that is no character');
  }
  return toByteText(String.fromCodePoint(code));
}

class Printing {
  readonly #values: readonly string[];
  readonly #context: ShellContext;
  readonly #output: Output;
  #at = 0;
  #isStopped = false;

  constructor(values: readonly string[], context: ShellContext, output: Output) {
    this.#values = values;
    this.#context = context;
    this.#output = output;
  }

  /** The format again and again, until no value is left. */
  async run(pieces: readonly Piece[]): Promise<Bytes> {
    const parts: Bytes[] = [];
    const takes = pieces.some((piece) => typeof piece !== 'string');
    do {
      for (const piece of pieces) {
        if (!this.#isStopped) {
          parts.push(typeof piece === 'string' ? piece : await this.#convert(piece));
        }
      }
    } while (takes && this.#at < this.#values.length && !this.#isStopped);
    return parts.join('');
  }

  #take(): string | undefined {
    this.#at += 1;
    return this.#values[this.#at - 1];
  }

  async #convert({ flags, width, precision, letter }: Conversion): Promise<Bytes> {
    const columns = width === '*' ? Number(this.#toInteger(this.#take())) : Number(width);
    const digits =
      precision === '*'
        ? Number(this.#toInteger(this.#take()))
        : precision === null
          ? null
          : Number(precision);
    if (Math.abs(columns) > maxWidth || (digits ?? 0) > maxWidth) {
      throw unsupported('so wide a field');
    }
    const isLeft = flags.includes('-') || columns < 0;
    const size = Math.abs(columns);
    const limit = digits !== null && digits < 0 ? null : digits;
    const value = this.#take();
    const text = await this.#toText(value, { flags, limit, letter, size });
    const body = typeof text === 'string' ? text : `${text.sign}${text.body}`;
    if (isLeft) {
      return body.padEnd(size);
    }
    const isNumber = typeof text !== 'string';
    const fillsZeros = isNumber && flags.includes('0') && (limit === null || 'fF'.includes(letter));
    return fillsZeros
      ? `${text.sign}${text.body.padStart(size - text.sign.length, '0')}`
      : body.padStart(size);
  }

  async #toText(
    value: string | undefined,
    {
      flags,
      limit,
      letter,
      size,
    }: { flags: string; limit: number | null; letter: string; size: number },
  ): Promise<Bytes | Numeral> {
    const bytes = toByteText(value ?? '');
    if (
      'scbq'.includes(letter) &&
      (size > 0 || limit !== null || letter === 'c') &&
      /[^\0-\x7f]/u.test(bytes)
    ) {
      throw unsupported('a width for text beyond ASCII');
    }
    switch (letter) {
      case 's':
        return bytes.slice(0, limit ?? undefined);
      case 'c':
        return bytes.slice(0, 1);
      case 'b': {
        const { bytes: read, isCut } = unescape(bytes.replace(/\\([1-7][0-7]{0,2})/gu, '\\0$1'));
        this.#isStopped ||= isCut;
        return read.slice(0, limit ?? undefined);
      }
      case 'q':
        return toByteText((await callOriginal(this.#context, ['%q', value ?? ''])).stdout).slice(
          0,
          limit ?? undefined,
        );
      case 'f':
      case 'F':
        return toSigned(this.#toDecimal(value ?? '0', limit ?? 6), flags);
      default:
        return toNumeral(this.#toInteger(value), { flags, limit, letter });
    }
  }

  #complain(value: string): void {
    this.#output.fail(`${value}: invalid number`);
  }

  #toInteger(value = ''): bigint {
    if (/^['"]/u.test(value)) {
      return BigInt(value.codePointAt(1) ?? 0);
    }
    const [all, sign = '', hex, octal, decimal] =
      /^[ \t\n]*([-+]?)(?:0[xX]([0-9a-fA-F]+)|0([0-7]*)|(\d+))/u.exec(value) ?? [''];
    if (all !== value) {
      this.#complain(value);
    }
    const size =
      hex !== undefined
        ? BigInt(`0x${hex}`)
        : octal !== undefined
          ? BigInt(`0o${octal || '0'}`)
          : BigInt(decimal ?? 0);
    const number = sign === '-' ? -size : size;
    if (number >= 2n ** 63n || number < -(2n ** 63n)) {
      throw unsupported('a number of more than 64 bits');
    }
    return number;
  }

  /** With so many places. Source: the system rounds the binary number that is nearest, to even where it lies in the middle. */
  #toDecimal(value: string, places: number): string {
    const [all, sign = '', whole = '', fraction = '', exponent = '0'] =
      /^[ \t\n]*([-+]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?/u.exec(value) ?? [''];
    if (/^[ \t\n]*[-+]?(?:0[xX]|inf|nan|['"])/iu.test(value)) {
      throw unsupported(`the number ${value}`);
    }
    if (all !== value && value !== '') {
      this.#complain(value);
    }
    const digits = `${whole}${fraction}`.replace(/^0+/u, '');
    if (digits.length > 17 || Math.abs(Number(exponent)) > 30 || places > 60) {
      throw unsupported('a number of so many digits');
    }
    const scale = fraction.length - Number(exponent);
    const size = BigInt(digits || '0') * 10n ** BigInt(Math.max(0, -scale) + places);
    const unit = 10n ** BigInt(Math.max(0, scale));
    const isExact = isBinaryFraction(size, unit);
    const shownDigits = Math.max(0, digits.length - scale) + places;
    if (!isExact && shownDigits > 17) {
      throw unsupported('a number of so many digits');
    }
    let rounded = size / unit;
    const rest = 2n * (size % unit);
    if (rest === unit && !isExact) {
      throw unsupported('a number in the middle of two');
    }
    rounded += rest > unit || (rest === unit && rounded % 2n === 1n) ? 1n : 0n;
    const shown = rounded.toString().padStart(places + 1, '0');
    const end = shown.length - places;
    return `${sign === '-' ? '-' : ''}${shown.slice(0, end)}${places > 0 ? `.${shown.slice(end)}` : ''}`;
  }
}

function isBinaryFraction(size: bigint, unit: bigint): boolean {
  let [one, other] = [size, unit];
  while (other !== 0n) {
    [one, other] = [other, one % other];
  }
  const left = unit / one;
  return (left & (left - 1n)) === 0n;
}

interface Numeral {
  readonly sign: string;
  readonly body: string;
}

function toSigned(text: string, flags: string): Numeral {
  const isNegative = text.startsWith('-');
  const sign = isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return { sign, body: isNegative ? text.slice(1) : text };
}

function toNumeral(
  number: bigint,
  { flags, limit, letter }: { flags: string; limit: number | null; letter: string },
): Numeral {
  const pad = (digits: string): string =>
    limit === 0 && number === 0n ? '' : digits.padStart(limit ?? 0, '0');
  if ('di'.includes(letter)) {
    const { sign, body } = toSigned(number.toString(), flags);
    return { sign, body: pad(body) };
  }
  const plain = BigInt.asUintN(64, number);
  const base = letter === 'o' ? 8 : letter === 'u' ? 10 : 16;
  const digits = plain.toString(base);
  const shown = letter === 'X' ? digits.toUpperCase() : digits;
  const marks = flags.includes('#') && number !== 0n;
  if (letter === 'o' && flags.includes('#')) {
    const padded = pad(shown);
    return { sign: '', body: padded.startsWith('0') ? padded : `0${padded}` };
  }
  return { sign: marks && base === 16 ? `0${letter}` : '', body: pad(shown) };
}
