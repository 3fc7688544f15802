// Reads a script of sed: its commands with their addresses, as GNU's sed reads them.

import { CommandFailure, isUnsupported, unsupported } from './commandLine';
import { type PosixPattern, compilePattern } from './posixPattern';

export type Address =
  | { readonly kind: 'line'; readonly number: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'step'; readonly first: number; readonly step: number }
  | { readonly kind: 'pattern'; readonly pattern: PosixPattern | null }
  | { readonly kind: 'more'; readonly count: number };

export type ReplacementPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'group'; readonly number: number }
  | { readonly kind: 'case'; readonly letter: string };

export interface Substitution {
  /** Null: the last that was used. */
  readonly pattern: PosixPattern | null;
  readonly parts: readonly ReplacementPart[];
  readonly isGlobal: boolean;
  readonly number: number;
  readonly prints: boolean;
}

export interface SedCommand {
  readonly from: Address | null;
  readonly to: Address | null;
  readonly isNegated: boolean;
  readonly name: string;
  /** Of `a`, `i`, `c` the text; of `b`, `t`, `T`, `:` the label; of `q`, `Q` the code. */
  readonly text: string;
  readonly substitution: Substitution | null;
  /** Of `y`. */
  readonly table: ReadonlyMap<string, string> | null;
  /** Of `{`: where its `}` is. */
  end: number;
}

const plain = 'pPdDnNhHgGx=';

export class SedReader {
  readonly #script: string;
  readonly #isExtended: boolean;
  #at = 0;
  readonly commands: SedCommand[] = [];
  readonly #open: number[] = [];

  constructor(script: string, isExtended: boolean) {
    this.#script = script;
    this.#isExtended = isExtended;
  }

  /** @throws CommandFailure */
  read(): readonly SedCommand[] {
    for (;;) {
      this.#skip(/[\s;]/u);
      if (this.#at >= this.#script.length) {
        break;
      }
      if (this.#char === '#') {
        this.#takeLine();
      } else {
        this.#readCommand();
      }
    }
    if (this.#open.length > 0) {
      throw this.#wrong("unmatched `{'");
    }
    return this.commands;
  }

