// grep, of GNU's options those that are known here to the last byte.

import {
  type Bytes,
  CommandFailure,
  type Input,
  type Options,
  type Output,
  type ShellContext,
  createCommand,
  decodeLoosely,
  decodeMarking,
  decodeText,
  hasMarks,
  parseCount,
  parseOptions,
  readFileBytes,
  readStandardInput,
  requireUnshared,
  splitLines,
  toByteText,
  toMessage,
  unsupported,
} from './commandLine';
import { createPathMatcher } from './pathPattern';
import {
  type PosixPattern,
  type Span,
  compileForV8,
  compilePattern,
  createFinder,
} from './posixPattern';
import { withoutEndSlashes } from './treeFs';

const long = {
  'after-context': 'A',
  'before-context': 'B',
  color: '#',
  context: 'C',
  count: 'c',
  exclude: '!',
  'exclude-dir': '/',
  'extended-regexp': 'E',
  file: 'f',
  'files-with-matches': 'l',
  'files-without-match': 'L',
  'fixed-strings': 'F',
  'ignore-case': 'i',
  include: '+',
  'invert-match': 'v',
  'line-number': 'n',
  'line-regexp': 'x',
  'max-count': 'm',
  'no-filename': 'h',
  'no-messages': 's',
  'only-matching': 'o',
  'perl-regexp': 'P',
  quiet: 'q',
  recursive: 'r',
  regexp: 'e',
  text: 'a',
  'with-filename': 'H',
  'word-regexp': 'w',
};
const word = '[\\p{L}\\p{N}_]';

interface Asked {
  readonly matches: (line: string) => boolean;
  /** Null: it takes one of several patterns, of which the longest would have to be found. */
  readonly find: PosixPattern['find'];
  readonly isInverted: boolean;
  readonly limit: number;
  readonly before: number;
  readonly after: number;
  readonly shown: 'lines' | 'matches' | 'count' | 'names' | 'other names' | 'nothing';
  readonly hasNumbers: boolean;
  readonly hasNames: boolean;
  readonly isText: boolean;
  readonly isPerl: boolean;
}

export const grepCommands = [
  createCommand('grep', (args, context, output) => runGrep(args, { context, output })),
  createCommand('egrep', (args, context, output) => runGrep(['-E', ...args], { context, output })),
  createCommand('fgrep', (args, context, output) => runGrep(['-F', ...args], { context, output })),
];

async function runGrep(
  args: readonly string[],
  { context, output }: { context: ShellContext; output: Output },
): Promise<void> {
  const options = parseOptions(args, {
    flags: 'EFGPHLachilnoqrRsvwx',
    values: 'ABCefm+!/#',
    long,
    number: 'C',
  });
  if (['lL', 'hH'].some((pair) => [...pair].every((letter) => options.has(letter)))) {
    throw unsupported('one of two options that undo each other, such as -l and -L,');
  }
  const operands = [...options.operands];
  const patterns = await readPatterns(options, operands, context);
  if (options.all('#').some((when) => when !== 'never' && when !== 'auto')) {
    throw unsupported('colour');
  }
  const isRecursive = options.has('r') || options.has('R');
  const names = operands.length > 0 || !isRecursive ? operands : ['.'];
  const matcher = createMatcher(patterns, options);
  const inputs = await findInputs(names, isRecursive, {
    context,
    output,
    options,
    isImplied: operands.length === 0,
  });
  const hasNames = !options.has('h') && (options.has('H') || isRecursive || names.length > 1);
  const asked = createAsked(options, matcher, hasNames);
  const selected = inputs.map((input) => searchInput(input, asked, { context, output }));
  const isFound = selected.some((one) => one);
  if (isFound && options.has('q')) {
    output.exitCode = 0;
  } else if (!isFound && output.exitCode === 0) {
    output.exitCode = 1;
  }
}

async function readPatterns(
  options: Options,
  operands: string[],
  context: ShellContext,
): Promise<string[]> {
  const given = [...options.all('e')];
  for (const name of options.all('f')) {
    given.push(...splitLines(decodeLoosely(await readFileBytes(context, name))));
  }
  if (!options.has('e') && !options.has('f')) {
    const first = operands.shift();
    if (first === undefined) {
      throw new CommandFailure('no pattern was given', 2);
    }
    given.push(first);
  }
  return given.flatMap((pattern) => pattern.split('\n'));
}

type Matcher = Pick<Asked, 'matches' | 'find'>;

