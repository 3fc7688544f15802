// sed: runs a script over lines, as GNU's sed does.

import {
  CommandFailure,
  type Input,
  type Output,
  type ShellContext,
  createCommand,
  decodeText,
  parseOptions,
  readFileBytes,
  readInputs,
  requireUnshared,
  splitKeeping,
  toByteText,
  unsupported,
  writeFileBytes,
} from './commandLine';
import { toLower, toUpper } from './engineHooks';
import type { PosixPattern, Span } from './posixPattern';
import {
  type Address,
  type ReplacementPart,
  type SedCommand,
  SedReader,
  type Substitution,
} from './sedScript';

/** Of one run, so that a loop of branches ends. */
const maxCommands = 20_000_000;
const maxSpaceChars = 32 * 2 ** 20;

export const sedCommand = createCommand('sed', async (args, context, output) => {
  const spread = args.map((arg) => (arg === '-i' || arg === '--in-place' ? '-I' : arg));
  const attached = spread.find((arg) => /^(?:-i.|--in-place=)/u.test(arg));
  if (attached !== undefined) {
    throw unsupported('a backup suffix of -i');
  }
  const options = parseOptions(spread, {
    flags: 'nErIs',
    values: 'ef',
    long: {
      quiet: 'n',
      silent: 'n',
      'regexp-extended': 'E',
      expression: 'e',
      file: 'f',
      separate: 's',
    },
  });
  const operands = [...options.operands];
  const scripts = [...options.all('e')];
  for (const name of options.all('f')) {
    scripts.push(requireText({ name, bytes: await readFileBytes(context, name) }, context));
  }
  if (scripts.length === 0) {
    const first = operands.shift();
    if (first === undefined) {
      throw new CommandFailure('no script was given', 1);
    }
    scripts.push(first);
  }
  const isExtended = options.has('E') || options.has('r');
  const commands = new SedReader(scripts.join('\n'), isExtended).read();
  const inputs = await readInputs(context, { names: operands, output, exitCode: 2 });
  const isSilent = options.has('n') || /^#n(?:\n|$)/u.test(scripts[0] ?? '');
  const isSeparate = options.has('I') || options.has('s');
  if (isSeparate && inputs.length > 1 && commands.some(({ name }) => 'nNhHgGx'.includes(name))) {
    throw unsupported('-i or -s with several files and a command of nNhHgGx');
  }
  if (options.has('I')) {
    await editInPlace(inputs, { commands, isSilent }, { context, output });
    return;
  }
  const groups = options.has('s') ? inputs.map((input) => [input]) : [inputs];
  let text = '';
  for (const group of groups) {
    const run = new SedRun(commands, isSilent);
    run.over(group.flatMap((input) => readLines(input, context)));
    const isJoined = group !== groups[0] && text !== '' && !text.endsWith('\n') && run.text !== '';
    output.write(isJoined ? '\n' : '');
    text = run.text === '' ? text : run.text;
    output.write(toByteText(run.text));
    output.exitCode = Math.max(output.exitCode, run.exitCode);
    if (run.hasQuit) {
      requireUnshared(run.rest === '');
      return;
    }
  }
});

interface Program {
  readonly commands: readonly SedCommand[];
  readonly isSilent: boolean;
}

async function editInPlace(
  inputs: readonly Input[],
  { commands, isSilent }: Program,
  { context, output }: { readonly context: ShellContext; readonly output: Output },
): Promise<void> {
  if (inputs.some(({ name }) => name === '-')) {
    throw new CommandFailure("couldn't edit -: not a regular file", 4);
  }
  for (const input of inputs) {
    const run = new SedRun(commands, isSilent);
    run.over(readLines(input, context));
    await writeFileBytes(context, input.name, toByteText(run.text));
    output.exitCode = Math.max(output.exitCode, run.exitCode);
    if (run.hasQuit) {
      return;
    }
  }
}