  get #char(): string {
    return this.#script.charAt(this.#at);
  }

  #skip(pattern: RegExp): void {
    while (this.#at < this.#script.length && pattern.test(this.#char)) {
      this.#at += 1;
    }
  }

  #wrong(what: string): CommandFailure {
    return new CommandFailure(`-e expression #1, char ${this.#at}: ${what}`, 1);
  }

  #readCommand(): void {
    const from = this.#readAddress();
    this.#skip(/[ \t]/u);
    let to: Address | null = null;
    if (from && this.#char === ',') {
      this.#at += 1;
      this.#skip(/[ \t]/u);
      to = this.#readAddress(true);
      if (!to) {
        throw this.#wrong("unexpected `,'");
      }
    }
    this.#skip(/[ \t]/u);
    const isNegated = this.#char === '!';
    this.#skip(/[! \t]/u);
    const name = this.#char;
    this.#at += 1;
    const base = { from, to, isNegated, name, text: '', substitution: null, table: null, end: 0 };
    this.#finish(name, base);
  }

  #finish(name: string, base: SedCommand): void {
    if (name === '') {
      throw this.#wrong('missing command');
    }
    if (name === '}') {
      const start = this.#open.pop();
      if (start === undefined || base.from) {
        throw this.#wrong("unexpected `}'");
      }
      const begin = this.commands[start];
      if (begin) {
        begin.end = this.commands.length;
      }
      this.#requireEnd();
      this.commands.push(base);
    } else if (name === '{') {
      this.#open.push(this.commands.length);
      this.commands.push(base);
    } else if (name === 's') {
      this.commands.push({ ...base, substitution: this.#readSubstitution() });
    } else if (name === 'y') {
      this.commands.push({ ...base, table: this.#readTable() });
    } else if ('aic'.includes(name)) {
      this.commands.push({ ...base, text: this.#readText() });
    } else if ('btT:'.includes(name)) {
      this.commands.push({ ...base, text: this.#readLabel(name, base.from !== null) });
    } else if ('qQ'.includes(name)) {
      if (base.to) {
        throw this.#wrong('command only uses one address');
      }
      this.#skip(/[ \t]/u);
      const code = /^\d*/u.exec(this.#script.slice(this.#at))?.[0] ?? '';
      this.#at += code.length;
      this.#requireEnd();
      this.commands.push({ ...base, text: code });
    } else if (plain.includes(name)) {
      this.#requireEnd();
      this.commands.push(base);
    } else if (/[a-zA-Z]/u.test(name)) {
      throw unsupported(`the command ${name} of sed`);
    } else {
      throw this.#wrong(`unknown command: \`${name}'`);
    }
  }

  #requireEnd(): void {
    this.#skip(/[ \t]/u);
    if (!/^(?:$|[;\n#}])/u.test(this.#script.slice(this.#at, this.#at + 1))) {
      throw this.#wrong('extra characters after command');
    }
  }

  #takeLine(): string {
    const end = this.#script.indexOf('\n', this.#at);
    const line = this.#script.slice(this.#at, end === -1 ? undefined : end);
    this.#at += line.length;
    return line;
  }

  #readLabel(name: string, hasAddress: boolean): string {
    if (name === ':' && hasAddress) {
      throw this.#wrong(': doesn’t want any addresses');
    }
    this.#skip(/[ \t]/u);
    const label = /^[^\n;}]*/u.exec(this.#script.slice(this.#at))?.[0] ?? '';
    this.#at += label.length;
    if (name === ':' && label.trim() === '') {
      throw this.#wrong('":" lacks a label');
    }
    return label.trim();
  }

  /** `a\` and a line, or the text on the same line, as GNU has it. */
  #readText(): string {
    this.#skip(/[ \t]/u);
    if (this.#char === '\\') {
      this.#at += 1;
      this.#at += /^[ \t]*\n/u.exec(this.#script.slice(this.#at))?.[0].length ?? 0;
    }
    const lines: string[] = [];
    for (;;) {
      const line = this.#takeLine();
      this.#at += 1;
      if (!/(?:^|[^\\])(?:\\\\)*\\$/u.test(line)) {
        lines.push(line);
        break;
      }
      lines.push(line.slice(0, -1));
    }
    const text = lines.join('\n');
    if (text === '') {
      throw this.#wrong("expected \\ after `a', `c' or `i'");
    }
    if (/\\[^\\]/u.test(text)) {
      throw unsupported('an escape in a text of sed');
    }
    return text.replaceAll('\\\\', '\\');
  }

  #readAddress(isSecond = false): Address | null {
    const rest = this.#script.slice(this.#at);
    const found = /^(?:(\d+)(?:~(\d+))?|(\$)|\+(\d+))/u.exec(rest);
    if (found) {
      this.#at += found[0].length;
      const [, number, step, last, more] = found;
      if (last !== undefined) {
        return { kind: 'last' };
      }
      if (more !== undefined) {
        if (!isSecond) {
          throw this.#wrong("unexpected `+'");
        }
        return { kind: 'more', count: Number(more) };
      }
      if (step !== undefined) {
        return { kind: 'step', first: Number(number), step: Number(step) };
      }
      if (number === '0') {
        throw unsupported('address 0');
      }
      return { kind: 'line', number: Number(number) };
    }
    if (rest.startsWith('/') || /^\\[^\n\\]/u.test(rest)) {
      this.#at += rest.startsWith('/') ? 0 : 1;
      const delimiter = this.#char;
      this.#at += 1;
      const text = this.#readPart(delimiter, true);
      const ignoreCase = this.#char === 'I';
      this.#at += ignoreCase ? 1 : 0;
      if (this.#char === 'M') {
        throw unsupported('flag M');
      }
      return { kind: 'pattern', pattern: this.#compile(text, ignoreCase) };
    }
    return null;
  }

  #compile(text: string, ignoreCase: boolean): PosixPattern | null {
    const syntax = this.#isExtended ? 'extended' : 'basic';
    if (text === '') {
      return null;
    }
    try {
      return compilePattern(text, { syntax, ignoreCase, tool: 'sed' });
    } catch (thrown) {
      const isWrong = thrown instanceof CommandFailure && !isUnsupported(thrown);
      throw isWrong ? this.#wrong(thrown.message) : thrown;
    }
  }

  /** Up to the delimiter, which is not among what is given. */
  #readPart(delimiter: string, isPattern: boolean): string {
    let text = '';
    for (;;) {
      const char = this.#char;
      if (char === '' || char === '\n') {
        throw this.#wrong('unterminated address regex or command');
      }
      this.#at += 1;
      if (char === '\\') {
        const next = this.#char;
        this.#at += 1;
        if (next === delimiter && isPattern && !/[/,:#@!_%=;~"' ]/u.test(delimiter)) {
          throw unsupported(`the delimiter ${delimiter} within a pattern`);
        }
        text += next === delimiter ? next : `\\${next}`;
      } else if (char === delimiter) {
        return text;
      } else {
        if (isPattern && char === '[') {
          const set = /^\^?\]?(?:\[[:.=][^\]]*[:.=]\]|[^\]\n])*\]/u.exec(
            this.#script.slice(this.#at),
          );
          if (set && !set[0].includes(delimiter)) {
            text += `[${set[0]}`;
            this.#at += set[0].length;
            continue;
          }
        }
        text += char;
      }
    }
  }

  #readSubstitution(): Substitution {
    const delimiter = this.#char;
    if (delimiter === '' || delimiter === '\n' || delimiter === '\\') {
      throw this.#wrong("unterminated `s' command");
    }
    this.#at += 1;
    let pattern: string;
    let replacement: string;
    try {
      pattern = this.#readPart(delimiter, true);
      replacement = this.#readPart(delimiter, false);
    } catch (thrown) {
      throw thrown instanceof CommandFailure && thrown.exitCode === 1
        ? this.#wrong("unterminated `s' command")
        : thrown;
    }
    const flags = /^[a-zA-Z0-9]*/u.exec(this.#script.slice(this.#at))?.[0] ?? '';
    this.#at += flags.length;
    const strange = /[^giIp\d]/u.exec(flags);
    if (strange) {
      throw unsupported(`flag ${strange[0]} of s`);
    }
    this.#requireEnd();
    const number = Number(/\d+/u.exec(flags)?.[0] ?? 1);
    if (number === 0) {
      throw this.#wrong("number option to `s' command may not be zero");
    }
    return {
      pattern: this.#compile(pattern, /[iI]/u.test(flags)),
      parts: readReplacement(replacement),
      isGlobal: flags.includes('g'),
      number,
      prints: flags.includes('p'),
    };
  }

  #readTable(): ReadonlyMap<string, string> {
    const delimiter = this.#char;
    this.#at += 1;
    const [from, to] = [this.#readPart(delimiter, false), this.#readPart(delimiter, false)].map(
      (text) => readTableText(text),
    );
    this.#requireEnd();
    if (!from || from.length !== to?.length) {
      throw this.#wrong("strings for `y' command are different lengths");
    }
    return new Map(from.map((char, at) => [char, to[at] ?? '']));
  }
}