function createMatcher(patterns: readonly string[], options: Options): Matcher {
  const [isWord, isLine, ignoreCase] = ['w', 'x', 'i'].map((letter) => options.has(letter));
  const flags = ignoreCase === true ? 'iu' : 'u';
  const around = (source: string): string =>
    isLine === true
      ? `^(?:${source})$`
      : isWord === true
        ? `(?<!${word})(?:${source})(?!${word})`
        : source;
  if (options.has('F') || options.has('P')) {
    if (options.has('P') && patterns.length > 1) {
      throw new CommandFailure('the -P option supports only a single pattern', 2);
    }
    // Of plain texts the longest that begins at a place is found first.
    const sources = options.has('P')
      ? patterns.map(checkPerl)
      : [...patterns]
          .sort((left, right) => right.length - left.length)
          .map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&'));
    const source = around(sources.join('|'));
    const tested = compileForV8(source, `${flags}s`);
    return { matches: (line) => tested.test(line), find: createFinder(source, `${flags}s`) };
  }
  const syntax = options.has('E') ? 'extended' : 'basic';
  const compiled = patterns.map((pattern) =>
    compilePattern(pattern, { syntax, ignoreCase: ignoreCase === true, around, tool: 'grep' }),
  );
  return {
    matches: (line) => compiled.some((pattern) => pattern.test(line)),
    find: (text, from) =>
      compiled
        .map((pattern) => pattern.find(text, from))
        .filter((span) => span !== null)
        .reduce<Span | null>((best, span) => (best && !isBetter(span, best) ? best : span), null),
  };
}

function isBetter(span: Span, best: Span): boolean {
  return span.start < best.start || (span.start === best.start && span.end > best.end);
}