interface Line {
  readonly text: string;
  /** Nothing where the last line of a file has no end. */
  readonly end: string;
}

function readLines(input: Input, context: ShellContext): Line[] {
  return splitKeeping(requireText(input, context)).map((line) => ({
    text: line.replace(/\n$/u, ''),
    end: line.endsWith('\n') ? '\n' : '',
  }));
}

function requireText({ name, bytes }: Input, context: ShellContext): string {
  const text = decodeText(bytes, context);
  if (text === null) {
    throw new CommandFailure(`${name}: its bytes are not UTF-8, which this shell needs here`, 1);
  }
  return text;
}

type Flow = 'next' | 'end' | 'restart' | 'quit' | 'stop';

class SedRun {
  readonly #commands: readonly SedCommand[];
  readonly #isSilent: boolean;
  readonly #labels = new Map<string, number>();
  /** Of ranges that are open: the line that ends them, or Infinity until a pattern does. */
  readonly #ranges = new Map<SedCommand, number>();
  /** Ranges that have ended: from a line's number they begin once. */
  readonly #closed = new Set<SedCommand>();
  readonly #out: string[] = [];
  #lines: readonly Line[] = [];
  #number = 0;
  #space = '';
  #end = '\n';
  #hold = '';
  #holdEnd = '\n';
  #appended: string[] = [];
  #hasSubstituted = false;
  #lastPattern: PosixPattern | null = null;
  #run = 0;
  hasQuit = false;
  exitCode = 0;
  /** The lines after the one at which it quit. */
  rest = '';

  constructor(commands: readonly SedCommand[], isSilent: boolean) {
    this.#commands = commands;
    this.#isSilent = isSilent;
    commands.forEach(({ name, text }, at) => {
      if (name === ':') {
        this.#labels.set(text, at);
      }
    });
    for (const { name, text } of commands) {
      if ('btT'.includes(name) && text !== '' && !this.#labels.has(text)) {
        throw new CommandFailure(
          `-e expression #1, char 0: can't find label for jump to \`${text}'`,
          1,
        );
      }
    }
  }

  /** As all others end with a line’s end, one without it gets it once something follows. */
  get text(): string {
    return this.#out.join('');
  }

  over(lines: readonly Line[]): void {
    this.#lines = lines;
    let restarts = false;
    while (!this.hasQuit && (restarts || this.#readLine())) {
      restarts = this.#cycle() === 'restart';
    }
    this.rest = lines
      .slice(this.#number)
      .map(({ text, end }) => `${text}${end}`)
      .join('');
  }

  #readLine(): boolean {
    const line = this.#lines[this.#number];
    if (!line) {
      return false;
    }
    this.#number += 1;
    this.#space = line.text;
    this.#end = line.end;
    return true;
  }

  get #isLast(): boolean {
    return this.#number >= this.#lines.length;
  }

