// What commands of the shell share: options that are known or refused, input as bytes, results. A command does what the
// one of its name does in GNU's tools, to the byte, or says that it does not.

import type { Command } from 'just-bash/browser';
import { isInputShared } from './engineHooks';
import { TreeFailure, fromLatin1, toLatin1 } from './treeFs';

export type ShellContext = Parameters<Command['execute']>[1];
type ShellResult = Awaited<ReturnType<Command['execute']>>;

/** One character a byte. */
export type Bytes = string;

/** A command cannot do what is asked; told, with GNU's code for wrong use where it has one. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function unsupported(what: string): CommandFailure {
  return new CommandFailure(
    `${what} is not supported by this shell; use code, or a session with backend container`,
    2,
  );
}

export const isUnsupported = ({ message }: CommandFailure): boolean =>
  message.includes('is not supported by this shell');

export interface OptionRules {
  /** Letters without a value. */
  readonly flags: string;
  /** Letters with one. */
  readonly values?: string;
  /** Long names and their letters. */
  readonly long?: Readonly<Record<string, string>>;
  /** `-5` is the value of this letter. */
  readonly number?: string;
}

export class Options {
  readonly operands: string[] = [];
  readonly #values = new Map<string, string[]>();

  has(letter: string): boolean {
    return this.#values.has(letter);
  }

  all(letter: string): readonly string[] {
    return this.#values.get(letter) ?? [];
  }

  last(letter: string): string | undefined {
    return this.all(letter).at(-1);
  }

  set(letter: string, value: string): void {
    this.#values.set(letter, [...this.all(letter), value]);
  }
}

/** Options and operands in any order, as GNU takes them. @throws CommandFailure */
export function parseOptions(args: readonly string[], rules: OptionRules): Options {
  const options = new Options();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      options.operands.push(...rest);
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) {
      options.operands.push(arg);
    } else if (rules.number !== undefined && /^-\d+$/u.test(arg)) {
      options.set(rules.number, arg.slice(1));
    } else if (arg.startsWith('--')) {
      takeLong(arg, { rest, rules, options });
    } else {
      takeShort(arg.slice(1), { rest, rules, options });
    }
  }
  return options;
}

/**
 * Of a command that has read but a part of what comes in: others of its group go on behind that part where it is a file, and
 * behind all where it is a pipe.
 * @throws CommandFailure
 */
export function requireUnshared(isWhole: boolean): void {
  if (!isWhole && isInputShared()) {
    throw unsupported('a command that leaves a part of the input of its group');
  }
}

interface Parsing {
  readonly rest: string[];
  readonly rules: OptionRules;
  readonly options: Options;
}

function takeLong(arg: string, { rest, rules, options }: Parsing): void {
  const [name = '', value] = arg.slice(2).split(/=(.*)/su, 2);
  const letter = rules.long?.[name];
  if (letter === undefined) {
    throw unsupported(`option --${name}`);
  }
  const takesValue = rules.values?.includes(letter) ?? false;
  if (!takesValue && value !== undefined) {
    throw new CommandFailure(`option --${name} takes no value`, 2);
  }
  options.set(letter, takesValue ? (value ?? requireNext(rest, `--${name}`)) : '');
}

function takeShort(letters: string, { rest, rules, options }: Parsing): void {
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters.charAt(at);
    if (rules.flags.includes(letter)) {
      options.set(letter, '');
    } else if (rules.values?.includes(letter)) {
      const attached = letters.slice(at + 1);
      options.set(letter, attached === '' ? requireNext(rest, `-${letter}`) : attached);
      return;
    } else {
      throw unsupported(`option -${letter}`);
    }
  }
}

function requireNext(rest: string[], name: string): string {
  const value = rest.shift();
  if (value === undefined) {
    throw new CommandFailure(`option ${name} needs a value`, 2);
  }
  return value;
}

export function parseCount(text: string, what: string): number {
  if (!/^\d{1,15}$/u.test(text)) {
    throw new CommandFailure(`invalid ${what}: ${text}`, 1);
  }
  return Number(text);
}

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

export const toByteText = (text: string): Bytes => toLatin1(encoder.encode(text));

/** Null where the bytes are not UTF-8. @throws CommandFailure where the locale takes each byte for a character */
export function decodeText(bytes: Bytes, { env }: Pick<ShellContext, 'env'>): string | null {
  const locale = env.get('LC_ALL') || env.get('LC_CTYPE') || env.get('LANG') || 'C';
  if (!/utf-?8$/iu.test(locale) && /[^\0-\x7f]/u.test(bytes)) {
    throw unsupported(`the locale ${locale} for text beyond ASCII`);
  }
  return decodeStrictly(bytes);
}

function decodeStrictly(bytes: Bytes): string | null {
  try {
    return strict.decode(fromLatin1(bytes));
  } catch {
    return null;
  }
}

/** Bytes that are not UTF-8 become lone surrogates, which no part of a pattern matches. */
export function decodeMarking(bytes: Bytes): string {
  const parts: string[] = [];
  const character =
    /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\0-\x7f]+|([\x80-\xff])/gu;
  for (const [part, wrong] of bytes.matchAll(character)) {
    parts.push(
      wrong === undefined ? decodeLoosely(part) : String.fromCharCode(0xdc00 + wrong.charCodeAt(0)),
    );
  }
  return parts.join('');
}

