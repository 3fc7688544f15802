// ls and find: what is there. Names come in the order of their bytes.

import type { Command } from 'just-bash/browser';
import {
  CommandFailure,
  type Output,
  type ShellContext,
  createCommand,
  decodeText,
  parseOptions,
  readStandardInput,
  toByteText,
  toSystemWords,
  unsupported,
} from './commandLine';
import { createPathMatcher } from './pathPattern';
import { compareBytes, withoutEndSlashes } from './treeFs';

type State = Awaited<ReturnType<ShellContext['fs']['lstat']>>;

interface Entry {
  readonly name: string;
  readonly state: State;
  /** Of a link. */
  readonly target: string | null;
}

const kindLetter = ({ isDirectory, isSymbolicLink }: State): string =>
  isSymbolicLink ? 'l' : isDirectory ? 'd' : '-';

const ls = createCommand('ls', async (args, context, output) => {
  const options = parseOptions(args, {
    flags: '1aAdlRrtSph',
    long: { all: 'a', 'almost-all': 'A', directory: 'd', recursive: 'R', reverse: 'r' },
  });
  if (options.has('h')) {
    throw unsupported('option -h');
  }
  const compare = createOrder(options.has('t') ? 't' : options.has('S') ? 'S' : '');
  const sort = (entries: readonly Entry[]): Entry[] => {
    const sorted = [...entries].sort(compare);
    return options.has('r') ? sorted.reverse() : sorted;
  };
  const show = (entries: readonly Entry[]): void => {
    for (const { name, state, target } of entries) {
      const shown = `${name}${options.has('p') && state.isDirectory ? '/' : ''}`;
      const arrow = target === null ? '' : ` -> ${target}`;
      output.write(
        toByteText(options.has('l') ? `${describe(state)} ${shown}${arrow}\n` : `${shown}\n`),
      );
    }
  };
  const names = options.operands.length > 0 ? options.operands : ['.'];
  const named: Entry[] = [];
  for (const name of names) {
    const entry = await readEntry(context, name, {
      follows: !options.has('l') && !options.has('d'),
    });
    if (entry) {
      named.push(entry);
    } else {
      output.fail(`cannot access '${name}': No such file or directory`, 2);
    }
  }
  const isListed = ({ state }: Entry): boolean => state.isDirectory && !options.has('d');
  const files = sort(named.filter((entry) => !isListed(entry)));
  show(files);
  let isFirst = files.length === 0;
  const hasTitles = names.length > 1 || options.has('R');
  const list = async (folder: Entry): Promise<void> => {
    const all = await readFolder(context, folder.name);
    const dots = options.has('a') ? await readDots(context, folder.name) : [];
    const hasHidden = options.has('a') || options.has('A');
    const entries = sort([
      ...dots,
      ...all.filter(({ name }) => hasHidden || !name.startsWith('.')),
    ]);
    output.write(hasTitles ? toByteText(`${isFirst ? '' : '\n'}${folder.name}:\n`) : '');
    output.write(options.has('l') ? `total ${countBlocks(entries)}\n` : '');
    isFirst = false;
    show(entries);
    if (options.has('R')) {
      for (const entry of entries.filter(
        ({ state, name }) => state.isDirectory && !/^\.\.?$/u.test(name),
      )) {
        await list({ ...entry, name: `${folder.name.replace(/\/$/u, '')}/${entry.name}` });
      }
    }
  };
  for (const folder of sort(named.filter(isListed))) {
    await list(folder);
  }
});

function createOrder(by: string): (left: Entry, right: Entry) => number {
  return (left, right) => {
    const [one, other] = [left.state, right.state];
    const first =
      by === 't'
        ? other.mtime.getTime() - one.mtime.getTime()
        : by === 'S'
          ? other.size - one.size
          : 0;
    return first || compareBytes(left.name, right.name);
  };
}

const countBlocks = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { state }) => sum + 4 * Math.ceil(state.size / 4096), 0);

