// A connection to an engine that holds agents: calls of its tools, parsed, with its errors as ours.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type * as z from 'zod';
import { cancelledError, RlmError } from '../../core/errors';
import type { ReachableEngine } from '../cli';
import { readToolFailure } from '../toolFailure';

/** Waiting for a run ends before a call does. */
const callTimeoutMs = 3_700_000;
const connectMs = 10_000;

export interface ToolRequest {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export class EngineClient {
  readonly pid: number;
  readonly #client: Client;
  readonly #end: () => Promise<void>;
  readonly #tools: ReadonlySet<string>;

  private constructor(parts: {
    readonly pid: number;
    readonly client: Client;
    readonly end: () => Promise<void>;
    readonly tools: ReadonlySet<string>;
  }) {
    this.pid = parts.pid;
    this.#client = parts.client;
    this.#end = parts.end;
    this.#tools = parts.tools;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE' when it does not answer. */
  static async connect(engine: ReachableEngine, version: string): Promise<EngineClient> {
    const { transport, end } = engine.connect();
    const client = new Client({ name: 'rlm-companion-cli', version });
    const { pid } = engine;
    try {
      await client.connect(transport, { timeout: connectMs });
      const { tools } = await client.listTools({}, { timeout: connectMs });
      return new EngineClient({ pid, client, end, tools: new Set(tools.map(({ name }) => name)) });
    } catch (cause) {
      await client.close().catch(() => undefined);
      throw unreachable(pid, cause);
    }
  }

  /** Whether it runs agents: Codex is there, and their tools are not left out. */
  get hasAgents(): boolean {
    return this.#tools.has('spawn_agent');
  }

  /** @throws RlmError as the tool says, 'CANCELLED', 'BACKEND_UNAVAILABLE' when the engine broke off. */
  async call<T>(request: ToolRequest, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    let payload: unknown;
    try {
      const given = { name: request.name, arguments: { ...request.arguments } };
      const options = {
        timeout: callTimeoutMs,
        ...(signal && { signal: AbortSignal.any([signal]) }),
      };
      payload = (await this.#client.callTool(given, undefined, options)).structuredContent;
    } catch (cause) {
      throw signal?.aborted ? cancelledError('The call') : unreachable(this.pid, cause);
    }
    const failure = readToolFailure(payload);
    if (failure) {
      throw failure;
    }
    return schema.parse(payload);
  }

  async close(): Promise<void> {
    await this.#end().catch(() => undefined);
    await this.#client.close().catch(() => undefined);
  }
}

function unreachable(pid: number, cause: unknown): RlmError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RlmError('BACKEND_UNAVAILABLE', `The engine of process ${pid} broke off: ${reason}`, {
    cause,
    nextStep:
      'See what became of the run with `rlm-companion agents list`, and go on with it by `rlm-companion agents resume`.',
  });
}