export const hasMarks = (text: string): boolean => !text.isWellFormed();

export const decodeLoosely = (bytes: Bytes): string => lenient.decode(fromLatin1(bytes));

export interface Input {
  /** As it was named; `-` for what comes in. */
  readonly name: string;
  readonly bytes: Bytes;
  /** It was told that it cannot be read. */
  readonly isFolder?: boolean;
}

/** What a command says, and how it ends. */
export class Output {
  readonly #parts: Bytes[] = [];
  readonly #errors: string[] = [];
  readonly #name: string;
  exitCode = 0;

  constructor(name: string) {
    this.#name = name;
  }

  write(bytes: Bytes): void {
    this.#parts.push(bytes);
  }

  fail(message: string, exitCode = 1): void {
    this.#errors.push(`${this.#name}: ${message}\n`);
    this.exitCode = Math.max(this.exitCode, exitCode);
  }

  get hasWritten(): boolean {
    return this.#parts.length > 0;
  }

  /** Beside a result that is none of a failure. */
  note(text: string): void {
    this.#errors.push(text);
  }

  result(): ShellResult {
    const bytes = this.#parts.join('');
    // As text where it is one: the engine joins it with other text, such as of errors.
    const text = /[\x80-\xff]/u.test(bytes) ? decodeStrictly(bytes) : null;
    return {
      stdout: text ?? bytes,
      stdoutKind: text === null ? 'bytes' : 'text',
      stderr: this.#errors.join(''),
      exitCode: this.exitCode,
    };
  }
}

/** Of commands that have read what comes in. */
const readers = new WeakSet<ShellContext>();

/** The standard input as it comes in. */
export function readStandardInput(context: ShellContext): Bytes {
  readers.add(context);
  return context.stdin as unknown as Bytes; // opaque on purpose; its bytes are its characters
}

/** @throws CommandFailure with the words of the system */
export async function readFileBytes(context: ShellContext, name: string): Promise<Bytes> {
  if (name === '-' || name === '/dev/stdin') {
    return readStandardInput(context);
  }
  if (name === '') {
    throw new CommandFailure(': No such file or directory', 1);
  }
  try {
    return toLatin1(await context.fs.readFileBuffer(context.fs.resolvePath(context.cwd, name)));
  } catch (thrown) {
    throw new CommandFailure(`${name}: ${toSystemWords(thrown)}`, 1);
  }
}

export async function writeFileBytes(
  context: ShellContext,
  name: string,
  bytes: Bytes,
): Promise<void> {
  try {
    await context.fs.writeFile(context.fs.resolvePath(context.cwd, name), fromLatin1(bytes));
  } catch (thrown) {
    throw new CommandFailure(`${name}: ${toSystemWords(thrown)}`, 1);
  }
}

/** All named inputs that can be read, or the standard input where none is named; the others are told. */
export async function readInputs(
  context: ShellContext,
  {
    names,
    output,
    exitCode = 1,
    countsFolders = false,
  }: { names: readonly string[]; output: Output; exitCode?: number; countsFolders?: boolean },
): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const name of names.length === 0 ? ['-'] : names) {
    try {
      inputs.push({ name, bytes: await readFileBytes(context, name) });
    } catch (thrown) {
      output.fail(toMessage(thrown), exitCode);
      if (countsFolders && toMessage(thrown).endsWith(systemWords['EISDIR'] ?? '')) {
        inputs.push({ name, bytes: '', isFolder: true });
      }
    }
  }
  return inputs;
}

const systemWords: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EEXIST: 'File exists',
  EFBIG: 'File too large for this shell',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EPERM: 'Operation not permitted',
};

export function toSystemWords(thrown: unknown): string {
  if (thrown instanceof CommandFailure) {
    return thrown.message;
  }
  const code =
    thrown instanceof TreeFailure
      ? thrown.code
      : (/^E[A-Z]+/u.exec(toMessage(thrown))?.[0] ?? 'EIO');
  return systemWords[code] ?? 'Input/output error';
}

export function toMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Lines without their ends; a last one without an end is one too. */
export function splitLines(bytes: string): string[] {
  const lines = bytes.split('\n');
  if (lines.at(-1) === '') {
    lines.pop();
  }
  return lines;
}

/** Lines with their ends, as they are. */
export function splitKeeping(bytes: string): string[] {
  return bytes === '' ? [] : bytes.split(/(?<=\n)/u);
}

type RunCommand = (
  args: readonly string[],
  context: ShellContext,
  output: Output,
) => Promise<void> | void;

export function createCommand(name: string, run: RunCommand): Command {
  return {
    name,
    trusted: true,
    async execute(args, context) {
      const output = new Output(name);
      try {
        await run(args, context, output);
      } catch (thrown) {
        if (!(thrown instanceof CommandFailure)) {
          throw thrown;
        }
        output.fail(thrown.message, thrown.exitCode);
      }
      const consumed = readers.has(context) ? readStandardInput(context).length : 0;
      return { ...output.result(), internalStdinConsumed: consumed };
    },
  };
}
