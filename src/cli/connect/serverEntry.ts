// The entry of this program in a client's list of MCP servers, and what of an earlier one is kept.

import { isDeepStrictEqual } from 'node:util';
import { RlmError } from '../../core/errors';

export type ConfigObject = Readonly<Record<string, unknown>>;

/** What every client calls this server. */
export const serverName = 'rlm';
/** Holds the bearer token for clients that read it from the environment. */
export const tokenVariable = 'RLM_TOKEN';

/** Keys this command sets or removes; any other is the person's. */
const managedKeys: readonly string[] = [
  'type',
  'command',
  'args',
  'url',
  'headers',
  'bearer_token_env_var',
  'startup_timeout_sec',
  'tool_timeout_sec',
  'required',
  'default_tools_approval_mode',
];

export function isManaged(key: string): boolean {
  return managedKeys.includes(key);
}

export function isObject(value: unknown): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `document` with the entry in `section`; other servers, and the person's own keys, stay. */
export function withEntry(
  document: ConfigObject,
  section: string,
  entry: ConfigObject,
): ConfigObject {
  const servers = readServers(document, section);
  const existing = servers[serverName];
  const kept = isObject(existing)
    ? Object.fromEntries(Object.entries(existing).filter(([key]) => !isManaged(key)))
    : {};
  return { ...document, [section]: { ...servers, [serverName]: { ...kept, ...entry } } };
}

/** @throws RlmError 'INVALID_INPUT' when the name is taken by another server, or is no entry. */
export function checkEntry(document: ConfigObject, section: string): void {
  const existing = readServers(document, section)[serverName];
  if (existing !== undefined && (!isObject(existing) || !isOurs(existing))) {
    throw refusal(`it has another server called ${serverName}`);
  }
}

/** @throws RlmError 'INVALID_INPUT' when an edited file does not say exactly what it should. */
export function checkEdited(edited: unknown, expected: ConfigObject): void {
  if (!isDeepStrictEqual(toPlain(edited), toPlain(expected))) {
    throw refusal('the entry cannot be put in without touching something else');
  }
}

/** Completes "The file is left as it is: …". */
export function refusal(reason: string): RlmError {
  return new RlmError('INVALID_INPUT', `The file is left as it is: ${reason}.`, {
    nextStep: 'Put the lines shown above into it by hand.',
  });
}

function readServers(document: ConfigObject, section: string): ConfigObject {
  const servers = document[section] ?? {};
  if (!isObject(servers)) {
    throw refusal(`its ${section} is no list of servers`);
  }
  return servers;
}

/** Started from a build of this program, or opened with its token. */
function isOurs(entry: ConfigObject): boolean {
  const text = JSON.stringify(entry);
  const isProgram = /rlm-companion|dist[\\/]+cli\.js/u.test(text) && text.includes('"mcp"');
  return isProgram || text.includes(tokenVariable) || text.includes('rlm-token');
}

/** Parsers differ in prototypes and number types; what the file says is the same. */
function toPlain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, field: unknown) =>
      typeof field === 'bigint' ? Number(field) : field,
    ),
  );
}
