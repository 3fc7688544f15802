// The same arguments as clients of every kind write them.

import fc from 'fast-check';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

type Arguments = Readonly<Record<string, unknown>>;

/** Numbers, lists and objects as text, at any depth, and what is left out as null or an empty text. */
export function toClientEncoding(
  schema: Schema,
  args: Arguments,
): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [] } = schema;
  const given = Object.entries(args).map(
    ([name, value]) => [name, toEncodedValue(properties[name] ?? {}, value)] as const,
  );
  const leftOut = Object.keys(properties)
    .filter((name) => !(name in args) && !required.includes(name))
    .map((name) => [name, fc.constantFrom(null, '', undefined)] as const);
  return fc
    .record(Object.fromEntries([...given, ...leftOut]))
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined)));
}

function toEncodedValue(schema: Schema, value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) {
    const items = value.map((item) => toEncodedValue(schema.items ?? {}, item));
    return fc.tuple(...items).chain((list) => {
      const [only] = list;
      const alone = list.length === 1 && !/^\s*\[/u.test(String(only)) ? [only] : [];
      return fc.constantFrom(
        list,
        JSON.stringify(list),
        ` ${JSON.stringify(list, null, 2)}`,
        ...alone,
      );
    });
  }
  if (typeof value === 'object' && value !== null) {
    return toClientEncoding(schema, value as Arguments).chain((fields) =>
      fc.constantFrom(fields, JSON.stringify(fields), JSON.stringify(fields, null, 2)),
    );
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return fc.constantFrom(value, String(value), ` ${value} `);
  }
  return fc.constant(value);
}
