// Functions declared in blocks. The language also makes a variable of each around its
// block, except where a name is declared there with `let` or `const`, or as a class. The engine knows
// nothing of those of earlier steps, and overlooks those further down: it is told by a block around the block,
// which declares the name and changes nothing else.

import type { Node, Program } from 'acorn';
import { childrenOf, isFunction, lexicalNames } from './declarations';

/** Around `start` to `end` a block that declares `names`. */
interface Enclosure {
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
}

/** Of the blocks that declare functions by one of these names, or by one that a block around them declares. */
export function encloseFunctions(
  program: Program,
  lexical: ReadonlySet<string>,
  code: string,
): Enclosure[] {
  const found: Enclosure[] = [];
  const waiting = program.body.map((node: Node) => ({ node, around: lexical }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node } = next;
    const around = isFunction(node) ? new Set<string>() : next.around;
    const blocks = isFunction(node) ? [] : blocksOf(node);
    for (const { start, end, ...block } of blocks) {
      const names = block.functions.filter((name) => around.has(name));
      if (names.length > 0 && !names.some((name) => block.outside.includes(name))) {
        found.push({ start, end, names: [...new Set(names)] });
      }
    }
    const own = lexicalNames(node);
    const inside = own.length === 0 ? around : new Set([...around, ...own]);
    waiting.push(...childrenOf(node).map((child) => ({ node: child, around: inside })));
  }
  return found;

  function blocksOf(node: Node): Block[] {
    const { discriminant } = node as Node & { discriminant?: Node };
    const inside = childrenOf(node);
    switch (node.type) {
      case 'BlockStatement':
        return [toBlock(node, inside, '')];
      case 'IfStatement': // as if each stood in a block
        return inside.map((one) => toBlock(one, [one], ''));
      case 'SwitchStatement':
        return [
          toBlock(
            node,
            inside.flatMap(childrenOf),
            code.slice(discriminant?.start, discriminant?.end),
          ),
        ];
      default:
        return [];
    }
  }
}

/** Functions that are the branch of an `if`: the engine lets its test see them, except where each is in a block. */
export function findBareFunctions(program: Program): readonly Node[] {
  const found: Node[] = [];
  const waiting: Node[] = [program];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const inside = childrenOf(node);
    if (node.type === 'IfStatement') {
      found.push(...inside.filter((one) => one.type === 'FunctionDeclaration'));
    }
    waiting.push(...inside);
  }
  return found;
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly functions: readonly string[];
  /** What of its code is none of the block's: names there are those around it, and so it is left as it is. */
  readonly outside: string;
}

function toBlock({ start, end }: Node, statements: readonly Node[], outside: string): Block {
  return { start, end, functions: statements.flatMap(plainFunction), outside };
}

/** Of others the language makes no variables. */
function plainFunction(node: Node): string[] {
  const one = node as Node & { id?: { name: string }; async?: boolean; generator?: boolean };
  const isPlain =
    node.type === 'FunctionDeclaration' && one.async !== true && one.generator !== true;
  return isPlain && one.id ? [one.id.name] : [];
}
