// Arguments as clients really send them, in the one form that the schemas check. What plainly means the same
// is understood; a text stays the text it is, whatever it looks like.

import * as z from 'zod';
import { parseJson } from './jsonText';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Arguments that clients add to every call by themselves, whatever a tool's schema says: they are let pass, unless
 * the tool has an argument of that name. Source: n8n-io/n8n issues 21500 and 21716 (`toolCallId`),
 * MemPalace/mempalace pull request 322 (`wait_for_previous`, of Gemini CLI). The other names are said to come from
 * n8n's chat trigger and from Antigravity, which is not confirmed; letting them pass costs nothing.
 */
export const clientArguments: readonly string[] = [
  ...['toolCallId', 'sessionId', 'action', 'chatInput'],
  'wait_for_previous',
  ...['waitForPreviousTools', 'toolAction', 'toolSummary'],
  '_meta',
];

/** Not an object, or the text of one, is given back as it came. */
export function toPlainArguments(input: z.ZodObject, given: unknown): unknown {
  const fields = given === null || given === undefined || given === '' ? {} : readFields(given);
  if (!fields) {
    return given;
  }
  const known = Object.entries(fields).filter(
    ([name]) => name in input.shape || !clientArguments.includes(name),
  );
  return toPlainFields(input, Object.fromEntries(known));
}

/** Names that were given and let pass: what was meant by one may be missing. */
export function listPassed(input: z.ZodObject, given: unknown): readonly string[] {
  const names = Object.keys(readFields(given) ?? {});
  return names.filter((name) => !(name in input.shape) && clientArguments.includes(name));
}

function toPlainFields({ shape }: z.ZodObject, given: Fields): Fields {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      const schema: unknown = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (!(schema instanceof z.ZodType)) {
        return [[name, value]]; // unknown: the schema says so
      }
      return isLeftOut(schema, value) ? [] : [[name, toPlainValue(unwrap(schema), value)]];
    }),
  );
}

const emptyTexts = new WeakSet<z.ZodType>();

/** Marks an argument that may be left out, and whose empty text is not the same. */
export function keepsEmptyText<T extends z.ZodType>(schema: T): T {
  emptyTexts.add(schema);
  return schema;
}

/** Null is nothing everywhere; an empty text or list where the argument may be left out, unless it is marked. */
function isLeftOut(schema: z.ZodType, value: unknown): boolean {
  if (value === null) {
    return !schema.safeParse(null).success;
  }
  if (value === '' && emptyTexts.has(schema)) {
    return false;
  }
  const isEmpty = value === '' || (Array.isArray(value) && value.length === 0);
  return isEmpty && schema.safeParse(undefined).success;
}

function toPlainValue(schema: z.ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodObject) {
    const fields = readFields(value);
    return fields ? toPlainFields(schema, fields) : value;
  }
  if (schema instanceof z.ZodArray) {
    return toPlainList(schema, value);
  }
  if (schema instanceof z.ZodRecord) {
    return toPlainRecord(schema, value);
  }
  if (schema instanceof z.ZodString) {
    return Number.isSafeInteger(value) ? String(value) : value;
  }
  return typeof value === 'string' ? readWord(schema, value.trim()) : value;
}

/** Of names that the caller chooses. */
function toPlainRecord(schema: z.ZodRecord, value: unknown): unknown {
  const fields = readFields(value);
  const element = unwrap(schema.valueType as z.ZodType); // zod's own base type of every schema
  return fields
    ? Object.fromEntries(
        Object.entries(fields).map(([name, one]) => [name, toPlainValue(element, one)]),
      )
    : value;
}

function toPlainList(schema: z.ZodArray, value: unknown): unknown {
  const element = unwrap(schema.element as z.ZodType); // zod's own base type of every schema
  const parsed = typeof value === 'string' && value.trimStart().startsWith('[') && parseJson(value);
  if (Array.isArray(parsed) || Array.isArray(value)) {
    const items: readonly unknown[] = Array.isArray(parsed) ? parsed : (value as unknown[]); // one of them is
    return items.map((item) => toPlainValue(element, item));
  }
  const isOne = element instanceof z.ZodString ? typeof value === 'string' : readFields(value);
  return isOne ? [toPlainValue(element, value)] : value;
}

/** A number, a truth value or a word of a list that came as text; other texts stay. */
function readWord(schema: z.ZodType, text: string): unknown {
  if (schema instanceof z.ZodNumber) {
    const isNumber = /^[+-]?\d+(?:\.\d+)?(?:e\+?\d+)?$/iu.test(text);
    return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
  }
  if (schema instanceof z.ZodBoolean) {
    const word = text.toLowerCase();
    return word === 'true' || word === 'false' ? word === 'true' : text;
  }
  if (schema instanceof z.ZodEnum) {
    return schema.options.find((word) => String(word).toLowerCase() === text.toLowerCase()) ?? text;
  }
  return text;
}

/** An object, or the text of one. */
function readFields(value: unknown): Fields | undefined {
  const isText = typeof value === 'string' && value.trimStart().startsWith('{');
  const read = isText ? parseJson(value) : value;
  return typeof read === 'object' && read !== null && !Array.isArray(read)
    ? (read as Fields) // an object that is no list
    : undefined;
}

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable
    ? unwrap(schema.unwrap() as z.ZodType) // zod's own base type of every schema
    : schema;
}