function describe(state: State): string {
  const bits = [...state.mode.toString(8).padStart(3, '0').slice(-3)].map(Number);
  const rights = bits
    .map((bit) => `${bit & 4 ? 'r' : '-'}${bit & 2 ? 'w' : '-'}${bit & 1 ? 'x' : '-'}`)
    .join('');
  const time = state.mtime.toISOString().slice(0, 16).replace('T', ' ');
  return `${kindLetter(state)}${rights} 1 user user ${String(state.size).padStart(8)} ${time}`;
}

async function readEntry(
  { fs, cwd }: ShellContext,
  name: string,
  { follows }: { readonly follows: boolean },
): Promise<Entry | null> {
  const path = fs.resolvePath(cwd, name);
  try {
    const own = await fs.lstat(path);
    const target = own.isSymbolicLink ? await fs.readlink(path) : null;
    const wantsTarget = own.isSymbolicLink && (follows || name.endsWith('/'));
    const state = wantsTarget ? await fs.stat(path).catch(() => own) : own;
    return { name, state, target };
  } catch {
    return null;
  }
}

async function readFolder(context: ShellContext, folder: string): Promise<Entry[]> {
  const { fs, cwd } = context;
  const base = fs.resolvePath(cwd, folder);
  const entries: Entry[] = [];
  for (const name of await fs.readdir(base)) {
    const path = `${base === '/' ? '' : base}/${name}`;
    const state = await fs.lstat(path);
    const target = state.isSymbolicLink ? await fs.readlink(path) : null;
    entries.push({ name, state, target });
  }
  return entries;
}

async function readDots(context: ShellContext, folder: string): Promise<Entry[]> {
  const state = await context.fs.stat(context.fs.resolvePath(context.cwd, folder));
  return ['.', '..'].map((name) => ({ name, state, target: null }));
}

interface Place {
  /** As it is shown. */
  readonly shown: string;
  readonly path: string;
  readonly name: string;
  readonly state: State;
  readonly depth: number;
}

interface Walk {
  readonly context: ShellContext;
  readonly output: Output;
  readonly maxDepth: number;
  readonly minDepth: number;
  readonly isDepthFirst: boolean;
}

type Test = (place: Place, run: FindRun) => Promise<boolean> | boolean;

interface FindRun {
  prunes: boolean;
  readonly walk: Walk;
}

interface Gathered {
  readonly command: readonly string[];
  readonly names: string[];
}

class FindReader {
  readonly #args: string[];
  readonly gathered: Gathered[] = [];
  maxDepth = Infinity;
  minDepth = 0;
  isDepthFirst = false;
  hasAction = false;

  constructor(args: readonly string[]) {
    this.#args = [...args];
  }

  read(): Test {
    if (this.#args.length === 0) {
      return () => true;
    }
    const test = this.#readAny();
    if (this.#args.length > 0) {
      throw new CommandFailure(`unexpected ${this.#args[0] ?? ''}`, 1);
    }
    return test;
  }

