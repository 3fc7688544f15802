// How other agents are told to start this product's server: a command line, or an entry in a file.

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export type Shell = 'posix' | 'powershell' | 'cmd';

export function toShell(path: string): Shell {
  const name = path.split(/[/\\]/u).at(-1)?.toLowerCase() ?? '';
  if (/^(pwsh|powershell)/u.test(name)) {
    return 'powershell';
  }
  return name === 'cmd.exe' ? 'cmd' : 'posix';
}

/** `codex mcp add` and `claude mcp add` take the same words. */
export function toAddCommand(
  client: 'codex' | 'claude',
  server: ServerCommand,
  shell: Shell,
): string {
  const flag = client === 'codex' ? '--env' : '-e';
  const env = Object.entries(server.env).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const words = [client, 'mcp', 'add', 'rlm', ...env, '--', server.command, ...server.args];
  return words.map((word) => quote(word, shell)).join(' ');
}

/**
 * The configuration with our server in it.
 * @throws SyntaxError when `text` is not JSON; TypeError when it is no object.
 */
export function addToCopilotConfig(text: string, server: ServerCommand): string {
  const config = toObject(text.trim() === '' ? {} : JSON.parse(text));
  const servers = toObject(config['mcpServers'] ?? {});
  const entry = { type: 'stdio', ...server, tools: ['*'] };
  return `${JSON.stringify({ ...config, mcpServers: { ...servers, rlm: entry } }, null, 2)}\n`;
}

function toObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('It is not an object.');
  }
  return value as Record<string, unknown>; // JSON, and an object
}

function quote(word: string, shell: Shell): string {
  // PowerShell takes a bare `--` for itself when it calls a script.
  const isPlain = /^[\w@+=:,./-]+$/u.test(word) && !(shell === 'powershell' && word === '--');
  if (isPlain) {
    return word;
  }
  switch (shell) {
    case 'posix':
      return `'${word.replaceAll("'", String.raw`'\''`)}'`;
    case 'powershell':
      return `'${word.replaceAll("'", "''")}'`;
    case 'cmd':
      return `"${word.replaceAll('"', '""')}"`;
  }
}
