// Declarations that take the name of something that the REPL offers, and use that themselves.

import type { Program } from 'acorn';
import { listReplGlobals } from '../../core/replGlobals';
import { type Edit, rank } from './codeEdits';
import {
  type VariableDeclaration,
  declaredNames,
  mentionsName,
  namesAssigned,
} from './declarations';

/**
 * `const count = count('x')` means the REPL's function, although the language says that `count` has no value yet:
 * declarations that take such a name and use it themselves are as those with `var`, until the step has ended.
 */
export function findRenewed(program: Program, earlier: ReadonlySet<string>): VariableDeclaration[] {
  return program.body.filter((one): one is VariableDeclaration => {
    if (one.type !== 'VariableDeclaration' || one.kind === 'var') {
      return false;
    }
    const values = one.declarations.flatMap(({ init }) => init ?? []);
    const names = declaredNames(one);
    const isUsed = names.some(
      (name) => offered.has(name) && !earlier.has(name) && mentionsName(values, name),
    );
    return isUsed && !(one.kind === 'const' && isAssigned(program, names));
  });
}

/** A `let` without a value is undefined, even when an earlier step gave the name one. */
export function toVar({ start, kind, declarations }: VariableDeclaration): Edit[] {
  const values = declarations.filter((one) => !one.init);
  return [
    { at: start, length: kind.length, text: 'var', rank: rank.start },
    ...values.map(({ end }) => ({ at: end, length: 0, text: ' = undefined', rank: rank.end })),
  ];
}

const offered = new Set(Object.keys(listReplGlobals('javascript')));

function isAssigned(program: Program, names: readonly string[]): boolean {
  const assigned = namesAssigned(program);
  return names.some((name) => assigned.has(name));
}
