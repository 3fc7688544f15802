// What a reply need not say: fields that are empty, and what its caller has just sent or was told before.

/**
 * Without what is null, false, zero, or an empty text or list; fields named `kept` stay, and so does the order. Only
 * for what may be left out of `T`.
 */
export function withoutEmpty<T extends object>(
  payload: T,
  kept: readonly (keyof T & string)[] = [],
): T {
  const names: readonly string[] = kept;
  return Object.fromEntries(
    Object.entries(payload).filter(([name, value]) => names.includes(name) || !isEmpty(value)),
  ) as T; // fewer of the same fields, which are optional
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === false ||
    value === 0 ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  );
}
