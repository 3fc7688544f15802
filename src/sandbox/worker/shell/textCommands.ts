// Commands that take lines or bytes in and give some of them out.

import { isInputFile, isInputShared } from './engineHooks';
import {
  type Bytes,
  CommandFailure,
  type Input,
  type Options,
  type Output,
  type ShellContext,
  createCommand,
  decodeText,
  parseCount,
  parseOptions,
  readFileBytes,
  readInputs,
  requireUnshared,
  splitKeeping,
  splitLines,
  toByteText,
  unsupported,
  writeFileBytes,
} from './commandLine';

const cat = createCommand('cat', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: 'nbsETAevtu',
    long: {
      number: 'n',
      'number-nonblank': 'b',
      'squeeze-blank': 's',
      'show-ends': 'E',
      'show-tabs': 'T',
      'show-all': 'A',
    },
  });
  for (const letter of 'evt') {
    if (options.has(letter)) {
      throw unsupported(`option -${letter}`);
    }
  }
  const inputs = await readInputs(context, { names: options.operands, output });
  const text = inputs.map(({ bytes }) => bytes).join('');
  const isShown = [...'nbsETA'].some((letter) => options.has(letter));
  output.write(isShown ? showLines(text, options) : text);
});

function showLines(text: Bytes, options: Options): Bytes {
  const [all, squeezes] = [options.has('A'), options.has('s')];
  const hasTabs = all || options.has('T');
  const hasEnds = all || options.has('E');
  if (all && /[^\t\n -~]/u.test(text)) {
    throw unsupported('-A for bytes beyond printable ASCII');
  }
  let number = 0;
  let wasBlank = false;
  return splitKeeping(text)
    .filter((line) => {
      const isDropped = squeezes && line === '\n' && wasBlank;
      wasBlank = line === '\n';
      return !isDropped;
    })
    .map((line) => {
      const isNumbered = options.has('b') ? line !== '\n' : options.has('n');
      number += isNumbered ? 1 : 0;
      const shown = hasTabs ? line.replaceAll('\t', '^I') : line;
      const ended = hasEnds ? shown.replace(/(\r?)\n$/u, (_, cr) => `${cr ? '^M' : ''}$\n`) : shown;
      return `${isNumbered ? `${String(number).padStart(6)}\t` : ''}${ended}`;
    })
    .join('');
}

const headAndTail = { lines: 'n', bytes: 'c', quiet: 'q', silent: 'q', verbose: 'v' };

const head = createCommand('head', async (args, context, output) => {
  const options = parseOptions(args, { flags: 'qv', values: 'nc', long: headAndTail, number: 'n' });
  await cutInputs(options, { context, output }, (bytes) => {
    const { unit, sign, count } = readAmount(options);
    const pieces = unit === 'bytes' ? bytes : splitKeeping(bytes);
    const end = sign === '-' ? Math.max(0, pieces.length - count) : count;
    return typeof pieces === 'string' ? pieces.slice(0, end) : pieces.slice(0, end).join('');
  });
});

const tail = createCommand('tail', async (args, context, output) => {
  const isOld = /^\+\d+$/u.test(args[0] ?? '');
  const plussed = isOld ? [`-n${args[0] ?? ''}`, ...args.slice(1)] : args;
  const options = parseOptions(plussed, {
    ...{ flags: 'qv', values: 'nc', long: headAndTail, number: 'n' },
  });
  const { sign: only, count: asked } = readAmount(options);
  if (asked === 0 && only !== '+') {
    return; // it looks at no file
  }
  await cutInputs(options, { context, output }, (bytes) => {
    const { unit, sign, count } = readAmount(options);
    const pieces = unit === 'bytes' ? bytes : splitKeeping(bytes);
    const start = sign === '+' ? Math.max(0, count - 1) : Math.max(0, pieces.length - count);
    return typeof pieces === 'string' ? pieces.slice(start) : pieces.slice(start).join('');
  });
});

function readAmount(options: Options) {
  if (options.has('n') && options.has('c')) {
    throw unsupported('-n together with -c');
  }
  const unit = options.has('c') ? 'bytes' : 'lines';
  const text = options.last(unit === 'bytes' ? 'c' : 'n') ?? '10';
  const sign = /^[+-]/u.exec(text)?.[0] ?? '';
  if (/^[+-]?\d+[a-zA-Z]+$/u.test(text)) {
    throw unsupported(`the number ${text}`);
  }
  return { unit, sign, count: parseCount(text.slice(sign.length), `number of ${unit}`) };
}

interface Run {
  readonly context: ShellContext;
  readonly output: Output;
}

