// What the engine says of names that cannot be used yet, and of constants, in words that say what to do.

import type { Declarations } from './declarations';
import type { StepFailure } from './stepFailure';

interface Known {
  /** What the step declares. */
  readonly declared: Declarations;
  /** Variables that were declared with `const`, by this step too. */
  readonly constants: ReadonlySet<string>;
  /** Variables before the step. */
  readonly earlier: readonly string[];
}

const early = /^(.+) is not initialized$/u;
const readOnly = /^'(.+)' is read-only$/u;

export function explainDeclarations(failure: StepFailure, known: Known): StepFailure {
  const message = explain(failure, known);
  return message === null
    ? failure
    : { ...failure, message, traceback: failure.traceback.replace(failure.message, () => message) };
}

function explain({ type, message }: StepFailure, known: Known): string | null {
  const earlyName = type === 'ReferenceError' ? early.exec(message)?.[1] : undefined;
  if (earlyName !== undefined) {
    const again = `: this step declares it again; without the declaration it is the ${earlyName} of the earlier step`;
    const isAgain = known.declared.lexical.includes(earlyName) && known.earlier.includes(earlyName);
    const hint = isAgain ? again : '';
    return `Cannot access '${earlyName}' before its declaration${hint}`;
  }
  const constant = type === 'TypeError' ? readOnly.exec(message)?.[1] : undefined;
  return constant !== undefined && known.constants.has(constant)
    ? `Assignment to constant variable '${constant}': declare it with let, or in a later step declare it again`
    : null;
}
