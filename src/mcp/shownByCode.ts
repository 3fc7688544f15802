// Which changes of variables a reader of the step's code and output knows already. What is in doubt is not known.

import type { Outcome, VariableChange } from '../core/sandbox';

type Change = Omit<VariableChange, 'hash'>;

/** Modules, functions and classes, in the words of either language. */
const definedTypes: ReadonlySet<string> = new Set([
  ...['module', 'function', 'builtin_function_or_method', 'type', 'method', 'class'],
  ...['ABCMeta', 'EnumType', 'async function'],
]);

/** What the code imports or defines by that name, counts with, or deletes. */
export function isNamedByCode(change: Change, code: string): boolean {
  const { name } = change;
  if (!isPlainName(name)) {
    return false;
  }
  if (change.change === 'removed') {
    return toPattern(String.raw`^\s*(?:del|delete)\b[^\n]*@`, name).test(code);
  }
  if (definedTypes.has(change.type)) {
    return toPattern('@', name).test(code);
  }
  return findAssigned(name, code).length === 0 && isLoopVariable(name, code);
}

/** The value is what one assignment of the code, and no other, writes. */
export function isLiteral({ name, preview }: Change, code: string): boolean {
  const [right, ...others] = isPlainName(name) ? findAssigned(name, code) : [];
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
  code: string,
  { stdout, result }: Pick<Outcome, 'stdout' | 'result'>,
): boolean {
  const last = code.trimEnd().slice(code.trimEnd().lastIndexOf('\n') + 1);
  const isNamed =
    toPattern('@', name).test(last) ||
    toPattern(String.raw`\b(?:print|console\.log)\([^\n]*@`, name).test(code);
  const text = toInner(preview);
  const isCut = preview.includes('…');
  return (
    isNamed &&
    text !== '' &&
    [stdout, result ?? ''].some((shown) => (isCut ? shown.includes(text) : hasWhole(shown, text)))
  );
}

function isPlainName(name: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name);
}

/** `@` stands for the name, which is a part of no other name there. */
function toPattern(source: string, name: string): RegExp {
  const own = `(?<![\\p{L}\\p{N}_$.])${name.replaceAll('$', '\\$')}(?![\\p{L}\\p{N}_$])`;
  return new RegExp(
    source.replace('@', () => own),
    'mu',
  );
}

/** What stands to the right of each assignment to the name, at the beginning of a statement. */
function findAssigned(name: string, code: string): readonly string[] {
  const { source } = toPattern(
    String.raw`(?:^|;)[ \t]*(?:(?:const|let|var) +)?@[ \t]*(?:[-+*/%&|^]|\/\/|\*\*|>>|<<)?=(?![=>])[ \t]*([^;\n]*?)[ \t]*(?=;|$)`,
    name,
  );
  return [...code.matchAll(new RegExp(source, 'gmu'))].map(([, right = '']) => right);
}

function isLoopVariable(name: string, code: string): boolean {
  return (
    toPattern(String.raw`^[ \t]*(?:async )?for\b[^\n:]*?@[^\n:]*?\bin\b`, name).test(code) ||
    toPattern(String.raw`\bfor *\( *(?:var|let|const)? *[^\n;]*?@[^\n;]*? (?:of|in) `, name).test(
      code,
    )
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

/** Whether `text` stands in `shown` as a whole and not as a part of a longer word or number. */
function hasWhole(shown: string, text: string): boolean {
  for (let at = shown.indexOf(text); at >= 0; at = shown.indexOf(text, at + 1)) {
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