async function cutInputs(
  options: Options,
  { context, output }: Run,
  cutOne: (bytes: Bytes) => Bytes,
): Promise<void> {
  readAmount(options);
  const hasHeaders = options.has('v') || (options.operands.length > 1 && !options.has('q'));
  let isFirst = true;
  for (const name of options.operands.length === 0 ? ['-'] : options.operands) {
    const [input] = await readInputs(context, { names: [name], output });
    if (input) {
      const shown = name === '-' ? 'standard input' : toByteText(name);
      output.write(hasHeaders ? `${isFirst ? '' : '\n'}==> ${shown} <==\n` : '');
      const piece = cutOne(input.bytes);
      if (name === '-') {
        requireUnshared(input.bytes.endsWith(piece));
      }
      output.write(piece);
      isFirst = false;
    }
  }
}

const tac = createCommand('tac', async (args, context, output) => {
  const options = parseOptions(args, { flags: '' });
  for (const { bytes } of await readInputs(context, { names: options.operands, output })) {
    output.write(splitKeeping(bytes).reverse().join(''));
  }
});

const rev = createCommand('rev', async (args, context, output) => {
  const options = parseOptions(args, { flags: '' });
  for (const { name, bytes } of await readInputs(context, { names: options.operands, output })) {
    for (const line of splitKeeping(requireText(bytes, name, context))) {
      const [text = '', end = ''] = line.split(/(\n)/u);
      output.write(toByteText(`${[...text].reverse().join('')}${end}`));
    }
  }
});

function requireText(bytes: Bytes, name: string, context: ShellContext): string {
  const text = decodeText(bytes, context);
  if (text === null) {
    throw new CommandFailure(`${name}: its bytes are not UTF-8, which this shell needs here`, 1);
  }
  return text;
}

const nl = createCommand('nl', async (args, context, output) => {
  const options = parseOptions(args, { flags: '', values: 'b', long: { 'body-numbering': 'b' } });
  const style = options.last('b') ?? 't';
  if (style !== 'a' && style !== 't') {
    throw unsupported(`numbering ${style}`);
  }
  const inputs = await readInputs(context, { names: options.operands, output });
  let number = 0;
  for (const line of inputs.flatMap(({ bytes }) => splitLines(bytes))) {
    if (/^(?:\\:){1,3}$/u.test(line)) {
      throw unsupported('a section of a page');
    }
    const isNumbered = style === 'a' || line !== '';
    number += isNumbered ? 1 : 0;
    output.write(isNumbered ? `${String(number).padStart(6)}\t${line}\n` : `       ${line}\n`);
  }
});

const uniq = createCommand('uniq', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: 'cdiu',
    long: { count: 'c', repeated: 'd', 'ignore-case': 'i', unique: 'u' },
  });
  const [source, target, ...others] = options.operands;
  if (others.length > 0) {
    throw new CommandFailure(`extra operand '${others[0] ?? ''}'`, 1);
  }
  const bytes = await readFileBytes(context, source ?? '-');
  const fold = (line: Bytes): Bytes =>
    options.has('i') ? line.replace(/[A-Z]+/gu, (letters) => letters.toLowerCase()) : line;
  const groups: { readonly line: Bytes; count: number }[] = [];
  for (const line of splitLines(bytes)) {
    const group = groups.at(-1);
    if (group && fold(group.line) === fold(line)) {
      group.count += 1;
    } else {
      groups.push({ line, count: 1 });
    }
  }
  const text = groups
    .filter(({ count }) => !(options.has('d') && count === 1) && !(options.has('u') && count > 1))
    .map(({ line, count }) => `${options.has('c') ? `${String(count).padStart(7)} ` : ''}${line}\n`)
    .join('');
  if (target === undefined || target === '-') {
    output.write(text);
  } else {
    await writeFileBytes(context, target, text);
  }
});

const wc = createCommand('wc', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: 'lwmc',
    long: { lines: 'l', words: 'w', chars: 'm', bytes: 'c' },
  });
  const asked = [...'lwmc'].filter((letter) => options.has(letter));
  const columns = asked.length > 0 ? asked : ['l', 'w', 'c'];
  const inputs = await readInputs(context, {
    names: options.operands,
    output,
    countsFolders: true,
  });
  const rows = inputs.map((input) => ({
    name: input.name,
    counts: countAll(input, columns, context),
  }));
  const hasTotal = options.operands.length > 1;
  if (hasTotal) {
    const counts = columns.map((_, at) =>
      rows.reduce((sum, row) => sum + (row.counts[at] ?? 0), 0),
    );
    rows.push({ name: 'total', counts });
  }
  // GNU's width comes from the sizes of the files, and is 7 where there is none.
  const sizes = inputs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const readsInput = options.operands.length === 0 || options.operands.includes('-');
  const hasFolder = inputs.some(({ isFolder }) => isFolder === true);
  const isStream = hasFolder || (readsInput && !isInputFile());
  const isBare = columns.length === 1 && options.operands.length <= 1;
  if (readsInput && isInputShared() && !isBare) {
    throw unsupported('several counts of the input of a group');
  }
  const width = isBare ? 1 : isStream ? 7 : String(sizes).length;
  for (const { name, counts } of rows) {
    const shown = options.operands.length > 0 ? ` ${toByteText(name)}` : '';
    output.write(`${counts.map((count) => String(count).padStart(width)).join(' ')}${shown}\n`);
  }
});