function readTableText(text: string): readonly string[] {
  return (text.match(/\\[\s\S]|[\s\S]/gu) ?? []).map((part) => {
    if (part.length === 1 || !part.startsWith('\\')) {
      return part;
    }
    const char = { '\\n': '\n', '\\t': '\t', '\\\\': '\\' }[part];
    if (char === undefined) {
      throw unsupported(`${part} in y`);
    }
    return char;
  });
}

function readReplacement(text: string): readonly ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  for (const [part] of text.matchAll(/\\[\s\S]|&|[^\\&]+/gu)) {
    const letter = part.charAt(1);
    if (part === '&') {
      parts.push({ kind: 'group', number: 0 });
    } else if (!part.startsWith('\\')) {
      parts.push({ kind: 'text', text: part });
    } else if (/\d/u.test(letter)) {
      parts.push({ kind: 'group', number: Number(letter) });
    } else if (/[ULulE]/u.test(letter)) {
      parts.push({ kind: 'case', letter });
    } else if (/[ntr]/u.test(letter)) {
      parts.push({ kind: 'text', text: { n: '\n', t: '\t', r: '\r' }[letter] ?? '' });
    } else if (/[a-zA-Z]/u.test(letter)) {
      throw unsupported(`${part} in what s puts in`);
    } else {
      parts.push({ kind: 'text', text: letter });
    }
  }
  return parts;
}