  #readAny(): Test {
    const first = this.#readAll();
    if (this.#args[0] !== '-o' && this.#args[0] !== '-or') {
      return first;
    }
    this.#args.shift();
    const second = this.#readAny();
    return async (place, run) => (await first(place, run)) || second(place, run);
  }

  #readAll(): Test {
    const first = this.#readOne();
    if (this.#args[0] === '-a' || this.#args[0] === '-and') {
      this.#args.shift();
    } else if (this.#args.length === 0 || ['-o', '-or', ')'].includes(this.#args[0] ?? '')) {
      return first;
    }
    const second = this.#readAll();
    return async (place, run) => (await first(place, run)) && second(place, run);
  }

  #value(name: string): string {
    const value = this.#args.shift();
    if (value === undefined) {
      throw new CommandFailure(`missing argument to \`${name}'`, 1);
    }
    return value;
  }

  #readOne(): Test {
    const name = this.#args.shift() ?? '';
    switch (name) {
      case '!':
      case '-not': {
        const test = this.#readOne();
        return async (place, run) => !(await test(place, run));
      }
      case '(': {
        const test = this.#readAny();
        if (this.#args.shift() !== ')') {
          throw new CommandFailure('a ) is missing', 1);
        }
        return test;
      }
      case '-name':
      case '-iname': {
        const matches = createPathMatcher(this.#value(name), name === '-iname');
        return (place) => matches(place.name);
      }
      case '-path':
      case '-ipath': {
        const matches = createPathMatcher(this.#value(name), name === '-ipath');
        return (place) => matches(place.shown);
      }
      case '-type': {
        const letters = this.#value(name);
        if (!/^[fdl]$/u.test(letters)) {
          throw unsupported(`-type ${letters}`);
        }
        return ({ state }) => kindLetter(state).replace('-', 'f') === letters;
      }
      case '-size': {
        const found = /^([+-]?)(\d+)c$/u.exec(this.#value(name));
        if (!found) {
          throw unsupported('-size in other units than bytes (c)');
        }
        return ({ state }) => compareCount(state.size, found);
      }
      case '-maxdepth':
        this.maxDepth = this.#readNumber(name);
        return () => true;
      case '-mindepth':
        this.minDepth = this.#readNumber(name);
        return () => true;
      case '-depth':
        this.isDepthFirst = true;
        return () => true;
      case '-true':
        return () => true;
      case '-false':
        return () => false;
      case '-empty':
        return async ({ path, state }, { walk }) =>
          state.isDirectory
            ? (await walk.context.fs.readdir(path)).length === 0
            : state.isFile && state.size === 0;
      case '-prune':
        return (_place, run) => {
          run.prunes = true;
          return true;
        };
      default:
        return this.#readAction(name);
    }
  }

  #readNumber(name: string): number {
    const text = this.#value(name);
    if (!/^\d{1,9}$/u.test(text)) {
      throw new CommandFailure(`${name} needs a number`, 1);
    }
    return Number(text);
  }

  #readAction(name: string): Test {
    this.hasAction = true;
    switch (name) {
      case '-print':
      case '-print0': {
        const end = name === '-print' ? '\n' : '\0';
        return ({ shown }, { walk }) => {
          walk.output.write(`${toByteText(shown)}${end}`);
          return true;
        };
      }
      case '-delete':
        this.isDepthFirst = true;
        return async (place, { walk }) => deletePlace(place, walk);
      case '-exec':
        return this.#readExec();
      default:
        throw unsupported(name.startsWith('-') ? name : `${name} as an expression`);
    }
  }

  #readExec(): Test {
    const end = this.#args.findIndex(
      (arg, at) => arg === ';' || (arg === '+' && this.#args[at - 1] === '{}'),
    );
    if (end <= 0) {
      throw new CommandFailure("missing argument to `-exec'", 1);
    }
    const command = this.#args.splice(0, end + 1);
    if (command.pop() === '+') {
      command.pop();
      const gathered: Gathered = { command, names: [] };
      this.gathered.push(gathered);
      return ({ shown }) => {
        gathered.names.push(shown);
        return true;
      };
    }
    return async ({ shown }, { walk }) => {
      const filled = command.map((arg) => arg.replaceAll('{}', shown));
      return (await runCommand(filled, walk)) === 0;
    };
  }
}

function compareCount(count: number, [, sign = '', digits = '']: RegExpExecArray): boolean {
  const wanted = Number(digits);
  return sign === '+' ? count > wanted : sign === '-' ? count < wanted : count === wanted;
}

async function deletePlace(
  { path, shown, depth }: Place,
  { context, output }: Walk,
): Promise<boolean> {
  if (depth === 0 && shown === '.') {
    return true; // as GNU's does
  }
  try {
    if (/(?:^|\/)\.$/u.test(withoutEndSlashes(shown))) {
      throw new CommandFailure('Invalid argument', 1);
    }
    await context.fs.rm(path);
    return true;
  } catch (thrown) {
    output.fail(`cannot delete '${shown}': ${toSystemWords(thrown)}`);
    return false;
  }
}

