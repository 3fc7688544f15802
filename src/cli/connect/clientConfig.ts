// What each client needs in which file to reach this program.

import path from 'node:path';
import { type JsonPlace, setJsonEntry, toJsonText } from './jsonEntry';
import { type ConfigObject, serverName, tokenVariable } from './serverEntry';
import { setTomlEntry, toTomlText } from './tomlEntry';

export type ClientName = 'codex' | 'claude' | 'vscode';

/** How the client gets to the engine. */
export type ServerConnection =
  | { readonly kind: 'stdio'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'http'; readonly url: string; readonly tokenFile: string };

export interface Machine {
  readonly cwd: string;
  readonly homedir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

export interface ClientConfig {
  /** Absolute. */
  readonly file: string;
  /** What to put there by hand. */
  readonly snippet: string;
  /** What else the person should know, one line each. */
  readonly notes: readonly string[];
  /** The file's text with the entry in it. @throws RlmError 'INVALID_INPUT' as the editors say. */
  edit(text: string): string;
}

/** The longest step or loop that the guardrails allow, and a little. */
const callTimeoutS = 3_660;
const startTimeoutS = 20;

export function toClientConfig(
  client: ClientName,
  connection: ServerConnection,
  machine: Machine,
): ClientConfig {
  switch (client) {
    case 'codex':
      return toCodexConfig(connection, machine);
    case 'claude':
      return toClaudeConfig(connection, machine);
    case 'vscode':
      return toVscodeConfig(connection, machine);
  }
}

/**
 * Codex asks before each call of a tool that changes something, and fails it where it may not ask;
 * without `required` its first turn does not wait for the server's tools. A server on HTTP may be
 * down, which must not keep Codex from starting.
 */
function toCodexConfig(connection: ServerConnection, machine: Machine): ClientConfig {
  const folder = machine.env['CODEX_HOME'] ?? path.join(machine.homedir, '.codex');
  const limits = {
    startup_timeout_sec: startTimeoutS,
    tool_timeout_sec: callTimeoutS,
    default_tools_approval_mode: 'approve',
  };
  const entry =
    connection.kind === 'stdio'
      ? { command: connection.command, args: [...connection.args], required: true, ...limits }
      : { url: connection.url, bearer_token_env_var: tokenVariable, ...limits };
  return {
    file: path.resolve(machine.cwd, folder, 'config.toml'),
    snippet: toTomlText(entry),
    notes: [
      'Codex may then call every rlm tool without asking (default_tools_approval_mode).',
      ...toTokenNotes(connection, machine),
    ],
    edit: (text) => setTomlEntry(text, entry),
  };
}

function toClaudeConfig(connection: ServerConnection, machine: Machine): ClientConfig {
  const json: JsonPlace = { section: 'mcpServers', mayHaveComments: false };
  const entry: ConfigObject =
    connection.kind === 'stdio'
      ? { command: connection.command, args: connection.args }
      : {
          type: 'http',
          url: connection.url,
          headers: { Authorization: `Bearer \${${tokenVariable}}` },
        };
  const timeouts = `MCP_TIMEOUT=${startTimeoutS * 1_000} MCP_TOOL_TIMEOUT=${callTimeoutS * 1_000}`;
  const added =
    connection.kind === 'stdio'
      ? [
          `For all your projects: claude mcp add --scope user ${serverName} -- ${toShell(connection)}`,
        ]
      : [];
  return {
    file: path.join(machine.cwd, '.mcp.json'),
    snippet: toJsonText(json, entry),
    notes: [
      ...added,
      `Long steps need patience: set ${timeouts} for claude.`,
      ...toTokenNotes(connection, machine),
    ],
    edit: (text) => setJsonEntry(text, json, entry),
  };
}

/** VS Code asks for the token and keeps it in its secret storage. */
function toVscodeConfig(connection: ServerConnection, machine: Machine): ClientConfig {
  const input = {
    type: 'promptString',
    id: 'rlm-token',
    description: 'Bearer token of the running rlm-companion',
    password: true,
  };
  const base = { section: 'servers', mayHaveComments: true };
  const json: JsonPlace = connection.kind === 'http' ? { ...base, input } : base;
  const entry: ConfigObject =
    connection.kind === 'stdio'
      ? {
          type: 'stdio',
          command: connection.command,
          args: [...connection.args, '--root', '${workspaceFolder}'],
        }
      : {
          type: 'http',
          url: connection.url,
          headers: { Authorization: 'Bearer ${input:rlm-token}' },
        };
  return {
    file: path.join(machine.cwd, '.vscode', 'mcp.json'),
    snippet: toJsonText(json, entry),
    notes:
      connection.kind === 'http'
        ? [
            `VS Code asks for the token: it is "token" in ${connection.tokenFile}, new for each run.`,
          ]
        : [],
    edit: (text) => setJsonEntry(text, json, entry),
  };
}

function toTokenNotes(connection: ServerConnection, { platform }: Machine): readonly string[] {
  if (connection.kind === 'stdio') {
    return [];
  }
  const file = connection.tokenFile;
  const setting =
    platform === 'win32'
      ? `$env:${tokenVariable} = (Get-Content '${file.replaceAll("'", "''")}' | ConvertFrom-Json).token`
      : `export ${tokenVariable}="$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).token' ${quote(file)})"`;
  return [`The client reads the token, new for each run, from its environment: ${setting}`];
}

function toShell({
  command,
  args,
}: {
  readonly command: string;
  readonly args: readonly string[];
}) {
  return [command, ...args].map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
