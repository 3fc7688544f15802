// What a step declares at its top level, and which names it gives values.

import type { Node, Program } from 'acorn';

type Statement = Program['body'][number];
export type VariableDeclaration = Extract<Statement, { type: 'VariableDeclaration' }>;
type Pattern = VariableDeclaration['declarations'][number]['id'];

export interface Declarations {
  /** Declared with `let` or `const`, or as a class: not to be used before. */
  readonly lexical: readonly string[];
  readonly constants: readonly string[];
  /** Declared in one of these ways, and as with `var` until the step has ended. */
  readonly renewed: readonly string[];
  /** All others, those of `var` in blocks too. */
  readonly others: readonly string[];
}

/** `renewed` are declarations that are as those with `var` until the step has ended. */
export function readDeclarations(
  program: Program,
  renewed: readonly VariableDeclaration[],
): Declarations {
  const all = program.body.filter(isLexical);
  const given = new Set<Statement>(renewed);
  return {
    lexical: all.filter((one) => !given.has(one)).flatMap(declaredNames),
    constants: all.filter(isConstant).flatMap(declaredNames),
    renewed: renewed.flatMap(declaredNames),
    others: [...varNames(program)],
  };
}

function isLexical(statement: Statement): boolean {
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

/** What a pattern gives values to. */
function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) =>
        boundNames(one.type === 'RestElement' ? one.argument : one.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((one) => (one ? boundNames(one) : []));
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'MemberExpression':
      return [];
  }
}

/** Names that are assigned to within a node, whatever they stand for there. */
export function namesAssigned(node: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const waiting = [node];
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    assignedIn(one).forEach((name) => names.add(name));
    waiting.push(...childrenOf(one));
  }
  return names;
}

/** Whether the name stands anywhere in these nodes, and not only as that of a property. */
export function mentionsName(nodes: readonly Node[], name: string): boolean {
  const waiting = [...nodes];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.type === 'Identifier' && 'name' in node && node.name === name) {
      return true;
    }
    const { computed, property, key } = node as Node &
      Partial<Record<'property' | 'key', Node>> & { computed?: boolean };
    const label = computed === true ? undefined : (property ?? key);
    waiting.push(...childrenOf(node).filter((one) => one !== label));
  }
  return false;
}

/** Names that a node assigns to. */
export function assignedIn(node: Node): string[] {
  const one = node as Node & { left?: Pattern; argument?: Pattern }; // as these types have them
  switch (node.type) {
    case 'AssignmentExpression':
      return one.left ? boundNames(one.left) : [];
    case 'ForInStatement':
    case 'ForOfStatement':
      return one.left && !isDeclaration(one.left) ? boundNames(one.left) : [];
    case 'UpdateExpression':
      return one.argument ? boundNames(one.argument) : [];
    default:
      return [];
  }
}

function isDeclaration(node: Node): boolean {
  return node.type === 'VariableDeclaration';
}

/** Declared with `let`, `const` or as classes by the statements of a block or a `switch`. */
export function lexicalNames(node: Node): string[] {
  const inside = childrenOf(node);
  const statements = node.type === 'SwitchStatement' ? inside.flatMap(childrenOf) : inside;
  return statements.flatMap((one) => {
    const statement = one as Statement; // others declare nothing
    return isLexical(statement) ? declaredNames(statement) : [];
  });
}

/** Declared anywhere in it with `var`, or as its functions; not what other functions declare for themselves. */
function varNames(outer: Node): ReadonlySet<string> {
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
