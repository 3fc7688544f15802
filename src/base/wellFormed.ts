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
    : Object.fromEntries(
        Object.entries(value).map(([name, item]) => [visit(name, counted), visit(item, counted)]),
      );
  return counted.replaced === before ? value : visited;
}
