// Says what is wrong with a tool's arguments, naming the argument and what is allowed.

import type * as z from 'zod';
import { toOneLine } from '../base/text';
import { RlmError } from '../core/errors';

const shownValueChars = 80;

export function createInvalidInput(message: string, nextStep: string): RlmError {
  return new RlmError('INVALID_INPUT', message, { nextStep });
}

/** The first thing that is wrong; models correct one thing at a time. */
export function toInvalidInput(error: z.ZodError, input: z.ZodObject, given: unknown): RlmError {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  const path = issue?.path.map(String) ?? [];
  const allowed = `Allowed arguments: ${listNames(input, path).join(', ')}.`;
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => [...path, toOneLine(key, shownValueChars)].join('.'));
    return createInvalidInput(`Unknown argument ${names.join(', ')}.`, allowed);
  }
  const name = path.join('.') || 'arguments';
  const value = readPath(given, path);
  const shown =
    value === undefined ? '' : ` (got ${toOneLine(JSON.stringify(value), shownValueChars)})`;
  return createInvalidInput(
    `Argument ${name}: ${issue?.message ?? 'is not valid'}${shown}.`,
    `Correct ${name} and call again. ${allowed}`,
  );
}

/** Names beside the one that is wrong: of `config` when the path leads into it. */
function listNames(input: z.ZodObject, path: readonly string[]): string[] {
  const top = Object.keys(input.shape);
  const inner = path[0] === undefined ? undefined : readShape(input.shape[path[0]]);
  return inner ? [...top, ...Object.keys(inner).map((name) => `${path[0]}.${name}`)] : top;
}

function readShape(schema: unknown): object | undefined {
  const unwrapped = hasUnwrap(schema) ? schema.unwrap() : schema;
  return typeof unwrapped === 'object' && unwrapped !== null && 'shape' in unwrapped
    ? (unwrapped.shape as object) // only zod objects have a shape
    : undefined;
}

function hasUnwrap(schema: unknown): schema is { unwrap(): unknown } {
  return (
    typeof schema === 'object' &&
    schema !== null &&
    'unwrap' in schema &&
    typeof schema.unwrap === 'function'
  );
}

function readPath(given: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key] // an own key, as just checked
        : undefined,
    given,
  );
}
