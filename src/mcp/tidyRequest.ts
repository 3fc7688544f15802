// Requests in the shapes that clients give them, in the one shape that the protocol has.

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { parseJson } from './jsonText';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Arguments that are null, an empty string or left out are none; an object given as JSON text is that object.
 * A null or empty cursor begins at the beginning.
 */
export function tidyRequest<T extends JSONRPCMessage>(message: T): T {
  if (!('method' in message) || !isFields(message.params)) {
    return message;
  }
  const tidied = tidyParams(message.method, message.params);
  return tidied === message.params ? message : { ...message, params: tidied };
}

function tidyParams(method: string, params: Fields): Fields {
  let tidied = params['_meta'] === null ? dropField(params, '_meta') : params;
  if (method === 'tools/call' || method === 'prompts/get') {
    tidied = tidyArguments(tidied);
  }
  if (method === 'prompts/get' && isFields(tidied['arguments'])) {
    tidied = { ...tidied, arguments: toTexts(tidied['arguments']) };
  }
  return method.endsWith('/list') && isNothing(tidied['cursor'])
    ? dropField(tidied, 'cursor')
    : tidied;
}

function tidyArguments(params: Fields): Fields {
  const given = params['arguments'];
  if (isNothing(given)) {
    return dropField(params, 'arguments');
  }
  const parsed = typeof given === 'string' ? parseJson(given) : undefined;
  return isFields(parsed) ? { ...params, arguments: parsed } : params;
}

/** Arguments of prompts are texts. */
function toTexts(given: Fields): Fields {
  const known = Object.entries(given).filter(([, value]) => value !== null);
  return Object.fromEntries(
    known.map(([name, value]) => [
      name,
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
    ]),
  );
}

function dropField(fields: Fields, name: string): Fields {
  if (!Object.hasOwn(fields, name)) {
    return fields;
  }
  const { [name]: dropped, ...rest } = fields;
  void dropped;
  return rest;
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
