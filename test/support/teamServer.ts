// `rlm-companion serve` for several users, as a process of its own, with real clients.

import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { addToken, type TokenRequest } from '../../src/team/userFile';
import { type Started, start } from '../integration/cli/program';
import { connectHttpClient, createClient } from './mcpClient';

export interface TeamServerProcess extends Started {
  /** Of the MCP endpoint. */
  readonly url: string;
  readonly usersFile: string;
  /** Everything on stderr so far. */
  readonly errors: () => string;
  connect(token: string, client?: Client): Promise<Client>;
  /** Ends it in order, with every client that was connected. */
  stop(): Promise<number | null>;
}

interface TeamServerOptions {
  readonly folder: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A token for each, in the order of the names. */
export async function addUsers<Name extends string>(
  folder: string,
  users: Readonly<Record<Name, Partial<TokenRequest>>>,
): Promise<Record<Name, string>> {
  const tokens: Record<string, string> = {};
  for (const [name, more] of Object.entries<Partial<TokenRequest>>(users)) {
    const usual: TokenRequest = { name, role: 'user', expiresAt: null, roots: [], quota: {} };
    tokens[name] = (await addToken(toUsersFile(folder), { ...usual, ...more })).token;
  }
  return tokens; // the names that were given
}

/** The users of `addUsers` are its users. */
export async function startTeamServer(options: TeamServerOptions): Promise<TeamServerProcess> {
  const { folder, args = [], env = {} } = options;
  const usersFile = toUsersFile(folder);
  const all = ['serve', '--users', usersFile, '--log', 'json', ...args];
  const started = start(all, { home: path.join(folder, 'home'), cwd: folder, env });
  let errors = '';
  started.child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  let output = '';
  started.child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  await started.until('Ctrl+C');
  const url = /https?:\/\/\S+\/mcp/u.exec(output)?.[0];
  if (url === undefined) {
    throw new Error(`The server names no address: ${output}`);
  }
  const clients: Client[] = [];
  return {
    ...started,
    url,
    usersFile,
    errors: () => errors,
    connect: async (token, client = createClient()) => {
      clients.push(client);
      return connectHttpClient({ url, token }, client);
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      started.child.kill('SIGTERM');
      return (await started.ended).exitCode;
    },
  };
}

function toUsersFile(folder: string): string {
  return path.join(folder, 'users.json');
}