/** What Perl's patterns and V8's have in common, and mean alike. */
function checkPerl(pattern: string): string {
  const known =
    /^(?:[^\\[(]|\\[dDwWbBtnrfv0-9\\^$.*+?()[\]{}|/-]|\\[sS]|\((?:\?(?:[:=!]|<[=!])|(?!\?|\*))|\[\^?(?:[^\]\\[]|\\[dwtnrfv\\\]^[-])+\])*$/u;
  if (!known.test(pattern) || /[*+?}]\+/u.test(pattern)) {
    throw unsupported('a part of this pattern of -P');
  }
  return pattern
    .replace(/\\s/gu, '[\\t-\\r ]')
    .replace(/\\S/gu, '[^\\t-\\r ]')
    .replace(/\\-/gu, '-');
}

function createAsked(options: Options, matcher: Matcher, hasNames: boolean): Asked {
  const count = (letter: string): number =>
    parseCount(options.last(letter) ?? options.last('C') ?? '0', 'context length argument');
  const limit = options.has('m') ? parseCount(options.last('m') ?? '', 'max count') : Infinity;
  const shown = options.has('q')
    ? 'nothing'
    : options.has('L')
      ? 'other names'
      : options.has('l')
        ? 'names'
        : options.has('c')
          ? 'count'
          : options.has('o')
            ? 'matches'
            : 'lines';
  return {
    ...matcher,
    isInverted: options.has('v'),
    limit,
    before: count('B'),
    after: count('A'),
    shown,
    hasNumbers: options.has('n'),
    hasNames,
    isText: options.has('a'),
    isPerl: options.has('P'),
  };
}

interface Search {
  readonly context: ShellContext;
  readonly output: Output;
  readonly options: Options;
  /** No place was named. */
  readonly isImplied: boolean;
}

async function findInputs(
  names: readonly string[],
  isRecursive: boolean,
  search: Search,
): Promise<Input[]> {
  const { context, output, options } = search;
  if (names.length === 0) {
    return [{ name: '(standard input)', bytes: readStandardInput(context) }];
  }
  const inputs: Input[] = [];
  for (const name of names) {
    try {
      const path = context.fs.resolvePath(context.cwd, name);
      const isFolder = name !== '-' && (await isDirectory(context, path));
      if (isFolder && !isRecursive) {
        output.note(`grep: ${name}: Is a directory\n`);
        output.exitCode = Math.max(output.exitCode, 2);
        inputs.push({ name, bytes: '' });
      } else if (isFolder) {
        inputs.push(...(await walk(withoutEndSlashes(name), search)));
      } else {
        const shown = name === '-' ? '(standard input)' : name;
        inputs.push({ name: shown, bytes: await readFileBytes(context, name) });
      }
    } catch (thrown) {
      if (options.has('s')) {
        output.exitCode = 2;
      } else {
        output.fail(toMessage(thrown), 2);
      }
    }
  }
  return inputs;
}

async function isDirectory({ fs }: ShellContext, path: string): Promise<boolean> {
  try {
    return (await fs.stat(path)).isDirectory;
  } catch {
    return false; // reading it says why
  }
}

/** Files below a folder in the order of their names; links are not followed. */
async function walk(folder: string, search: Search): Promise<Input[]> {
  const { context, options, isImplied } = search;
  const { fs, cwd } = context;
  const inputs: Input[] = [];
  const base = isImplied && folder === '.' ? '' : `${folder.replace(/^\/$/u, '')}/`;
  const isMatching = (letter: string, name: string): boolean =>
    options.all(letter).some((pattern) => createPathMatcher(pattern, false)(name));
  for (const entry of await fs.readdir(fs.resolvePath(cwd, folder))) {
    const name = `${base}${entry}`;
    const state = await fs.lstat(fs.resolvePath(cwd, name));
    if (state.isSymbolicLink && options.has('R')) {
      throw unsupported('-R where there are links');
    }
    if (state.isDirectory && !isMatching('/', entry)) {
      inputs.push(...(await walk(name, { ...search, isImplied: false })));
    } else if (
      state.isFile &&
      !isMatching('!', entry) &&
      (!options.has('+') || isMatching('+', entry))
    ) {
      inputs.push({ name, bytes: await readFileBytes(context, name) });
    }
  }
  return inputs;
}

/** Whether a line was selected. */
function searchInput(
  { name, bytes }: Input,
  asked: Asked,
  { context, output }: Pick<Search, 'context' | 'output'>,
): boolean {
  const text = decodeText(bytes, context);
  const isBinary = !asked.isText && bytes.includes('\0');
  if (text === null && (asked.isText || asked.isPerl || asked.before > 0 || asked.after > 0)) {
    throw unsupported('-a, -P or lines around a match, where bytes are not UTF-8,');
  }
  const lines = splitLines(text ?? decodeMarking(bytes));
  const shown = toByteText(name);
  const selected: number[] = [];
  for (let at = 0; at < lines.length && selected.length < asked.limit; at += 1) {
    if (asked.matches(lines[at] ?? '') !== asked.isInverted) {
      selected.push(at);
      if (asked.shown === 'nothing' || asked.shown.endsWith('names')) {
        break;
      }
    }
  }
  if (name === '(standard input)') {
    requireUnshared(!/^(?:nothing|.*names)$/u.test(asked.shown) && selected.length < asked.limit);
  }
  const isSelected = selected.length > 0;
  switch (asked.shown) {
    case 'count':
      output.write(`${asked.hasNames ? `${shown}:` : ''}${selected.length}\n`);
      break;
    case 'names':
    case 'other names':
      if (isSelected === (asked.shown === 'names')) {
        output.write(`${shown}\n`);
      }
      break;
    case 'lines':
    case 'matches':
      if (isBinary && isSelected) {
        output.note(`grep: ${name}: binary file matches\n`);
      } else {
        const bad = selected.findIndex((at) => hasMarks(lines[at] ?? ''));
        const good = bad === -1 ? selected : selected.slice(0, bad);
        showLines({ name: shown, lines, selected: good }, asked, output);
        if (bad !== -1) {
          output.note(`grep: ${name}: binary file matches\n`);
        }
      }
      break;
    case 'nothing':
      break;
  }
  return isSelected;
}

interface Found {
  readonly name: Bytes;
  readonly lines: readonly string[];
  readonly selected: readonly number[];
}

function showLines({ name, lines, selected }: Found, asked: Asked, output: Output): void {
  const prefix = (at: number, mark: string): string =>
    `${asked.hasNames ? `${name}${mark}` : ''}${asked.hasNumbers ? `${at + 1}${mark}` : ''}`;
  const isSelected = new Set(selected);
  let last = -1;
  for (const at of selected) {
    const first = Math.max(at - asked.before, last + 1);
    const hasContext = asked.before > 0 || asked.after > 0;
    if (hasContext && (last >= 0 || output.hasWritten) && (first > last + 1 || last < 0)) {
      output.write('--\n');
    }
    const end = Math.min(at + asked.after, lines.length - 1);
    for (let line = first; line <= end && (line <= at || !isSelected.has(line)); line += 1) {
      const text = lines[line] ?? '';
      if (asked.shown === 'lines') {
        output.write(`${prefix(line, line === at ? ':' : '-')}${toByteText(text)}\n`);
      } else if (line === at && !asked.isInverted) {
        for (const found of listMatches(text, asked.find)) {
          output.write(`${prefix(line, ':')}${toByteText(found)}\n`);
        }
      }
      last = line;
    }
  }
}

function listMatches(text: string, find: Asked['find']): string[] {
  const found: string[] = [];
  for (let from = 0; from <= text.length;) {
    const span = find(text, from);
    if (!span) {
      break;
    }
    if (span.end > span.start) {
      found.push(text.slice(span.start, span.end));
    }
    from = span.end > span.start ? span.end : span.end + 1;
  }
  return found;
}