/** What stands between words. Source: glibc's spaces in C.UTF-8, and those that do not break. */
const wordSeparators = /[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2060\u3000]+/u;

function countAll(
  { name, bytes }: Input,
  columns: readonly string[],
  context: ShellContext,
): number[] {
  return columns.map((column) => {
    switch (column) {
      case 'l':
        return bytes.length - bytes.replaceAll('\n', '').length;
      case 'w': {
        const words = requireText(bytes, name, context).split(wordSeparators);
        return words.filter((word) => /[^\p{Cc}\p{Cn}]/u.test(word)).length;
      }
      case 'm':
        return [...requireText(bytes, name, context)].length;
      default:
        return bytes.length;
    }
  });
}

const comm = createCommand('comm', async (args, context, output) => {
  const options = parseOptions(args, { flags: '123' });
  const [first, second, ...others] = options.operands;
  if (first === undefined || second === undefined || others.length > 0) {
    throw new CommandFailure('two files are needed', 1);
  }
  const lines = [
    splitLines(await readFileBytes(context, first)),
    splitLines(await readFileBytes(context, second)),
  ];
  lines.forEach((list, index) => {
    if (list.some((line, at) => at > 0 && (list[at - 1] ?? '') > line)) {
      throw unsupported(`file ${index + 1}, which is not in sorted order,`);
    }
  });
  const indent = (column: number): string =>
    '\t'.repeat([1, 2, 3].filter((one) => one < column && !options.has(String(one))).length);
  const show = (column: number, line: Bytes): void => {
    output.write(options.has(String(column)) ? '' : `${indent(column)}${line}\n`);
  };
  const [left = [], right = []] = lines;
  for (let at = 0, other = 0; at < left.length || other < right.length;) {
    const [one, two] = [left[at], right[other]];
    if (one !== undefined && one === two) {
      show(3, one);
      at += 1;
      other += 1;
    } else if (two === undefined || (one !== undefined && one < two)) {
      show(1, one ?? '');
      at += 1;
    } else {
      show(2, two);
      other += 1;
    }
  }
});

const paste = createCommand('paste', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: 's',
    values: 'd',
    long: { serial: 's', delimiters: 'd' },
  });
  const given = options.last('d') ?? '\\t';
  if (/\\[^nt\\0]|\\$/u.test(given) || given === '') {
    throw unsupported(`the list of delimiters ${given}`);
  }
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', '0': '' };
  const delimiters = (toByteText(given).match(/\\?[\s\S]/gu) ?? []).map((one) =>
    one.length > 1 ? (escapes[one.charAt(1)] ?? '') : one,
  );
  const names = options.operands.length > 0 ? options.operands : ['-'];
  const delimiterAt = (at: number): string => delimiters[at % delimiters.length] ?? '';
  const join = (cells: readonly string[]): string =>
    cells.map((cell, at) => `${at > 0 ? delimiterAt(at - 1) : ''}${cell}`).join('');
  const streams = new Map<string, string[]>();
  for (const name of names) {
    streams.set(name, streams.get(name) ?? splitLines(await readFileBytes(context, name)));
  }
  if (options.has('s')) {
    for (const name of names) {
      output.write(`${join(streams.get(name) ?? [])}\n`);
      streams.set(name, name === '-' ? [] : (streams.get(name) ?? []));
    }
    return;
  }
  const columns = names.map((name) =>
    name === '-' ? (streams.get('-') ?? []) : [...(streams.get(name) ?? [])],
  );
  while (columns.some((column) => column.length > 0)) {
    output.write(`${join(columns.map((column) => column.shift() ?? ''))}\n`);
  }
});

const tee = createCommand('tee', async (args, context, output) => {
  const options = parseOptions(args, { flags: 'a', long: { append: 'a' } });
  const bytes = await readFileBytes(context, '-');
  output.write(bytes);
  for (const name of options.operands) {
    try {
      const before = options.has('a') ? await readFileBytes(context, name).catch(() => '') : '';
      await writeFileBytes(context, name, `${before}${bytes}`);
    } catch (thrown) {
      output.fail(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
});

export const textCommands = [cat, head, tail, tac, rev, nl, uniq, wc, comm, paste, tee];