  #cycle(): Flow {
    this.#hasSubstituted = false;
    let flow: Flow = 'next';
    for (let at = 0; at < this.#commands.length && flow === 'next';) {
      const command = this.#commands[at];
      this.#run += 1;
      if (this.#run > maxCommands) {
        throw unsupported(`a run of more than ${maxCommands} commands of sed`);
      }
      if (!command) {
        break;
      }
      if (!this.#selects(command)) {
        at = command.name === '{' ? command.end + 1 : at + 1;
        continue;
      }
      const result = this.#execute(command);
      if (typeof result === 'number') {
        at = result + 1;
      } else {
        flow = result;
        at += 1;
      }
    }
    if (flow !== 'end' && flow !== 'stop' && flow !== 'restart' && !this.#isSilent) {
      this.#print(this.#space, this.#end);
    }
    this.#flush();
    this.hasQuit = flow === 'quit' || flow === 'stop';
    return flow;
  }

  #print(text: string, end: string): void {
    const last = this.#out.at(-1);
    if (last !== undefined && !last.endsWith('\n')) {
      this.#out.push('\n');
    }
    this.#out.push(`${text}${end}`);
  }

  #flush(): void {
    for (const text of this.#appended) {
      this.#print(text, '\n');
    }
    this.#appended = [];
  }

  #selects(command: SedCommand): boolean {
    const { from, to, isNegated } = command;
    if (!from) {
      return !isNegated;
    }
    return (to ? this.#isInRange(command, from, to) : this.#matches(from)) !== isNegated;
  }

  #isInRange(command: SedCommand, from: Address, to: Address): boolean {
    const open = this.#ranges.get(command);
    if (open === undefined) {
      const begins =
        from.kind === 'line'
          ? this.#number >= from.number && !this.#closed.has(command)
          : this.#matches(from);
      if (!begins) {
        return false;
      }
      const end = this.#endOf(to);
      if (end > this.#number) {
        this.#ranges.set(command, end);
      } else {
        this.#closed.add(command);
      }
      return true;
    }
    if (to.kind === 'pattern' ? this.#matches(to) : this.#number >= open) {
      this.#ranges.delete(command);
      this.#closed.add(command);
    }
    return to.kind === 'pattern' || this.#number <= open;
  }

  #endOf(to: Address): number {
    switch (to.kind) {
      case 'line':
        return to.number;
      case 'last':
        return this.#lines.length;
      case 'more':
        return this.#number + to.count;
      case 'step':
        throw unsupported('a step as the end of a range');
      case 'pattern':
        return Infinity;
    }
  }

  #matches(address: Address): boolean {
    switch (address.kind) {
      case 'line':
        return this.#number === address.number;
      case 'last':
        return this.#isLast;
      case 'step': {
        const { first, step } = address;
        return step === 0
          ? this.#number === first
          : this.#number >= first && (this.#number - first) % step === 0;
      }
      case 'pattern':
        return this.#use(address.pattern).test(this.#space);
      case 'more':
        return false;
    }
  }

  #use(pattern: PosixPattern | null): PosixPattern {
    this.#lastPattern = pattern ?? this.#lastPattern;
    if (!this.#lastPattern) {
      throw new CommandFailure('no previous regular expression', 1);
    }
    return this.#lastPattern;
  }

  /** A number: where it goes on. */
  #execute(command: SedCommand): Flow | number {
    const { name, text } = command;
    switch (name) {
      case 's':
        this.#substitute(command.substitution);
        return 'next';
      case 'y':
        this.#space = [...this.#space].map((char) => command.table?.get(char) ?? char).join('');
        return 'next';
      case 'p':
        this.#print(this.#space, this.#end);
        return 'next';
      case 'P': {
        const cut = this.#space.indexOf('\n');
        this.#print(
          cut === -1 ? this.#space : this.#space.slice(0, cut),
          cut === -1 ? this.#end : '\n',
        );
        return 'next';
      }
      case '=':
        this.#print(String(this.#number), '\n');
        return 'next';
      case 'd':
        return 'end';
      case 'D': {
        const cut = this.#space.indexOf('\n');
        if (cut === -1) {
          return 'end';
        }
        this.#space = this.#space.slice(cut + 1);
        return 'restart';
      }
      case 'n':
        return this.#next();
      case 'N':
        return this.#join();
      case 'h':
        [this.#hold, this.#holdEnd] = [this.#space, this.#end];
        return 'next';
      case 'H':
        this.#hold = this.#bound(`${this.#hold}\n${this.#space}`);
        return 'next';
      case 'g':
        [this.#space, this.#end] = [this.#hold, this.#holdEnd];
        return 'next';
      case 'G':
        this.#space = this.#bound(`${this.#space}\n${this.#hold}`);
        return 'next';
      case 'x':
        [this.#space, this.#hold] = [this.#hold, this.#space];
        [this.#end, this.#holdEnd] = [this.#holdEnd, this.#end];
        return 'next';
      case 'a':
        this.#appended.push(text);
        return 'next';
      case 'i':
        this.#print(text, '\n');
        return 'next';
      case 'c':
        return this.#change(command);
      case 'q':
      case 'Q':
        this.exitCode = Number(text);
        return name === 'q' ? 'quit' : 'stop';
      case 'b':
        return this.#jump(text);
      case 't':
      case 'T': {
        const jumps = this.#hasSubstituted === (name === 't');
        this.#hasSubstituted = false;
        return jumps ? this.#jump(text) : 'next';
      }
      default:
        return 'next'; // braces and labels
    }
  }

  #jump(label: string): number {
    return label === '' ? this.#commands.length : (this.#labels.get(label) ?? 0);
  }

  #change(command: SedCommand): Flow {
    const { text, to, isNegated } = command;
    if (to && isNegated) {
      throw unsupported('c for what is outside of a range');
    }
    if (!this.#ranges.has(command)) {
      this.#print(text, '\n');
    }
    return 'end';
  }

  #next(): Flow {
    if (this.#isLast) {
      return 'quit'; // GNU prints the pattern space then
    }
    if (!this.#isSilent) {
      this.#print(this.#space, this.#end);
    }
    this.#flush();
    this.#readLine();
    return 'next';
  }

  #join(): Flow {
    if (this.#isLast) {
      return 'quit';
    }
    const before = this.#space;
    this.#flush();
    this.#readLine();
    this.#space = this.#bound(`${before}\n${this.#space}`);
    return 'next';
  }

  #bound(text: string): string {
    if (text.length > maxSpaceChars) {
      throw unsupported(`a text of more than ${maxSpaceChars} characters in sed`);
    }
    return text;
  }

  #substitute(substitution: Substitution | null): void {
    if (!substitution) {
      return;
    }
    const pattern = this.#use(substitution.pattern);
    const { parts, isGlobal, number, prints } = substitution;
    const space = this.#space;
    const pieces: string[] = [];
    let copied = 0;
    let count = 0;
    for (let from = 0, lastEnd = -1; from <= space.length;) {
      const span = pattern.find(space, from);
      if (!span) {
        break;
      }
      const isEmpty = span.end === span.start;
      if (!(isEmpty && span.start === lastEnd)) {
        count += 1;
        if (count >= number) {
          pieces.push(space.slice(copied, span.start), fill(parts, space, span));
          copied = span.end;
          if (!isGlobal) {
            break;
          }
        }
      }
      lastEnd = span.end;
      from = isEmpty ? span.end + charLength(space, span.end) : span.end;
    }
    if (count < number) {
      return;
    }
    this.#space = this.#bound(`${pieces.join('')}${space.slice(copied)}`);
    this.#hasSubstituted = true;
    if (prints) {
      this.#print(this.#space, this.#end);
    }
  }
}

const charLength = (text: string, at: number): number =>
  (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;

function fill(parts: readonly ReplacementPart[], space: string, span: Span): string {
  let mode = 'E';
  let once = '';
  let filled = '';
  for (const part of parts) {
    if (part.kind === 'case') {
      if (/[ul]/u.test(part.letter)) {
        once = part.letter;
      } else {
        mode = part.letter;
      }
      continue;
    }
    const text =
      part.kind === 'text'
        ? part.text
        : part.number === 0
          ? space.slice(span.start, span.end)
          : groupOf(span, part.number);
    let shown = mode === 'U' ? toUpper(text) : mode === 'L' ? toLower(text) : text;
    if (once !== '' && shown !== '') {
      const [first = ''] = shown;
      const changed = once === 'u' ? toUpper(first) : toLower(first);
      shown = `${changed}${shown.slice(first.length)}`;
      once = '';
    }
    filled += shown;
  }
  return filled;
}

function groupOf({ groups }: Span, number: number): string {
  if (number > groups.length) {
    throw new CommandFailure(
      `-e expression #1, char 0: invalid reference \\${number} on \`s' command's RHS`,
      1,
    );
  }
  return groups[number - 1] ?? '';
}
