// Half a surrogate pair is no Unicode: strict decoders refuse the whole message it stands in.

export interface WellFormed<T> {
  readonly value: T;
  /** Halves of surrogate pairs that became U+FFFD; 0: `value` is what was given, the same object. */
  readonly replaced: number;
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Each half of a surrogate pair that stands alone becomes U+FFFD. Linear in the length of the text. */
export function toWellFormedText(text: string): WellFormed<string> {
  if (text.isWellFormed()) {
    return { value: text, replaced: 0 };
  }
  return { value: text.toWellFormed(), replaced: text.match(loneSurrogate)?.length ?? 0 };
}

// A backslash and what it escapes, so that `\\\\ud800` is read as a backslash and five letters.
const jsonEscape =
  /\\(?:u(?:d[89ab][\da-f]{2}(\\ud[c-f][\da-f]{2})?|d[c-f][\da-f]{2}|[\da-f]{4})|[^])/giu;

/** The same for JSON text, where escapes stand for halves of pairs. The length stays. */
export function toWellFormedJsonText(text: string): WellFormed<string> {
  const units = toWellFormedText(text);
  let { replaced } = units;
  const value = units.value.replace(jsonEscape, (escape, second?: string) => {
    if (second !== undefined || !/^\\ud[89a-f]/iu.test(escape)) {
      return escape;
    }
    replaced += 1;
    return '\\ufffd';
  });
  return replaced === 0 ? { value: text, replaced } : { value, replaced };
}

/** The same for every text in a JSON value, names of properties too. */
export function toWellFormedJson<T>(value: T): WellFormed<T> {
  const counted = { replaced: 0 };
  const wellFormed = visit(value, counted);
  // Only texts were exchanged for texts.
  return { value: wellFormed as T, replaced: counted.replaced };
}

function visit(value: unknown, counted: { replaced: number }): unknown {
  if (typeof value === 'string') {
    const { value: text, replaced } = toWellFormedText(value);
    counted.replaced += replaced;
    return text;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const before = counted.replaced;
  const visited: unknown = Array.isArray(value)
    ? value.map((item: unknown) => visit(item, counted))
    : visitProperties(value, counted);
  return counted.replaced === before ? value : visited;
}

/** Names that become the same are told apart by further marks: no value is lost. */
function visitProperties(value: object, counted: { replaced: number }): object {
  const visited = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    const { value: text, replaced } = toWellFormedText(name);
    counted.replaced += replaced;
    let free = text;
    while (replaced > 0 && (visited.has(free) || Object.hasOwn(value, free))) {
      free += '\ufffd';
    }
    visited.set(free, visit(item, counted));
  }
  return Object.fromEntries(visited);
}
