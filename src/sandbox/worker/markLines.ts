// Marks in a step's code that change nothing but what line an error has: in this engine only calls, operators
// and some statements tell their line, so that others would report an earlier one. Also notes where values
// are thrown and awaited, which errors from elsewhere do not tell. `marks.guest.txt` takes marks out again.

import type { Node } from 'acorn';
import { CodeLines } from './codeLines';

/** Text put in at a place of the code. At one place, lower ranks come first. */
export interface Mark {
  readonly at: number;
  readonly text: string;
  readonly rank: number;
}

/** Of edits at the same place; statements' own edits lie between. */
export const markRank = { close: 0, statement: 2, open: 4 } as const;

// As in marks.guest.txt.
const tag = '/*~rlm~*/';
const statementMark = `0|0${tag};`;
const openMark = `(0|0${tag},`;
const closeMark = `${tag})`;

/** Statements that do not tell their line by themselves. */
const silentStatements = new Set([
  ...['VariableDeclaration', 'IfStatement', 'ForStatement', 'ForInStatement', 'ForOfStatement'],
  ...['WhileStatement', 'DoWhileStatement', 'SwitchStatement', 'LabeledStatement'],
  ...['ClassDeclaration', 'ReturnStatement', 'ThrowStatement'],
]);

/** They do nothing where they stand. */
const unmarkable = /^(?:FunctionDeclaration|EmptyStatement)$/;

/** Operands that can stand in parentheses, by the type of the expression or statement they belong to. */
const operands: Readonly<Record<string, readonly string[]>> = {
  ArrayExpression: ['elements'],
  ArrowFunctionExpression: ['body'],
  AssignmentExpression: ['right'],
  AssignmentPattern: ['right'],
  AwaitExpression: ['argument'],
  BinaryExpression: ['left', 'right'],
  CallExpression: ['arguments'],
  ConditionalExpression: ['test', 'consequent', 'alternate'],
  DoWhileStatement: ['test'],
  ForInStatement: ['right'],
  ForOfStatement: ['right'],
  ForStatement: ['test', 'update'],
  IfStatement: ['test'],
  LogicalExpression: ['left', 'right'],
  NewExpression: ['arguments'],
  ReturnStatement: ['argument'],
  SequenceExpression: ['expressions'],
  SpreadElement: ['argument'],
  SwitchCase: ['test'],
  SwitchStatement: ['discriminant'],
  TemplateLiteral: ['expressions'],
  ThrowStatement: ['argument'],
  VariableDeclarator: ['init'],
  WhileStatement: ['test'],
  YieldExpression: ['argument'],
};

/** Only what can fail and, being named by where it stands, is no function or class. */
const marked = new Set([
  ...['AwaitExpression', 'BinaryExpression', 'CallExpression', 'ChainExpression', 'Identifier'],
  ...['ConditionalExpression', 'LogicalExpression', 'MemberExpression', 'NewExpression'],
  ...['AssignmentExpression', 'TaggedTemplateExpression', 'TemplateLiteral', 'UnaryExpression'],
  ...['UpdateExpression', 'YieldExpression', 'SequenceExpression'],
]);

export function markLines(program: Node, code: string, step: number): Mark[] {
  return new LineMarks(code, step).mark(program);
}

/** Expressions that leave out some of their parts. */
const branching = new Set(['ConditionalExpression', 'LogicalExpression', 'IfStatement']);
const unknownLine = 0;

interface Scope {
  /** Names that hold what somebody else has thrown, or given. */
  readonly foreign: ReadonlySet<string>;
  readonly isTop: boolean;
}

class LineMarks {
  readonly #marks: Mark[] = [];
  readonly #lines: CodeLines;
  readonly #step: number;
  /** Properties of object literals; those of patterns hold targets. */
  readonly #ofObjects = new Set<Node>();
  /** Of what was marked, or tells by itself, last. */
  #line = unknownLine;

  constructor(code: string, step: number) {
    this.#step = step;
    this.#lines = new CodeLines(code);
  }

  mark(program: Node): Mark[] {
    this.#visit(program, { foreign: new Set(), isTop: true });
    return this.#marks;
  }

