// Spelling of object keys: snake_case on disk and wire, camelCase in code. Values are never touched.

/** The same JSON value with every object key in snake_case. */
export function toSnakeKeys(value: unknown): unknown {
  return mapKeys(value, (key) => key.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`));
}

/** The same JSON value with every object key in camelCase. */
export function toCamelKeys(value: unknown): unknown {
  return mapKeys(value, (key) =>
    key.replace(/_([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase()),
  );
}

function mapKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => mapKeys(item, rename));
  }
  if (typeof value === 'object' && value !== null) {
    // fromEntries defines own properties, so that a key like __proto__ stays a mere key.
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [rename(key), mapKeys(item, rename)]),
    );
  }
  return value;
}
