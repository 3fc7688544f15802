// Which names may stand for functions, or for what holds some: whoever is given such a name can call later what it
// mentions. Errs on the side of too many, which costs time alone.

import type { Node } from 'acorn';
import { listReplGlobals } from '../../core/replGlobals';
import { assignedIn, childrenOf, isFunction } from './declarations';

interface Parts {
  readonly name?: string;
  readonly id?: Node | null;
  readonly init?: Node | null;
  readonly left?: Node;
  readonly right?: Node;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
}

/** What keeps nothing that it is given. */
const builtIn = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  ...Object.keys(listReplGlobals('javascript')),
]);

/** Functions may be used above where they stand, but rarely through many names. */
const passes = 3;

/** Adds to `carriers` the names that the statements give such values, in declarations and assignments anywhere. */
export function addCarriers(statements: readonly Node[], carriers: Set<string>): void {
  for (let pass = 0, before = -1; pass < passes && before < carriers.size; pass += 1) {
    before = carriers.size;
    statements.forEach((statement) => addCarriersOf(statement, carriers));
  }
}

function addCarriersOf(statement: Node, carriers: Set<string>): void {
  const waiting = [statement];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const { id, init, left, right } = node as Node & Parts;
    const isAssignment = node.type.startsWith('Assignment');
    const [target, value] = isAssignment ? [left, right] : [id, init ?? (id ? node : null)];
    if (target && value && isCarrier(value, carriers)) {
      identifiersIn(target).forEach((name) => carriers.add(name));
    }
    holdersOf(node, false, carriers).forEach((name) => carriers.add(name));
    waiting.push(...childrenOf(node));
  }
}

/**
 * Names of what may keep a function that a call is given: what is called, and all that is given. `isInside`: the call
 * stands in a function, whose own names may be anything.
 */
export function holdersOf(
  call: Node,
  isInside: boolean,
  carriers: ReadonlySet<string>,
): readonly string[] {
  const { callee, arguments: given = [] } = call as Node & Parts;
  if (!callee || !given.some((one) => isCarrier(one, isInside ? null : carriers))) {
    return [];
  }
  const root = rootOf(callee);
  return [...(root === null ? notBuiltIn(callee) : [root]), ...given.flatMap(notBuiltIn)];
}

/** Names that the statement, or a function in it, assigns to, puts something into, or gives a function to. */
export function namesGivenValues(
  statement: Node,
  carriers: ReadonlySet<string>,
): ReadonlySet<string> {
  const names = new Set<string>();
  const waiting = [{ node: statement, isInside: false }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, isInside } = next;
    const { left } = node as Node & Parts;
    const root = left ? rootOf(left) : null;
    const given = [...assignedIn(node), ...holdersOf(node, isInside, carriers)];
    [...given, ...(root === null ? [] : [root])].forEach((name) => names.add(name));
    const within = isInside || isFunction(node);
    waiting.push(...childrenOf(node).map((child) => ({ node: child, isInside: within })));
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

/**
 * Whether a value may be a function or hold one; `carriers` null: any name may. Of a call only what it calls counts,
 * and only where that is the code's own.
 */
function isCarrier(value: Node, carriers: ReadonlySet<string> | null): boolean {
  const waiting = [value];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const { name = '', callee } = node as Node & Parts;
    if (isFunction(node) || node.type.startsWith('Class')) {
      return true;
    }
    if (node.type === 'Identifier' && (carriers === null || carriers.has(name))) {
      return true;
    }
    const own = callee?.type === 'Identifier' ? [callee] : [];
    waiting.push(...(callee ? own : partsOf(node)));
  }
  return false;
}

function notBuiltIn(node: Node): readonly string[] {
  return identifiersIn(node).filter((name) => !builtIn.has(name));
}

/** Of variables, outside the functions and calls in a node, which are looked at by themselves. */
function identifiersIn(outer: Node): readonly string[] {
  const names: string[] = [];
  const waiting = [outer];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const { name } = node as Node & Parts;
    if (node.type === 'Identifier' && name !== undefined) {
      names.push(name);
    }
    const isApart = isFunction(node) || 'callee' in node;
    waiting.push(...(isApart ? [] : partsOf(node)));
  }
  return names;
}

/** Without the names of properties. */
function partsOf(node: Node): readonly Node[] {
  const { computed, property, key } = node as Node &
    Partial<Record<'property' | 'key', Node>> & { computed?: boolean };
  const label = computed === true ? undefined : (property ?? key);
  return childrenOf(node).filter((one) => one !== label);
}
