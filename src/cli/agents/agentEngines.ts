// Which engine a command about agents goes to: the one that holds the run, else one that runs on this home, else one of
// this process, which ends with the command.

import { RlmError } from '../../core/errors';
import type { Summary } from '../../core/summary';
import type { CliRuntime, EngineOptions } from '../cli';
import { EngineClient } from './engineClient';

export interface AgentEnginesParts {
  readonly runtime: CliRuntime;
  readonly options: EngineOptions;
  /** What goes on, for the person. */
  readonly say: (line: string) => void;
}

export interface JoinedEngine {
  readonly client: EngineClient;
  /** It is this process's: what it holds ends with the command. */
  readonly isOwn: boolean;
}

export class AgentEngines {
  readonly #parts: AgentEnginesParts;
  readonly #clients = new Map<string, EngineClient>();
  #own: { readonly client: EngineClient; close(): Promise<void> } | null = null;

  constructor(parts: AgentEnginesParts) {
    this.#parts = parts;
  }

  /**
   * The engine that holds a run; null: none does any more.
   * @throws RlmError 'BACKEND_UNAVAILABLE' where it takes no calls from here.
   */
  async findHolder({ engineId, sessionId }: Summary): Promise<EngineClient | null> {
    const known = this.#clients.get(engineId);
    if (known) {
      return known;
    }
    const { runtime, options } = this.#parts;
    const found = await runtime.findEngine(options, engineId);
    if (!found) {
      return null;
    }
    if (!found.reach) {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        `Run ${sessionId} is in the engine of process ${found.pid}, which takes no calls from other programs.`,
        { nextStep: 'Use the program that spawned it, or end that program: the run ends with it.' },
      );
    }
    return this.#connect(engineId, found.reach);
  }

  /** Engines that may take a new run, the preferred one first; last the one of this process. */
  async *listForWork(): AsyncGenerator<JoinedEngine> {
    const { runtime, options, say } = this.#parts;
    for (const engine of await runtime.listServingEngines(options)) {
      const client = await this.#connect(engine.engineId, engine).catch((error: unknown) => {
        say(error instanceof Error ? error.message : String(error));
        return null;
      });
      if (client?.hasAgents) {
        yield { client, isOwn: false };
      }
    }
    yield { client: await this.#openOwn(), isOwn: true };
  }

  /** Ends the engine of this process, with what it holds, and all connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
    const own = this.#own;
    this.#own = null;
    await own?.client.close();
    await own?.close();
  }

  async #connect(
    engineId: string,
    engine: Parameters<typeof EngineClient.connect>[0],
  ): Promise<EngineClient> {
    const client = await EngineClient.connect(engine, this.#parts.runtime.version);
    this.#clients.set(engineId, client);
    return client;
  }

  async #openOwn(): Promise<EngineClient> {
    const { runtime, options } = this.#parts;
    const { reach, close } = await runtime.openOwnEngine(options);
    try {
      const client = await EngineClient.connect(reach, runtime.version);
      this.#own = { client, close };
      if (client.hasAgents) {
        return client;
      }
    } catch (thrown) {
      await close();
      throw thrown;
    }
    throw new RlmError('BACKEND_UNAVAILABLE', 'The Codex CLI was not found.', {
      nextStep:
        'Install it by `npm install -g @openai/codex`, log in by `codex login`, and run this again; `rlm-companion doctor` says what else is missing.',
    });
  }
}