/** Runs it with nothing to read; its output goes where that of the caller does. */
async function runCommand(
  [name = '', ...args]: readonly string[],
  { context, output }: Pick<Walk, 'context' | 'output'>,
): Promise<number> {
  if (!context.exec) {
    throw unsupported('running a command');
  }
  const quoted = `'${name.replaceAll("'", "'\\''")}'`;
  const { cwd, signal } = context;
  const result = await context.exec(quoted, { cwd, args, ...(signal && { signal }) });
  output.write(result.stdoutKind === 'bytes' ? result.stdout : toByteText(result.stdout));
  if (result.stderr !== '') {
    output.note(result.stderr);
  }
  return result.exitCode;
}

const find = createCommand('find', async (args, context, output) => {
  const first = args.findIndex((arg) => /^[-!(]/u.test(arg));
  const starts = first === -1 ? args : args.slice(0, first);
  const reader = new FindReader(first === -1 ? [] : args.slice(first));
  const test = reader.read();
  if (args.includes('-prune') && args.includes('-delete')) {
    throw unsupported('-prune with -delete');
  }
  const { maxDepth, minDepth, isDepthFirst, hasAction } = reader;
  const walk: Walk = { context, output, maxDepth, minDepth, isDepthFirst };
  const visit = async (place: Place): Promise<void> => {
    const run: FindRun = { prunes: false, walk };
    const judge = async (): Promise<void> => {
      if (place.depth >= minDepth && (await test(place, run)) && !hasAction) {
        output.write(`${toByteText(place.shown)}\n`);
      }
    };
    if (!isDepthFirst) {
      await judge();
    }
    if (place.state.isDirectory && place.depth < maxDepth && !run.prunes) {
      for (const name of await context.fs.readdir(place.path)) {
        const path = `${place.path === '/' ? '' : place.path}/${name}`;
        const shown = `${place.shown.replace(/\/$/u, '')}/${name}`;
        const state = await context.fs.lstat(path);
        await visit({ shown, path, name, state, depth: place.depth + 1 });
      }
    }
    if (isDepthFirst) {
      await judge();
    }
  };
  for (const shown of starts.length > 0 ? starts : ['.']) {
    const path = context.fs.resolvePath(context.cwd, shown);
    const state = await context.fs.lstat(path).catch(() => null);
    if (state) {
      const name = shown === '/' ? shown : (withoutEndSlashes(shown).split('/').at(-1) ?? shown);
      await visit({ shown, path, name, state, depth: 0 });
    } else {
      output.fail(`'${shown}': No such file or directory`);
    }
  }
  for (const { command, names } of reader.gathered) {
    for (const run of packArguments(command, names, Infinity)) {
      if ((await runCommand(run, walk)) !== 0) {
        output.exitCode = 1;
      }
    }
  }
});

const xargs = createCommand('xargs', async (args, context, output) => {
  const valued = 'nIdL';
  const end = findCommand(args, valued);
  const options = parseOptions(args.slice(0, end), {
    flags: '0rt',
    values: valued,
    long: { null: '0', 'no-run-if-empty': 'r', 'max-args': 'n', replace: 'I', delimiter: 'd' },
  });
  for (const letter of 'Lt') {
    if (options.has(letter)) {
      throw unsupported(`option -${letter}`);
    }
  }
  const command = end < args.length ? args.slice(end) : ['echo'];
  const input = readStandardInput(context);
  const text = decodeText(input, context);
  if (text === null || (!options.has('0') && text.includes('\0'))) {
    throw unsupported('input that is not UTF-8, or has zero bytes,');
  }
  const replaced = options.last('I');
  const given = readItems(text, { options, isByLine: replaced !== undefined });
  const size = options.has('n') ? Number(options.last('n')) : Infinity;
  if (!(size >= 1)) {
    throw new CommandFailure('the number of -n must be at least 1', 1);
  }
  const runs: (readonly string[])[] = [];
  if (replaced !== undefined) {
    runs.push(...given.map((item) => command.map((arg) => arg.replaceAll(replaced, item))));
  } else if (given.length === 0) {
    runs.push(...(options.has('r') ? [] : [command]));
  } else {
    runs.push(...packArguments(command, given, size));
  }
  for (const run of runs) {
    const code = await runCommand(run, { context, output });
    if (code === 255) {
      output.fail(`${run[0] ?? ''}: exited with status 255; aborting`, 124);
      return;
    }
    output.exitCode = Math.max(output.exitCode, code === 0 ? 0 : code >= 126 ? code : 123);
  }
});

/** Source: GNU's xargs and find give a program no more than this. */
const maxArgumentBytes = 131_072;

/** A command with as many of the words as it may have, again and again. */
function packArguments(
  command: readonly string[],
  words: readonly string[],
  size: number,
): (readonly string[])[] {
  const toBytes = (word: string): number => toByteText(word).length + 1;
  const base = command.reduce((sum, word) => sum + toBytes(word), 0);
  const runs: string[][] = [];
  let room = 0;
  for (const word of words) {
    const bytes = toBytes(word);
    const last = runs.at(-1);
    if (last && last.length < command.length + size && bytes <= room) {
      last.push(word);
      room -= bytes;
    } else if (base + bytes > maxArgumentBytes) {
      throw unsupported('so long an argument');
    } else {
      runs.push([...command, word]);
      room = maxArgumentBytes - base - bytes;
    }
  }
  return runs;
}

/** Where the command begins, after the options of xargs. */
function findCommand(args: readonly string[], valued: string): number {
  let at = 0;
  while (at < args.length && /^-./u.test(args[at] ?? '')) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      return at + 1;
    }
    const isApart = /^-.$/u.test(arg) && valued.includes(arg.charAt(1));
    at += isApart || /^--(?:max-args|replace|delimiter)$/u.test(arg) ? 2 : 1;
  }
  return at;
}