  #visit(node: Node, outer: Scope): void {
    const scope = scopeIn(node, outer);
    const before = this.#line;
    if (node.type === 'ExpressionStatement' || isFunction(node)) {
      this.#line = this.#lineOf(node.start);
    }
    const isBranching = branching.has(node.type);
    let atBranch = this.#line;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'consequent' || key === 'right') {
        atBranch = this.#line;
      } else if (key === 'alternate') {
        this.#line = atBranch;
      }
      this.#visitChildren(node, key, value, scope);
    }
    if (isFunction(node)) {
      this.#line = before; // its code runs elsewhere
    } else if (isBranching && this.#line !== atBranch) {
      this.#line = unknownLine;
    }
  }

  #visitChildren(node: Node, key: string, value: unknown, scope: Scope): void {
    const isOperand = operands[node.type]?.includes(key) ?? this.#isPropertyValue(node, key);
    for (const child of (Array.isArray(value) ? value : [value]).filter(isNode)) {
      if (key === 'body' || key === 'consequent') {
        this.#markStatement(node, child, Array.isArray(value));
      }
      if (node.type === 'ObjectExpression') {
        this.#ofObjects.add(child);
      }
      this.#visitOperand(child, scope, isOperand, () => this.#noteFor(node, scope));
    }
  }

  #isPropertyValue(node: Node, key: string): boolean {
    return key === 'value' && this.#ofObjects.has(node) && 'shorthand' in node && !node.shorthand;
  }

  /** A statement of a list; elsewhere a second statement has no room. */
  #markStatement(parent: Node, statement: Node, isList: boolean): void {
    if (!isList || parent.type === 'ClassBody') {
      return;
    }
    const line = this.#lineOf(statement.start);
    const isTop = parent.type === 'Program' && !unmarkable.test(statement.type);
    if (isTop && !('directive' in statement && statement.directive !== undefined)) {
      this.#add(statement.start, `$rlm_at(${line});`, markRank.statement);
      this.#line = line;
    } else if (silentStatements.has(statement.type)) {
      this.#add(statement.start, statementMark, markRank.statement);
      this.#line = line;
    }
  }

  #visitOperand(child: Node, scope: Scope, isOperand: boolean, note: () => string | null): void {
    const noted = isOperand ? note() : null;
    const line = this.#lineOf(child.start);
    // What is noted becomes an argument, of which a sequence would be several.
    const isSequence = noted !== null && child.type === 'SequenceExpression';
    const isMarked = isOperand && marked.has(child.type) && (isSequence || line !== this.#line);
    if (noted !== null) {
      this.#add(child.start, noted, markRank.open);
    }
    if (isMarked) {
      this.#add(child.start, openMark, markRank.open);
      this.#line = line;
    }
    this.#visit(child, scope);
    if (isMarked) {
      this.#add(child.end, closeMark, markRank.close);
    }
    if (noted !== null) {
      this.#add(child.end, closeMark, markRank.close);
    }
  }

  /**
   * How the operand of a `throw`, or of an `await` outside all functions, is noted; null for all others.
   * Begins with a space, which the code may have none of between the word and its operand.
   */
  #noteFor(parent: Node, scope: Scope): string | null {
    const line = this.#lineOf(parent.start);
    if (parent.type === 'AwaitExpression') {
      return scope.isTop ? ` $rlm_awaiting(${line},` : null;
    }
    if (parent.type !== 'ThrowStatement') {
      return null;
    }
    const argument = 'argument' in parent ? parent.argument : null;
    const isAgain =
      isNode(argument) && 'name' in argument && scope.foreign.has(String(argument.name));
    return ` $rlm_thrown(${this.#step},${line},${isAgain ? 0 : 1},`;
  }

  #add(at: number, text: string, rank: number): void {
    this.#marks.push({ at, text, rank });
  }

  #lineOf(position: number): number {
    return this.#lines.lineOf(position);
  }
}

function isFunction(node: Node): boolean {
  return /Function(?:Declaration|Expression)$/.test(node.type);
}

function scopeIn(node: Node, outer: Scope): Scope {
  if (node.type === 'CatchClause' && 'param' in node) {
    return { ...outer, foreign: new Set([...outer.foreign, ...namesIn(node.param)]) };
  }
  if (isFunction(node) && 'params' in node) {
    return { foreign: new Set([...outer.foreign, ...namesIn(node.params)]), isTop: false };
  }
  const isOwn = node.type === 'StaticBlock' || node.type === 'PropertyDefinition';
  return isOwn ? { ...outer, isTop: false } : outer;
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap(namesIn);
  }
  return isNode(value) && 'name' in value && typeof value.name === 'string' ? [value.name] : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
