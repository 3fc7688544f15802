// Says what is wrong with a tool's arguments, naming the argument and what is allowed.

import type * as z from 'zod';
import { toOneLine } from '../base/text';
import { RlmError } from '../core/errors';
import { findNearestName } from './nearestName';

const shownValueChars = 80;
const maxShownNames = 10;

export function createInvalidInput(message: string, nextStep: string): RlmError {
  return new RlmError('INVALID_INPUT', message, { nextStep });
}

/**
 * All names that are unknown and all that are missing; else the first value that is wrong, since models correct one
 * value at a time. `plain`: the arguments as they were checked; `passed`: names that were not, as clients add them.
 */
export function toInvalidInput(
  error: z.ZodError,
  input: z.ZodObject,
  { plain: given, passed }: { readonly plain: unknown; readonly passed: readonly string[] },
): RlmError {
  const unknown = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [...issue.path, key].map(String))
      : [],
  );
  const missing = error.issues
    .filter(({ path }) => path.length > 0 && readPath(given, path.map(String)) === undefined)
    .map(({ path }) => path.join('.'));
  if (unknown.length > 0 || missing.length > 0) {
    return toWrongNames({ unknown, missing, passed }, input);
  }
  const [issue] = error.issues;
  const path = issue?.path.map(String) ?? [];
  const name = path.join('.') || 'arguments';
  return createInvalidInput(
    `Argument ${name}: ${issue?.message ?? 'is not valid'}${toGotText(readPath(given, path))}.`,
    `Correct ${name} and call again. ${toAllowedText(input, path)}`,
  );
}

interface WrongNames {
  readonly unknown: readonly (readonly string[])[];
  readonly missing: readonly string[];
  readonly passed: readonly string[];
}

function toWrongNames({ unknown, missing, passed }: WrongNames, input: z.ZodObject): RlmError {
  const shown = unknown.slice(0, maxShownNames).map(toShownName);
  const more = unknown.length - shown.length;
  const parts = [
    ...(unknown.length === 0
      ? []
      : [
          `Unknown ${toArgument(unknown)} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
        ]),
    ...(missing.length === 0
      ? []
      : [`Missing ${toArgument(missing)} ${missing.slice(0, maxShownNames).join(', ')}.`]),
  ];
  const meant = unknown.slice(0, maxShownNames).flatMap((path) => {
    const near = findNearestName(path.at(-1) ?? '', listNames(input, path).map(toLastName));
    return near === undefined ? [] : [`Did you mean ${near} for ${toShownName(path)}?`];
  });
  const confused = missing.flatMap((name) => {
    const near = findNearestName(name, passed);
    return near === undefined
      ? []
      : [`Give ${name}: ${near} was not looked at, as some clients add it by themselves.`];
  });
  const path = unknown[0] ?? [];
  const nextStep = [...meant, ...confused, toAllowedText(input, path)].join(' ');
  return createInvalidInput(parts.join(' '), nextStep);
}

function toArgument(names: readonly unknown[]): string {
  return names.length === 1 ? 'argument' : 'arguments';
}

function toShownName(path: readonly string[]): string {
  return path.map((part) => toOneLine(part, shownValueChars)).join('.');
}

function toLastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function toAllowedText(input: z.ZodObject, path: readonly string[]): string {
  const names = listNames(input, path);
  return names.length === 0 ? 'It takes no arguments.' : `Allowed arguments: ${names.join(', ')}.`;
}

function toGotText(value: unknown): string {
  if (value === undefined) {
    return '';
  }
  return ` (got ${toOneLine(toShortJson(value), shownValueChars)})`;
}

/** Of a long or deep value only what it is: writing it out could take long, or run out of stack. */
function toShortJson(value: unknown): string {
  if (typeof value === 'string' && value.length > shownValueChars) {
    return `${value.length.toLocaleString('en')} characters`;
  }
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
  }
  return String(value);
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
