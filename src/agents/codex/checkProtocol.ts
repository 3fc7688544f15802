// Whether an installed Codex speaks as the driver knows it: the schema that it gives of itself against the parts in use.

import * as z from 'zod';
import { usedFields, usedMethods, usedValues, usedVariants } from './protocolParts';

const objectSchema = z.looseObject({ properties: z.record(z.string(), z.unknown()) });
const constantSchema = z.looseObject({ enum: z.array(z.string()) });
const unionSchema = z.looseObject({ oneOf: z.array(z.unknown()) });

/** In words for people; empty: it is as known. */
export interface ProtocolDifferences {
  /** What the driver needs and cannot find: it does not start with these. */
  readonly missing: readonly string[];
  /** What it does not know; it is told raw, or counts as failed. */
  readonly unknown: readonly string[];
}

/** `schema` is `codex_app_server_protocol.schemas.json`. */
export function checkProtocol(schema: unknown): ProtocolDifferences {
  const types = readTypes(schema);
  if (types === null) {
    return { missing: ['its schema cannot be read'], unknown: [] };
  }
  return {
    missing: [
      ...checkMethods(types),
      ...checkFields(types),
      ...checkVariants(types),
      ...listMissingValues(types),
    ],
    unknown: listUnknownValues(types),
  };
}

type Types = Readonly<Record<string, unknown>>;

/** Those of the second version of the protocol lie one level deeper. */
function readTypes(schema: unknown): Types | null {
  const outer = z
    .looseObject({ definitions: z.looseObject({ v2: z.record(z.string(), z.unknown()) }) })
    .safeParse(schema).data;
  return outer ? { ...outer.definitions, ...outer.definitions.v2 } : null;
}

function checkMethods(types: Types): readonly string[] {
  return Object.entries(usedMethods).flatMap(([union, methods]) => {
    const known = new Set(toVariants(types[union], 'method').keys());
    return methods
      .filter((method) => !known.has(method))
      .map((method) => `${union} has no ${method}`);
  });
}

function checkFields(types: Types): readonly string[] {
  return Object.entries(usedFields).flatMap(([type, fields]) => missing(type, types[type], fields));
}

function checkVariants(types: Types): readonly string[] {
  return Object.entries(usedVariants).flatMap(([union, variants]) => {
    const known = toVariants(types[union], 'type');
    return Object.entries(variants).flatMap(([name, fields]) =>
      missing(`${union} ${name}`, known.get(name), fields),
    );
  });
}

function listMissingValues(types: Types): readonly string[] {
  return Object.entries(usedValues).flatMap(([type, values]) => {
    const known = toValues(types[type]);
    return values
      .filter((value) => !known.includes(value))
      .map((value) => `${type} has no ${value}`);
  });
}

function listUnknownValues(types: Types): readonly string[] {
  return Object.entries(usedValues).flatMap(([type, values]) =>
    toValues(types[type])
      .filter((value) => !values.includes(value))
      .map((value) => `${type} has a value that is new: ${value}`),
  );
}

function missing(name: string, type: unknown, fields: readonly string[]): readonly string[] {
  const properties = objectSchema.safeParse(type).data?.properties;
  if (!properties) {
    return [`there is no ${name}`];
  }
  return fields
    .filter((field) => !Object.hasOwn(properties, field))
    .map((field) => `${name} has no ${field}`);
}

/** By the constant of their field `tag`. */
function toVariants(type: unknown, tag: string): ReadonlyMap<string, unknown> {
  const variants = unionSchema.safeParse(type).data?.oneOf ?? [];
  return new Map(
    variants.flatMap((variant) => {
      const property = objectSchema.safeParse(variant).data?.properties[tag];
      const name = constantSchema.safeParse(property).data?.enum[0];
      return name === undefined ? [] : [[name, variant] as const];
    }),
  );
}

/** Of an enumeration, whose values may have a description each. */
function toValues(type: unknown): readonly string[] {
  const variants = unionSchema.safeParse(type).data?.oneOf ?? [type];
  return variants.flatMap((variant) => constantSchema.safeParse(variant).data?.enum ?? []);
}
