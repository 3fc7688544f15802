// Turns a step's code into a global script that tells its lines, line for line. Its declarations stay as they
// are: declared.guest.txt keeps what they declare. Also says what the code mentions, so that only that has to be
// looked at afterwards.

import { type Node, type Program, type Token, parse } from 'acorn';
import { encloseFunctions, findBareFunctions } from './blockFunctions';
import { type Edit, type Span, applyEdits, hideSeparators, rank, toEngineText } from './codeEdits';
import { CodeLines } from './codeLines';
import {
  type Declarations,
  type VariableDeclaration,
  childrenOf,
  declaredNames,
  isFunction,
  readDeclarations,
} from './declarations';
import { addCarriers, namesGivenValues } from './functionCarriers';
import { markLines } from './markLines';
import { findRenewed, toVar } from './renewedNames';
import { toUnicodePattern } from './unicodeSets';

interface StatementNames {
  /** Declared at the top level, or given a value anywhere in it. */
  readonly given: ReadonlySet<string>;
  readonly mentions: ReadonlySet<string>;
}

export interface RewrittenStep {
  readonly kind: 'step';
  readonly code: string;
  /** What is to run before it; null where the engine takes a step's code as one script. */
  readonly functions: string | null;
  /** It awaits at the top level. */
  readonly isAsync: boolean;
  /** It ends with an expression, whose value is the step's result. */
  readonly hasResult: boolean;
  /** Every identifier in the code, property names included. */
  readonly mentions: ReadonlySet<string>;
  /** Of the statements that declare something, or give something a value. */
  readonly declarations: readonly StatementNames[];
  readonly declared: Declarations;
  /** Names of what may be or hold functions, those of steps before too. */
  readonly carriers: ReadonlySet<string>;
}

interface RefusedStep {
  readonly kind: 'refused';
  readonly message: string;
  /** 1-based. */
  readonly line: number | null;
}

interface Name {
  readonly text: string;
  readonly start: number;
}

/** A parsed step, and the changes that are the same in every engine. */
export interface ParsedStep {
  readonly code: string;
  readonly program: Program;
  readonly declared: Declarations;
  readonly renewed: readonly VariableDeclaration[];
  readonly edits: readonly Edit[];
  readonly isAsync: boolean;
  readonly hasResult: boolean;
}

/** Makes of a parsed step what an engine runs. */
export type AssembleStep = (parsed: ParsedStep) => Pick<RewrittenStep, 'code' | 'functions'>;

const assembleScript: AssembleStep = ({ code, edits, renewed }) => ({
  code: toEngineText(applyEdits(code, [...renewed.flatMap(toVar), ...edits])),
  functions: null,
});

/** What steps before have left. */
interface EarlierNames {
  /** Declared with `let` and the like. */
  readonly lexical: ReadonlySet<string>;
  /** Of what may be or hold functions. */
  readonly carriers: ReadonlySet<string>;
}

/** `step` is its number, by which errors name it. */
export function rewriteStep(
  code: string,
  step: number,
  { lexical: earlier, carriers }: EarlierNames = { lexical: new Set(), carriers: new Set() },
  assemble: AssembleStep = assembleScript,
): RewrittenStep | RefusedStep {
  const names: Name[] = [];
  const holding = new Set(carriers);
  const taken: Span[] = [];
  try {
    const program = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowAwaitOutsideFunction: true,
      allowHashBang: true,
      onToken: (token) => {
        addName(names, token);
        checkPattern(token);
        taken.push(token);
      },
      onComment: (isBlock, _, start, end) => {
        taken.push({ start, end: isBlock ? end : end + 1 }); // with the line's end
      },
    });
    addCarriers(program.body, holding);
    const renewed = findRenewed(program, earlier);
    const declared = readDeclarations(program, renewed);
    const edits = [
      ...findBareFunctions(program).flatMap(({ start, end }) => [
        { at: start, length: 0, text: '{', rank: rank.block },
        { at: end, length: 0, text: '}', rank: rank.end },
      ]),
      ...keepFunctionsInside(program, earlier, declared, code),
      ...hideSeparators(code, taken),
      ...markLines(program, code, step).map((mark) => ({ ...mark, length: 0 })),
    ];
    const isAsync = awaitsAtTopLevel(program);
    const hasResult = program.body.at(-1)?.type === 'ExpressionStatement';
    return {
      kind: 'step',
      ...assemble({ code, program, declared, renewed, edits, isAsync, hasResult }),
      isAsync,
      hasResult,
      mentions: new Set([
        ...names.map((name) => name.text),
        ...(namesThis(program) ? ['globalThis'] : []),
      ]),
      declarations: findDeclarations(program, names, holding),
      carriers: holding,
      declared,
    };
  } catch (error) {
    return toRefusal(error, code);
  }
}

