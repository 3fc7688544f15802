// What a step declares at its top level, and where it assigns to constants.

import type { Node, Program } from 'acorn';

type Names = ReadonlySet<string>;
type Statement = Program['body'][number];
type Pattern = Extract<Statement, { type: 'VariableDeclaration' }>['declarations'][number]['id'];

export interface Declarations {
  /** Declared with `let` or `const`, or as a class: not to be used before. */
  readonly lexical: readonly string[];
  readonly constants: readonly string[];
  /** All others, those of `var` in blocks too. */
  readonly others: readonly string[];
}

export function readDeclarations(program: Program): Declarations {
  const lexical = program.body.filter(isLexical);
  return {
    lexical: lexical.flatMap(declaredNames),
    constants: lexical.flatMap((one) => (isConstant(one) ? declaredNames(one) : [])),
    others: [...varNames(program)],
  };
}

export function isLexical(statement: Statement): boolean {
  return (
    statement.type === 'ClassDeclaration' ||
    (statement.type === 'VariableDeclaration' && statement.kind !== 'var')
  );
}

function isConstant(statement: Statement): boolean {
  return statement.type === 'VariableDeclaration' && statement.kind === 'const';
}

export function declaredNames(statement: Statement): string[] {
  if (statement.type === 'VariableDeclaration') {
    return statement.declarations.flatMap((one) => boundNames(one.id));
  }
  const isNamed = statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration';
  return isNamed ? [statement.id.name] : [];
}

function boundNames(pattern: Pattern): string[] {
  return targetsIn(pattern).map(({ name }) => name);
}

/** A name that is assigned to. */
interface Target {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** It stands for a property of the same name, as in `{ name }`. */
  readonly isShorthand: boolean;
}

function targetsIn(pattern: Pattern, isShorthand = false): Target[] {
  switch (pattern.type) {
    case 'Identifier':
      return [{ name: pattern.name, start: pattern.start, end: pattern.end, isShorthand }];
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) =>
        one.type === 'RestElement' ? targetsIn(one.argument) : targetsIn(one.value, one.shorthand),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((one) => (one ? targetsIn(one) : []));
    case 'RestElement':
      return targetsIn(pattern.argument);
    case 'AssignmentPattern':
      return targetsIn(pattern.left, isShorthand);
    case 'MemberExpression':
      return [];
  }
}

/** Where the code assigns to one of these constants, and to no variable of its own with that name. */
export function findConstantTargets(program: Program, constants: Names): Target[] {
  const found: Target[] = [];
  const visit = (node: Node, visible: Names): void => {
    const seen = without(visible, ownNames(node));
    if (seen.size === 0 || node.type === 'WithStatement') {
      return; // `with` may find a property of that name
    }
    found.push(...assignedIn(node).filter(({ name }) => seen.has(name)));
    childrenOf(node).forEach((child) => {
      visit(child, seen);
    });
  };
  visit(program, constants);
  return found;
}

/** Names that the statement, or a function in it, assigns to, puts something into, or gives a function to. */
export function namesGivenValues(statement: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const waiting = [statement];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    assignedIn(node).forEach(({ name }) => names.add(name));
    const {
      left,
      callee,
      arguments: given,
    } = node as Node &
      Partial<Record<string, Node>> & {
        arguments?: Node[];
      };
    const takesFunction = callee !== undefined && (given ?? []).some(isFunction);
    const root = left ? rootOf(left) : takesFunction ? rootOf(callee) : null;
    if (root !== null) {
      names.add(root);
    }
    waiting.push(...childrenOf(node));
  }
  return names;
}

/** `a` of `a.b[c]`. */
function rootOf(node: Node): string | null {
  let at = node as Node & { object?: Node; name?: string };
  while (at.object) {
    at = at.object;
  }
  return at.type === 'Identifier' && at !== node ? (at.name ?? null) : null;
}

function assignedIn(node: Node): Target[] {
  const one = node as Node & { left?: Pattern; argument?: Pattern }; // as these types have them
  switch (node.type) {
    case 'AssignmentExpression':
      return one.left ? targetsIn(one.left) : [];
    case 'ForInStatement':
    case 'ForOfStatement':
      return one.left && !isDeclaration(one.left) ? targetsIn(one.left) : [];
    case 'UpdateExpression':
      return one.argument ? targetsIn(one.argument) : [];
    default:
      return [];
  }
}

function isDeclaration(node: Node): boolean {
  return node.type === 'VariableDeclaration';
}

/** Names that stand for something else within this node. */
function ownNames(node: Node): string[] {
  const parts = node as Node & { params?: Pattern[]; param?: Pattern | null; id?: Pattern | null };
  if (isFunction(node)) {
    const params = (parts.params ?? []).flatMap(boundNames);
    const own = node.type === 'FunctionExpression' && parts.id ? boundNames(parts.id) : [];
    return [...params, ...own, ...varNames(node), ...lexicalNames(node)];
  }
  if (node.type === 'CatchClause') {
    return parts.param ? boundNames(parts.param) : [];
  }
  if (node.type === 'ClassExpression' || node.type === 'ClassDeclaration') {
    return parts.id ? boundNames(parts.id) : [];
  }
  return node.type === 'Program' ? [] : lexicalNames(node);
}

/** Declared by the statements of a block, a loop or a `switch`. */
function lexicalNames(node: Node): string[] {
  const inside =
    node.type === 'SwitchStatement' ? childrenOf(node).flatMap(childrenOf) : childrenOf(node);
  return inside.flatMap((one) => {
    const statement = one as Statement; // others declare nothing
    return statement.type === 'FunctionDeclaration' || isLexical(statement)
      ? declaredNames(statement)
      : [];
  });
}

/** Declared anywhere in it with `var`, or as its functions; not what other functions declare for themselves. */
function varNames(outer: Node): Names {
  const names = new Set<string>();
  const waiting = childrenOf(outer);
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const statement = node as Statement; // others declare nothing
    if (statement.type === 'VariableDeclaration' && statement.kind === 'var') {
      declaredNames(statement).forEach((name) => names.add(name));
    } else if (statement.type === 'FunctionDeclaration' && isBodyOf(outer, node)) {
      names.add(statement.id.name);
    }
    if (!isFunction(node)) {
      waiting.push(...childrenOf(node));
    }
  }
  return names;
}

function isBodyOf(outer: Node, statement: Node): boolean {
  const { body } = outer as Node & { body?: Node | Node[] }; // of functions and programs
  const list = Array.isArray(body) ? body : body ? childrenOf(body) : [];
  return list.includes(statement);
}

function without(names: Names, hidden: readonly string[]): Names {
  return hidden.some((name) => names.has(name))
    ? new Set([...names].filter((name) => !hidden.includes(name)))
    : names;
}

/** With the blocks of classes, which are called like functions: `var` and `await` belong to the innermost. */
export function isFunction(node: Node): boolean {
  return /^(?:ArrowFunctionExpression|Function(?:Declaration|Expression)|StaticBlock)$/.test(
    node.type,
  );
}

export function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
