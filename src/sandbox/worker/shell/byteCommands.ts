// Commands on bytes and fields: cut and tr as GNU has them, which know bytes only; echo, printf, seq.

import {
  type Bytes,
  CommandFailure,
  type ShellContext,
  createCommand,
  parseOptions,
  readFileBytes,
  readInputs,
  splitLines,
  toByteText,
  unsupported,
} from './commandLine';

const cut = createCommand('cut', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: 'sn~',
    values: 'dfcbO',
    long: {
      bytes: 'b',
      characters: 'c',
      delimiter: 'd',
      fields: 'f',
      'only-delimited': 's',
      'output-delimiter': 'O',
      complement: '~',
    },
  });
  const kinds = ['b', 'c', 'f'].filter((letter) => options.has(letter));
  const [kind, another] = kinds;
  if (kind === undefined || another !== undefined || options.all(kind).length > 1) {
    throw new CommandFailure('one list of bytes, characters or fields is needed', 1);
  }
  if (options.has('n')) {
    throw unsupported('option -n');
  }
  if (kind !== 'f' && (options.has('d') || options.has('s'))) {
    throw new CommandFailure('-d and -s are for fields alone', 1);
  }
  const delimiter = options.has('d') ? toByteText(options.last('d') ?? '') : '\t';
  if (delimiter.length !== 1) {
    throw new CommandFailure('the delimiter must be a single character', 1);
  }
  const isChosen = createChoice(options.last(kind) ?? '', options.has('~'));
  const given = options.last('O');
  const joined = given === undefined ? delimiter : toByteText(given);
  for (const { bytes } of await readInputs(context, { names: options.operands, output })) {
    for (const line of splitLines(bytes)) {
      if (kind !== 'f') {
        if (given !== undefined) {
          throw unsupported('an output delimiter between bytes');
        }
        output.write(`${[...line].filter((_, at) => isChosen(at + 1)).join('')}\n`);
      } else if (line.includes(delimiter)) {
        const fields = line.split(delimiter).filter((_, at) => isChosen(at + 1));
        output.write(`${fields.join(joined)}\n`);
      } else if (!options.has('s')) {
        output.write(`${line}\n`);
      }
    }
  }
});

function createChoice(list: string, isComplement: boolean): (number: number) => boolean {
  const ranges = list.split(',').map((part) => {
    const found = /^(\d*)(?:(-)(\d*))?$/u.exec(part);
    const [, low = '', dash = '', high = ''] = found ?? [];
    if (!found || (low === '' && high === '')) {
      throw new CommandFailure(`invalid range: ${part}`, 1);
    }
    const from = low === '' ? 1 : Number(low);
    const to = dash === '' ? from : high === '' ? Infinity : Number(high);
    if (from === 0 || to === 0) {
      throw new CommandFailure('fields and positions are numbered from 1', 1);
    }
    if (to < from) {
      throw new CommandFailure('invalid decreasing range', 1);
    }
    return { from, to };
  });
  return (number) => ranges.some(({ from, to }) => number >= from && number <= to) !== isComplement;
}

const tr = createCommand('tr', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: 'cCdst',
    long: { complement: 'c', delete: 'd', 'squeeze-repeats': 's', 'truncate-set1': 't' },
  });
  const [first, second, ...others] = options.operands;
  const [deletes, squeezes] = [options.has('d'), options.has('s')];
  if (options.has('t')) {
    throw unsupported('option -t');
  }
  const needsSecond = deletes ? squeezes : !squeezes;
  if (first === undefined || (needsSecond && second === undefined)) {
    throw new CommandFailure('missing operand', 1);
  }
  if (others.length > 0 || (deletes && !squeezes && second !== undefined)) {
    throw new CommandFailure(`extra operand '${others[0] ?? second ?? ''}'`, 1);
  }
  const isComplement = options.has('c') || options.has('C');
  const given = expandSet(first);
  const set = isComplement ? complement(given.bytes) : given.bytes;
  const target = second === undefined ? null : expandSet(second);
  const bytes = await readFileBytes(context, '-');
  if (deletes) {
    const gone = new Set(set);
    const left = [...bytes].filter((byte) => !gone.has(byte)).join('');
    output.write(target ? squeeze(left, target.bytes) : left);
    return;
  }
  if (!target) {
    output.write(squeeze(bytes, set));
    return;
  }
  if (target.classes.some((name) => name !== 'upper' && name !== 'lower')) {
    throw unsupported('a class as what is put in place');
  }
  if (target.classes.length > 0 && given.classes.some((name) => !/^(?:upper|lower)$/u.test(name))) {
    throw new CommandFailure('misaligned [:upper:] and/or [:lower:] construct', 1);
  }
  if (
    target.classes.length > 0 &&
    (isComplement || given.classes.length !== 1 || first.length !== 9 || second?.length !== 9)
  ) {
    throw unsupported('a class beside others in a translation');
  }
  const last = target.bytes.at(-1);
  if (last === undefined) {
    throw new CommandFailure('when not truncating set1, string2 must be non-empty', 1);
  }
  const table = new Map(set.map((byte, at) => [byte, target.bytes[at] ?? last]));
  const translated = [...bytes].map((byte) => table.get(byte) ?? byte).join('');
  output.write(squeezes ? squeeze(translated, target.bytes) : translated);
});

const allBytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const classPatterns: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/u,
  alpha: /[A-Za-z]/u,
  blank: /[ \t]/u,
  cntrl: /[\0-\x1f\x7f]/u, // eslint-disable-line no-control-regex -- control characters are what is meant
  digit: /[0-9]/u,
  graph: /[!-~]/u,
  lower: /[a-z]/u,
  print: /[ -~]/u,
  punct: /[!-/:-@[-`{-~]/u,
  space: /[\t-\r ]/u,
  upper: /[A-Z]/u,
  xdigit: /[0-9A-Fa-f]/u,
};

interface ByteSet {
  readonly bytes: readonly Bytes[];
  readonly classes: readonly string[];
}

function expandSet(text: string): ByteSet {
  const bytes: Bytes[] = [];
  const classes: string[] = [];
  const given = toByteText(text);
  let at = 0;
  const take = (): Bytes => {
    const [all, char] = readEscape(given.slice(at));
    at += all.length;
    return char;
  };
  while (at < given.length) {
    const named = /^\[:([a-z]+):\]/u.exec(given.slice(at));
    const pattern = classPatterns[named?.[1] ?? ''];
    if (named && pattern) {
      classes.push(named[1] ?? '');
      bytes.push(...allBytes.filter((byte) => pattern.test(byte)));
      at += named[0].length;
      continue;
    }
    if (/^\[(?::[^\]]*:|=[\s\S]=|[\s\S]\*\d*)\]/u.test(given.slice(at))) {
      throw unsupported(`a set such as ${text}`);
    }
    const from = take();
    if (given.charAt(at) === '-' && at + 1 < given.length) {
      at += 1;
      const to = take();
      if (to < from) {
        throw new CommandFailure(`range-endpoints of '${from}-${to}' are in reverse order`, 1);
      }
      bytes.push(...allBytes.slice(from.charCodeAt(0), to.charCodeAt(0) + 1));
    } else {
      bytes.push(from);
    }
  }
  return { bytes, classes };
}

const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** What is read, and the byte that it is. */
function readEscape(text: Bytes): readonly [string, Bytes] {
  const octal = /^\\([0-7]{1,3})/u.exec(text);
  if (octal) {
    const code = parseInt(octal[1] ?? '', 8);
    if (code > 255) {
      throw unsupported(octal[0]);
    }
    return [octal[0], String.fromCharCode(code)];
  }
  const first = text.charAt(0);
  if (first !== '\\' || text.length === 1) {
    return [first, first];
  }
  const second = text.charAt(1);
  return [text.slice(0, 2), controls[second] ?? second];
}

function complement(bytes: readonly Bytes[]): readonly Bytes[] {
  const given = new Set(bytes);
  return allBytes.filter((byte) => !given.has(byte));
}

function squeeze(text: Bytes, bytes: readonly Bytes[]): Bytes {
  const squeezed = new Set(bytes);
  return [...text].filter((byte, at) => !(squeezed.has(byte) && text[at - 1] === byte)).join('');
}

const echo = createCommand('echo', (args, _context, output) => {
  let first = 0;
  let hasEscapes = false;
  let hasEnd = true;
  for (; /^-[neE]+$/u.test(args[first] ?? ''); first += 1) {
    for (const letter of (args[first] ?? '').slice(1)) {
      hasEnd &&= letter !== 'n';
      hasEscapes = letter === 'n' ? hasEscapes : letter === 'e';
    }
  }
  const text = toByteText(args.slice(first).join(' '));
  const { bytes, isCut } = hasEscapes ? unescape(text) : { bytes: text, isCut: false };
  output.write(`${bytes}${hasEnd && !isCut ? '\n' : ''}`);
});

type Group = string | undefined;
type Escape = readonly [
  all: string,
  stop: Group,
  octal: Group,
  hex: Group,
  unit: Group,
  wide: Group,
  control: Group,
  at: number,
];

/** The escapes of `echo -e` and of `%b`. */
export function unescape(text: Bytes): { readonly bytes: Bytes; readonly isCut: boolean } {
  const pattern =
    /\\(?:(c)|0([0-7]{0,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([abefnrtvE\\]))/gu;
  let isCut = false;
  let end = text.length;
  const replaceOne = (...[all, stop, octal, hex, unit, wide, control, at]: Escape): string => {
    if (stop !== undefined) {
      isCut = true;
      end = Math.min(end, at);
      return '\0cut';
    }
    if (octal !== undefined) {
      return String.fromCharCode(parseInt(String(octal) || '0', 8) & 255);
    }
    if (hex !== undefined) {
      return String.fromCharCode(parseInt(String(hex), 16));
    }
    const code = unit ?? wide;
    if (code !== undefined) {
      return toByteText(String.fromCodePoint(parseInt(String(code), 16)));
    }
    const name = String(control);
    return name === 'e' || name === 'E' ? '\x1b' : (controls[name] ?? all);
  };
  const bytes = text.replace(pattern, (...found: unknown[]) =>
    replaceOne(...(found as unknown as Escape)),
  ); // the pattern has these groups
  return isCut ? { bytes: unescape(text.slice(0, end)).bytes, isCut } : { bytes, isCut };
}

export async function callOriginal(context: ShellContext, args: readonly string[]) {
  if (!context.origCommand) {
    throw new CommandFailure('it is not there', 127);
  }
  return context.origCommand([...args]);
}

const seq = createCommand('seq', (args, _context, output) => {
  const separated = args.map((arg) => (/^-[\d.]/u.test(arg) ? `\0${arg}` : arg)); // numbers, no options
  const options = parseOptions(separated, {
    flags: 'w',
    values: 's',
    long: { separator: 's', 'equal-width': 'w' },
  });
  const numbers = options.operands.map((text) => text.replace('\0', ''));
  if (numbers.length === 0 || numbers.length > 3) {
    throw new CommandFailure('one to three numbers are needed', 1);
  }
  if (numbers.some((text) => /^[-+]?(?:0x|[\d.]+e|inf|nan)/iu.test(text))) {
    throw unsupported('a number in hexadecimal or with an exponent');
  }
  if (options.has('w') && numbers.some((text) => /^[-+]?0\d/u.test(text))) {
    throw unsupported('-w for a number that begins with 0');
  }
  const wrong = numbers.find((text) => !/^[+-]?(?:\d+|\d*\.\d+)$/u.test(text));
  if (wrong !== undefined) {
    throw new CommandFailure(`invalid floating point argument: '${wrong}'`, 1);
  }
  const [from = '1', step = '1', to = '1'] =
    numbers.length === 1
      ? ['1', '1', ...numbers]
      : numbers.length === 2
        ? [numbers[0], '1', numbers[1]]
        : numbers;
  const places = Math.max(...[from, step].map(countDecimals));
  const scaled = Math.max(places, countDecimals(to));
  const [first, by, last] = [from, step, to].map((text) => scale(text, scaled));
  if (first === undefined || by === undefined || last === undefined || by === 0n) {
    throw new CommandFailure(`invalid Zero increment value: '${step}'`, 1);
  }
  if ((last - first) / by > 5_000_000n) {
    throw unsupported('a sequence of more than 5 million numbers');
  }
  const shown: string[] = [];
  for (let at = first; by > 0n ? at <= last : at >= last; at += by) {
    shown.push(unscale(at, scaled, places));
  }
  const width = options.has('w')
    ? Math.max(...[first, last].map((one) => unscale(one, scaled, places).length))
    : 0;
  const texts = shown.map((text) =>
    text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0'),
  );
  if (texts.length > 0) {
    output.write(`${texts.join(toByteText(options.last('s') ?? '\n'))}\n`);
  }
});

const countDecimals = (text: string): number => text.split('.')[1]?.length ?? 0;

function scale(text: string, places: number): bigint {
  const [whole = '', decimals = ''] = text.replace(/^[+-]/u, '').split('.');
  const value = BigInt(`${whole}${decimals.padEnd(places, '0')}` || '0');
  return text.startsWith('-') ? -value : value;
}

function unscale(value: bigint, scaled: number, places: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scaled + 1, '0');
  const whole = digits.slice(0, digits.length - scaled);
  const decimals = digits.slice(digits.length - scaled).slice(0, places);
  return `${value < 0n ? '-' : ''}${whole}${places > 0 ? `.${decimals}` : ''}`;
}

export const byteCommands = [cut, tr, echo, seq];
