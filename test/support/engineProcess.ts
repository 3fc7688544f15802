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
  /** Where files of sandboxes may be written; left out: nowhere. */
  readonly downloads?: string;
}

export function startEngine(
  transport: TransportName,
  folders: EngineFolders,
  client = createClient(),
): Promise<RunningEngine> {
  return transport === 'stdio' ? startStdio(folders, client) : startHttp(folders, client);
}

/** A client on stdio of a pipe that joins the engine that runs in this home. */
export async function joinStdio(folders: EngineFolders): Promise<Client> {
  const client = createClient();
  await connectStdio(folders, [], client);
  return client;
}

async function startStdio(folders: EngineFolders, client: Client): Promise<RunningEngine> {
  const pid = await connectStdio(folders, ['--standalone'], client);
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

/** The process id of the server. */
async function connectStdio(
  { home, root, downloads }: EngineFolders,
  flags: readonly string[],
  client: Client,
): Promise<number> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [cliPath, '--home', home, 'mcp', ...flags, '--root', root, ...toDownloads(downloads)],
    cwd: root,
    stderr: 'ignore',
  });
  await client.connect(transport);
  await client.listTools();
  const { pid } = transport;
  if (pid === null) {
    throw new Error('The engine ended at once.');
  }
  return pid;
}

const endpointSchema = z.object({ url: z.string(), token: z.string() });

/** The URL and token that a server's own file tells. */
export async function readEndpoint(tokenFile: string): Promise<z.infer<typeof endpointSchema>> {
  return endpointSchema.parse(JSON.parse(await readFile(tokenFile, 'utf8')));
}

export interface RunningServer {
  readonly child: ChildProcess;
  readonly tokenFile: string;
  /** Everything it has written to stderr. */
  readonly errors: () => string;
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
}

/** `rlm-companion serve`, ready for clients. */
export async function startServer(
  { home, root, downloads }: EngineFolders,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningServer> {
  const flags = ['--port', '0', '--root', root, ...toDownloads(downloads)];
  const args = [cliPath, '--home', home, 'serve', ...flags];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  const tokenFile = await readTokenFile(child);
  return {
    child,
    tokenFile,
    errors: () => errors,
    end: async (signal) => {
      const exited = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await exited;
      }
    },
  };
}

function toDownloads(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ['--downloads', folder];
}

async function startHttp(folders: EngineFolders, given: Client): Promise<RunningEngine> {
  const { child, tokenFile, end } = await startServer(folders);
  const client = await connectHttpClient(await readEndpoint(tokenFile), given);
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
