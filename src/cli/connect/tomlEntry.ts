// Puts an entry into a TOML file line by line, so that comments and all other lines stay.

import { parse, stringify } from 'smol-toml';
import {
  checkEdited,
  checkEntry,
  type ConfigObject,
  isManaged,
  isObject,
  refusal,
  serverName,
  withEntry,
} from './serverEntry';

const section = 'mcp_servers';
const header = `[${section}.${serverName}]`;
const headerLine = /^\s*\[\s*mcp_servers\s*\.\s*(?:rlm|"rlm"|'rlm')\s*\]/u;

export function toTomlText(entry: ConfigObject): string {
  return `${header}\n${stringify(entry).trimEnd()}\n`;
}

/** @throws RlmError 'INVALID_INPUT' when it cannot be done without touching anything else. */
export function setTomlEntry(text: string, entry: ConfigObject): string {
  const before = parseToml(text);
  checkEntry(before, section);
  const servers = before[section];
  const isThere = isObject(servers) && servers[serverName] !== undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = toTomlText(entry).trimEnd().split('\n');
  const edited = isThere ? replace(text, lines) : append(text, lines);
  const joined = edited.join(eol);
  checkEdited(parseToml(joined), withEntry(before, section, entry));
  return joined;
}

function append(text: string, lines: readonly string[]): readonly string[] {
  const before = text.trimEnd();
  return [...(before === '' ? [] : [...before.split(/\r?\n/u), '']), ...lines, ''];
}

/** Within the table, only lines that set managed keys are taken out. */
function replace(text: string, [head = '', ...settings]: readonly string[]): readonly string[] {
  const lines = text.split(/\r?\n/u);
  const start = lines.findIndex((line) => headerLine.test(line));
  if (start < 0) {
    throw refusal(`its ${serverName} is not written as a table ${head}`);
  }
  const length = lines.slice(start + 1).findIndex((line) => /^\s*\[/u.test(line));
  const end = length < 0 ? lines.length : start + 1 + length;
  const kept = lines.slice(start + 1, end).filter((line) => !isManaged(toKey(line)));
  return [...lines.slice(0, start + 1), ...settings, ...kept, ...lines.slice(end)];
}

function toKey(line: string): string {
  return /^\s*["']?([\w-]+)["']?\s*=/u.exec(line)?.[1] ?? '';
}

function parseToml(text: string): ConfigObject {
  try {
    return parse(text);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw refusal(`it is not valid TOML (${reason})`);
  }
}
