// What may be written at a place of a profile's file: the keys that its part may still have, or the values of a key. By
// the lines alone, as a file that is being written is seldom whole.

/** The parts of a JSON Schema that the schema of profiles uses. */
export interface SchemaPart {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Partial<Record<string, SchemaPart>>>;
  readonly items?: SchemaPart;
  readonly anyOf?: readonly SchemaPart[];
  readonly enum?: readonly string[];
  readonly const?: string;
}

export interface Suggestion {
  readonly kind: 'key' | 'value';
  readonly label: string;
  /** Written in its place. */
  readonly text: string;
  readonly description: string;
}

interface KeyLine {
  readonly key: string;
  /** Columns of the dash, and of the key. */
  readonly start: number;
  readonly column: number;
}

/** `character`: from 0. */
export function suggestKeys(
  schema: SchemaPart,
  lines: readonly string[],
  at: { readonly line: number; readonly character: number },
): readonly Suggestion[] {
  const written = (lines[at.line] ?? '').slice(0, at.character);
  const value = /^\s*(?:- )*([\w-]+):\s+[\w-]*$/u.exec(written);
  const begun = /^(\s*(?:- )*)[\w-]*$/u.exec(written);
  const column = (value ? readKeyLine(written)?.column : begun?.[1]?.length) ?? null;
  if (column === null) {
    return [];
  }
  const parts = findParts(schema, toPath(lines, at.line, column));
  if (value) {
    return parts.flatMap(({ properties }) => toValues(properties?.[value[1] ?? '']));
  }
  const present = new Set(listSiblings(lines, at.line, column));
  return parts
    .flatMap(({ properties }) => Object.entries(properties ?? {}))
    .filter(([key]) => !present.has(key))
    .map(([key, part]) => ({
      kind: 'key',
      label: key,
      text: `${key}: `,
      description: part?.description ?? '',
    }));
}

function readKeyLine(line: string): KeyLine | null {
  const [, spaces = '', dashes = '', key] = /^(\s*)((?:- )*)([\w-]+):(?=\s|$)/u.exec(line) ?? [];
  return key === undefined
    ? null
    : { key, start: spaces.length, column: spaces.length + dashes.length };
}

/** The keys around a key at `column`, outermost first. */
function toPath(lines: readonly string[], line: number, column: number): readonly string[] {
  const path: string[] = [];
  let limit = column;
  for (let index = line - 1; index >= 0 && limit > 0; index -= 1) {
    const found = readKeyLine(lines[index] ?? '');
    if (found && found.column < limit) {
      path.unshift(found.key);
      limit = found.start;
    }
  }
  return path;
}

/** The objects that may stand at the path. */
function findParts(schema: SchemaPart, path: readonly string[]): readonly SchemaPart[] {
  return path.reduce<readonly SchemaPart[]>(
    (parts, key) => parts.flatMap(({ properties }) => toObjects(properties?.[key])),
    [schema],
  );
}

function toObjects(part: SchemaPart | undefined): readonly SchemaPart[] {
  if (!part) {
    return [];
  }
  return [
    ...(part.properties ? [part] : []),
    ...toObjects(part.items),
    ...(part.anyOf ?? []).flatMap(toObjects),
  ];
}

function toValues(part: SchemaPart | undefined): readonly Suggestion[] {
  const plain = part?.type === 'boolean' ? ['true', 'false'] : (part?.enum ?? []);
  const either = (part?.anyOf ?? []).flatMap((one) => (one.const === undefined ? [] : [one.const]));
  const description = part?.description ?? '';
  return [...plain, ...either].map((text) => ({ kind: 'value', label: text, text, description }));
}

/** Keys of the same part, before the line and after it. */
function listSiblings(lines: readonly string[], line: number, column: number): readonly string[] {
  const keys: string[] = [];
  const own = /^\s*- /u.test(lines[line] ?? '');
  for (let index = line - 1; index >= 0 && !own; index -= 1) {
    const found = readKeyLine(lines[index] ?? '');
    if (found && found.column < column) {
      break;
    }
    if (found?.column === column) {
      keys.push(found.key);
    }
    if (found?.column === column && found.start < column) {
      break; // it begins the item of a list
    }
  }
  for (let index = line + 1; index < lines.length; index += 1) {
    const found = readKeyLine(lines[index] ?? '');
    if (found && (found.column < column || (found.column === column && found.start < column))) {
      break;
    }
    if (found?.column === column) {
      keys.push(found.key);
    }
  }
  return keys;
}