function readItems(
  text: string,
  {
    options,
    isByLine,
  }: { readonly options: ReturnType<typeof parseOptions>; readonly isByLine: boolean },
): string[] {
  const delimiter = options.has('0') ? '\0' : options.last('d');
  if (delimiter !== undefined) {
    const char = delimiter === '\\n' ? '\n' : delimiter;
    if ([...char].length !== 1) {
      throw unsupported(`the delimiter ${char}`);
    }
    const items = text.split(char);
    return items.at(-1) === '' ? items.slice(0, -1) : items;
  }
  const units = isByLine
    ? text.split('\n').map((line) => line.replace(/^[ \t\v\f\r]+/u, ''))
    : [text];
  return units.flatMap((unit) => readQuoted(unit, isByLine)).filter((item) => item !== null);
}

/** Quotes and backslashes keep what stands in them together. */
function readQuoted(text: string, isWhole: boolean): string[] {
  const items: string[] = [];
  let item: string | null = null;
  const pattern =
    /'([^'\n]*)'|"([^"\n]*)"|\\([\s\S])|([ \t\n][ \t-\r]*|^[ \t-\r]+)|([^'"\\ \t\n]+)|(.)/gu;
  for (const [all, single, double, escaped, blank, plain, wrong] of text.matchAll(pattern)) {
    if (wrong !== undefined) {
      const kind = wrong === "'" ? 'single' : 'double';
      throw new CommandFailure(
        `unmatched ${kind} quote; by default quotes are special to xargs unless you use the -0 option`,
        1,
      );
    }
    if (blank !== undefined && !isWhole) {
      items.push(...(item === null ? [] : [item]));
      item = null;
    } else {
      item = `${item ?? ''}${single ?? double ?? escaped ?? plain ?? all}`;
    }
  }
  return item === null ? items : [...items, item];
}

export const listCommands: readonly Command[] = [ls, find, xargs];
