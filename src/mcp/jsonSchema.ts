// JSON Schemas as clients are shown them, made from the zod schemas that do the checking.

import * as z from 'zod';
import { errorCodes } from '../core/errors';

type JsonObject = Record<string, unknown>;
export type ObjectSchema = JsonObject & { readonly type: 'object' };

/** Every failed call answers with this under `error`. */
const toolErrorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string().describe('What happened, with which value.'),
  next_step: z.string().describe('What to do now.'),
});

export function createInputJsonSchema(input: z.ZodObject): ObjectSchema {
  const schema = toObjectSchema(z.toJSONSchema(input, { io: 'input', override: dropNoise }));
  const { required } = schema;
  for (const [name, node] of Object.entries(toProperties(schema))) {
    const isRequired = Array.isArray(required) && required.includes(name);
    if (!isRequired && isJsonObject(node)) {
      dropLeastLength(node);
    }
  }
  return schema;
}

/** What may be left out may be given empty too, which is understood as left out. */
function dropLeastLength(node: JsonObject): void {
  for (const name of ['minLength', 'minItems']) {
    if (node[name] === 1) {
      delete node[name];
    }
  }
}

function toProperties(schema: JsonObject): JsonObject {
  const { properties } = schema;
  return isJsonObject(properties) ? properties : {};
}

/**
 * Clients check failures against the same schema as results, so it allows either: all result
 * properties, or `error` alone. Source: SDK client 1.32, `callTool`.
 */
export function createOutputJsonSchema(output: z.ZodObject): ObjectSchema {
  const result = toOpenSchema(output);
  const properties = toProperties(result);
  const error = toOpenSchema(toolErrorSchema);
  const own = properties['error'];
  return {
    type: 'object',
    properties: {
      ...properties,
      error: own === undefined ? error : { anyOf: [own, error] },
      replaced_surrogates: {
        type: 'integer',
        description: 'Halves of surrogate pairs shown as U+FFFD.',
      },
    },
    anyOf: [{ required: result['required'] ?? [] }, { required: ['error'] }],
  };
}

/** Results may gain fields, so their schemas stay open. */
function toOpenSchema(schema: z.ZodObject): JsonObject {
  return toObjectSchema(
    z.toJSONSchema(schema, {
      io: 'output',
      override: (node) => {
        dropNoise(node);
        if (node.jsonSchema.additionalProperties === false) {
          delete node.jsonSchema.additionalProperties;
        }
      },
    }),
  );
}

function toObjectSchema(schema: JsonObject): ObjectSchema {
  const { $schema, ...rest } = schema;
  void $schema; // without it, the protocol's default dialect holds
  return { ...splitTypes(rest), type: 'object' };
}

/** A list of types becomes branches: not every client reads lists. Source: `mcp-inspector --strict`. */
function splitTypes(schema: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(schema), (_, node: unknown) => {
    if (!isJsonObject(node) || !Array.isArray(node['type'])) {
      return node;
    }
    const { type: types, ...rest } = node;
    return { ...rest, anyOf: (types as string[]).map((type) => ({ type })) }; // as zod writes it
  }) as JsonObject; // an object went in
}

/** Bounds that every integer has, that keys are strings, schemas that allow anything: all tell a reader nothing. */
function dropNoise({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  for (const name of ['items', 'additionalProperties'] as const) {
    const inner = jsonSchema[name];
    if (isJsonObject(inner) && Object.keys(inner).length === 0) {
      delete jsonSchema[name];
    }
  }
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) {
    delete jsonSchema.maximum;
  }
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) {
    delete jsonSchema.minimum;
  }
  delete jsonSchema.propertyNames;
  if (jsonSchema.format === 'date-time') {
    delete jsonSchema.pattern;
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