function addName(names: Name[], token: Token): void {
  const { value } = token as { value?: unknown }; // acorn's types leave it out
  if (token.type.label === 'name' && typeof value === 'string') {
    names.push({ text: value, start: token.start });
  }
}

/** @throws SyntaxError with its place, as the parser's: the engine would tell none */
function checkPattern(token: Token): void {
  const { value } = token as { value?: { pattern: string; flags: string } }; // acorn's types leave it out
  if (token.type.label === 'regexp' && value?.flags.includes('v') === true) {
    try {
      toUnicodePattern(value.pattern, value.flags);
    } catch (error) {
      throw error instanceof SyntaxError ? Object.assign(error, { pos: token.start }) : error;
    }
  }
}

function awaitsAtTopLevel(program: Program): boolean {
  const waiting: Node[] = [program];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.type === 'AwaitExpression' || ('await' in node && node.await === true)) {
      return true;
    }
    if (!isFunction(node)) {
      waiting.push(...childrenOf(node));
    }
  }
  return false;
}

/** Whether it names the globals by `this`: outside functions that have one of their own, and classes. */
function namesThis(program: Program): boolean {
  const waiting: Node[] = [program];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.type === 'ThisExpression') {
      return true;
    }
    const hasOwn = /^(?:Function(?:Declaration|Expression)|ClassBody)$/.test(node.type);
    waiting.push(...(hasOwn ? [] : childrenOf(node)));
  }
  return false;
}

/** A function in a block is no variable beside a declaration of its name at the top level. */
function keepFunctionsInside(
  program: Program,
  earlier: ReadonlySet<string>,
  { lexical, renewed, others }: Declarations,
  code: string,
): Edit[] {
  const kept = [...earlier].filter((name) => !others.includes(name));
  return encloseFunctions(program, new Set([...kept, ...lexical, ...renewed]), code).flatMap(
    ({ start, end, names }) => [
      { at: start, length: 0, text: `{let ${names.join(', ')};{`, rank: rank.target },
      { at: end, length: 0, text: '}}', rank: rank.end },
    ],
  );
}

function findDeclarations(
  program: Program,
  names: readonly Name[],
  carriers: ReadonlySet<string>,
): readonly StatementNames[] {
  let from = 0;
  return program.body.flatMap((statement) => {
    while ((names[from]?.start ?? Infinity) < statement.start) {
      from += 1;
    }
    let to = from;
    while ((names[to]?.start ?? Infinity) < statement.end) {
      to += 1;
    }
    const mentions = new Set(names.slice(from, to).map((name) => name.text));
    const given = new Set([...declaredNames(statement), ...namesGivenValues(statement, carriers)]);
    from = to;
    return given.size === 0 ? [] : [{ given, mentions }];
  });
}

function toRefusal(error: unknown, code: string): RefusedStep {
  if (error instanceof RangeError) {
    return { kind: 'refused', message: 'The code is nested too deeply.', line: null };
  }
  if (!(error instanceof SyntaxError)) {
    throw error;
  }
  const { pos } = error as { pos?: number }; // acorn adds it to what it throws
  const message = error.message.replace(/ \(\d+:\d+\)$/, '');
  return {
    kind: 'refused',
    message,
    line: pos === undefined ? null : new CodeLines(code).lineOf(pos),
  };
}
