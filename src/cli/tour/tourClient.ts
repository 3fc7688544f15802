// This program as an MCP server in a process of its own, and a client of the SDK connected to it.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type * as z from 'zod';
import { RlmError } from '../../core/errors';
import { readToolFailure } from '../toolFailure';

export interface TourServer {
  readonly programFile: string;
  readonly home: string;
  readonly roots: readonly string[];
  readonly cwd: string;
  readonly version: string;
}

/** Longer than any guardrail the tour sets. */
const callTimeoutMs = 3_600_000;
const keptLogChars = 4_000;

export class TourClient {
  readonly #client: Client;
  readonly #transport: StdioClientTransport;
  #log = '';

  private constructor(client: Client, transport: StdioClientTransport) {
    this.#client = client;
    this.#transport = transport;
    transport.stderr?.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString('utf8')).slice(-keptLogChars);
    });
  }

  /** @throws RlmError 'INTERNAL_ERROR' with the server's log when it does not start. */
  static async connect(server: TourServer): Promise<TourClient> {
    const roots = server.roots.flatMap((root) => ['--root', root]);
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [server.programFile, 'mcp', '--standalone', '--home', server.home, ...roots],
      cwd: server.cwd,
      stderr: 'pipe',
    });
    const client = new Client({ name: 'rlm-companion-tour', version: server.version });
    const tour = new TourClient(client, transport);
    try {
      await client.connect(transport);
    } catch (error) {
      await tour.close();
      throw tour.#toError(error);
    }
    return tour;
  }

  async listTools(signal: AbortSignal): Promise<readonly string[]> {
    const { tools } = await this.#client.listTools({}, { signal });
    return tools.map(({ name }) => name);
  }

  /** @throws RlmError as the tool says, or 'INTERNAL_ERROR' when the server broke off. */
  async call<T>(
    request: { readonly name: string; readonly arguments: Record<string, unknown> },
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> {
    let payload: unknown;
    try {
      // The SDK leaves its listener on the signal of a call.
      const options = { signal: AbortSignal.any([signal]), timeout: callTimeoutMs };
      payload = (await this.#client.callTool(request, undefined, options)).structuredContent;
    } catch (error) {
      throw signal.aborted ? interruptedError(error) : this.#toError(error);
    }
    const failure = readToolFailure(payload);
    if (failure) {
      throw failure;
    }
    return schema.parse(payload);
  }

  /** Ends the server by closing its input; resolves when its process is gone. */
  async close(): Promise<void> {
    await this.#client.close();
    await this.#transport.close();
  }

  #toError(cause: unknown): RlmError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const log = this.#log.trim() === '' ? '' : `\nThe server said:\n${this.#log.trimEnd()}`;
    return new RlmError('INTERNAL_ERROR', `The MCP server failed: ${reason}${log}`, {
      cause,
      nextStep: 'Run `rlm-companion status` to see whether the sandboxes work here.',
    });
  }
}

function interruptedError(cause: unknown): RlmError {
  return new RlmError('CANCELLED', 'The tour was interrupted.', {
    cause,
    nextStep: 'Start it again; `rlm-companion sessions` lists what it left.',
  });
}
