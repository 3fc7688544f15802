// The real command line as a server process, with a real client on either transport.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import * as z from 'zod';
import { connectHttpClient, createClient } from './mcpClient';

export const cliPath = path.resolve('dist/cli.js');
export const transports = ['stdio', 'http'] as const;
export type TransportName = (typeof transports)[number];

export interface RunningEngine {
  readonly client: Client;
  readonly pid: number;
  /** Closes the client and waits until the process has ended. */
  stop(): Promise<void>;
  /** Ends the process the hard way. */
  kill(): Promise<void>;
}

export interface EngineFolders {
  readonly home: string;
  readonly root: string;
}

export function startEngine(
  transport: TransportName,
  folders: EngineFolders,
): Promise<RunningEngine> {
  return transport === 'stdio' ? startStdio(folders) : startHttp(folders);
}

async function startStdio({ home, root }: EngineFolders): Promise<RunningEngine> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [cliPath, '--home', home, 'mcp', '--standalone', '--root', root],
    cwd: root,
    stderr: 'ignore',
  });
  const client = createClient();
  await client.connect(transport);
  await client.listTools();
  const pid = transport.pid ?? 0;
  const closed = new Promise<void>((resolve) => {
    client.onclose = resolve;
  });
  return {
    client,
    pid,
    stop: () => client.close(),
    kill: async () => {
      process.kill(pid, 'SIGKILL');
      await closed;
    },
  };
}

const endpointSchema = z.object({ url: z.string(), token: z.string() });

async function startHttp({ home, root }: EngineFolders): Promise<RunningEngine> {
  const child = spawn(
    process.execPath,
    [cliPath, '--home', home, 'serve', '--port', '0', '--root', root],
    { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const tokenFile = await readTokenFile(child);
  const endpoint = endpointSchema.parse(JSON.parse(await readFile(tokenFile, 'utf8')));
  const client = await connectHttpClient(endpoint);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    client,
    pid: child.pid ?? 0,
    stop: async () => {
      await client.close();
      await end('SIGTERM');
    },
    kill: async () => {
      await end('SIGKILL');
      await client.close();
    },
  };
}

/** `serve` says where the token is, never the token. */
async function readTokenFile(child: ChildProcess): Promise<string> {
  if (!child.stdout) {
    throw new Error('The server has no output.');
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /(\S+engines\S+\.json)/u.exec(line);
    if (match?.[1] !== undefined) {
      child.stdout.resume();
      return match[1];
    }
  }
  throw new Error('The server ended before it said where its token is.');
}
