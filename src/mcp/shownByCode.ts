// Which changes of variables a reader of the step's code and output knows already. What is in doubt is not known.

import type { Outcome, VariableChange } from '../core/sandbox';
import type { CodeNames } from './codeNames';

type Change = Omit<VariableChange, 'hash'>;

/** Modules, functions and classes, in the words of either language. */
const definedTypes: ReadonlySet<string> = new Set([
  ...['module', 'function', 'builtin_function_or_method', 'type', 'method', 'class'],
  ...['ABCMeta', 'EnumType', 'async function'],
]);

/** What the code imports or defines by that name, counts with, or deletes. */
export function isNamedByCode({ name, type, change }: Change, code: CodeNames): boolean {
  if (change === 'removed') {
    return code.deleted.has(name);
  }
  const isAssigned = code.readAssigned(name).length > 0;
  if (!definedTypes.has(type)) {
    return !isAssigned && code.looped.has(name);
  }
  // A call tells nobody that the function, or the class, holds something else now.
  return change === 'added' ? code.mentioned.has(name) : isAssigned || code.defined.has(name);
}

/** The value is what one assignment of the code, and no other, writes. */
export function isLiteral({ name, preview }: Change, code: CodeNames): boolean {
  const [right, ...others] = code.readAssigned(name);
  return (
    others.length === 0 &&
    right !== undefined &&
    !preview.endsWith('…') &&
    (right === preview ||
      (isQuoted(right) && isQuoted(preview) && toInner(right) === toInner(preview)))
  );
}

/** Whether the value's preview stands in what the code printed, by the variable's name. */
export function isPrinted(
  { name, preview }: Pick<VariableChange, 'name' | 'preview'>,
  code: CodeNames,
  { stdout, result }: Pick<Outcome, 'stdout' | 'result'>,
): boolean {
  if (result !== null && code.returned === name) {
    return true; // the result is its value, however that is shown
  }
  const text = toInner(preview);
  const isCut = preview.includes('…');
  return (
    code.printed.has(name) &&
    text !== '' &&
    [stdout, result ?? ''].some((shown) => (isCut ? shown.includes(text) : hasWhole(shown, text)))
  );
}

function isQuoted(text: string): boolean {
  return /^(['"`])(?:(?!\1)[^\\])*\1$/u.test(text);
}

/** Of a quoted text, what is in the quotes; of one that is cut, what is there. */
function toInner(preview: string): string {
  const shown = preview.replace(/…['"]?$/u, '');
  return shown.replace(/^(['"])(.*?)\1?$/su, '$2');
}

/** Places that are looked at for one text: a step may print the same character a hundred thousand times. */
const maxPlaces = 20;

/** Whether `text` stands in `shown` as a whole and not as a part of a longer word or number. */
function hasWhole(shown: string, text: string): boolean {
  let places = 0;
  for (let at = shown.indexOf(text); at >= 0; at = shown.indexOf(text, at + 1)) {
    places += 1;
    if (places > maxPlaces) {
      return false;
    }
    const before = shown.charAt(at - 1);
    const after = shown.charAt(at + text.length);
    if (!(isWord(before) && isWord(text.charAt(0))) && !(isWord(after) && isWord(text.slice(-1)))) {
      return true;
    }
  }
  return false;
}

function isWord(char: string): boolean {
  return /[\p{L}\p{N}_.]/u.test(char);
}
