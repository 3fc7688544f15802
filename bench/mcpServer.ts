// The product as a client meets it: the built command as a process, a real MCP client, over stdio
// and over HTTP.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { Language } from '../src/core/sandbox';
import type { Bench } from './bench';

const command = path.resolve('dist', 'cli.js');
const callTimeoutMs = 180_000;
/** Steps of a measurement are many, and small. */
const roomyConfig = { max_steps: 10_000, max_runtime_ms: 3_600_000, budget_limit: 10_000_000 };

const payloads = {
  opened: z.object({ session_id: z.string() }),
  ran: z.object({ stdout: z.string(), error: z.object({ traceback: z.string() }).nullable() }),
  status: z.object({ sandbox: z.object({ warm_workers: z.number() }) }),
};

export class McpServer {
  readonly client: Client;

  private constructor(client: Client) {
    this.client = client;
  }

  /** Measured from here: the process starts, and the first `tools/list` is answered. */
  static async startStdio(bench: Bench, node = process.execPath): Promise<McpServer> {
    const home = await mkdtemp(path.join(bench.folder, 'home-'));
    const transport = new StdioClientTransport({
      command: node,
      args: [command, '--home', home, 'mcp', '--standalone', '--root', bench.folder],
      stderr: 'inherit',
    });
    return McpServer.#connect(bench, new Client({ name: 'bench', version: '1.0.0' }), transport);
  }

  static async startHttp(bench: Bench): Promise<McpServer> {
    const home = await mkdtemp(path.join(bench.folder, 'home-'));
    const args = [command, '--home', home, 'serve', '--port', '0', '--root', bench.folder];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    bench.onLetGo(async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    });
    await once(createInterface(child.stdout), 'line'); // it says that it serves
    const { url, token } = await readEndpoint(path.join(home, 'engines'));
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { Authorization: `Bearer ${token}` } },
    });
    return McpServer.#connect(bench, new Client({ name: 'bench', version: '1.0.0' }), transport);
  }

  static async #connect(
    bench: Bench,
    client: Client,
    transport: StdioClientTransport | StreamableHTTPClientTransport,
  ): Promise<McpServer> {
    bench.onLetGo(() => client.close());
    await client.connect(transport);
    await client.listTools();
    return new McpServer(client);
  }

  /** The new session's id. */
  async open(
    language: Language,
    context: { readonly context_text: string } | { readonly context_paths: readonly string[] },
  ): Promise<string> {
    const args = { language, config: roomyConfig, ...context };
    return payloads.opened.parse(await this.#call('rlm_init_context', args)).session_id;
  }

  /** What the step printed. */
  async run(sessionId: string, code: string): Promise<string> {
    const ran = payloads.ran.parse(
      await this.#call('rlm_run_repl', { session_id: sessionId, code }),
    );
    if (ran.error) {
      throw new Error(ran.error.traceback);
    }
    return ran.stdout;
  }

  async untilWarm(): Promise<void> {
    for (let waiting = 0; waiting < 2;) {
      const status = payloads.status.parse(await this.#call('rlm_status', {}));
      waiting = status.sandbox.warm_workers;
      await delay(20);
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async #call(name: string, args: Record<string, unknown>): Promise<unknown> {
    const options = { timeout: callTimeoutMs };
    const reply = CallToolResultSchema.parse(
      await this.client.callTool({ name, arguments: args }, CallToolResultSchema, options),
    );
    if (reply.isError === true) {
      throw new Error(`${name}: ${JSON.stringify(reply.structuredContent)}`);
    }
    return reply.structuredContent;
  }
}

const endpointSchema = z.object({ url: z.string(), token: z.string() });

async function readEndpoint(folder: string): Promise<z.infer<typeof endpointSchema>> {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const text = await readFile(path.join(folder, file ?? 'engine.json'), 'utf8');
  return endpointSchema.parse(JSON.parse(text));
}
