// The engine of this window: loaded and started when something needs it, and its listener when a
// client does.

import { Emitter } from '../base/emitter';
import type { ReadBackendSettings } from '../core/backendSettings';
import type { AgentOptions } from '../runtime/localAgents';
import type { Engine } from '../core/engine';
import { RlmError } from '../core/errors';
import type { ModelProvider } from '../core/model';
import type { ReadModelSettings } from '../models/modelSettings';

/** What the engine's own bundle offers. */
export interface Runtime {
  createEngine(options: EngineOptions): Promise<Engine>;
  serveHttp(engine: never, options: ListenerOptions): Promise<Listener>;
}

interface ListenerOptions {
  readonly port: number;
  readonly offersSet: (set: string) => boolean;
}

export interface EngineOptions {
  readonly home: string | null;
  /** Read again for every context. */
  readonly roots: readonly string[];
  readonly baseFolder: string;
  /** Where files of sandboxes may be written; read again for each. */
  readonly readDownloadFolder: () => string | null;
  readonly log: (line: string) => void;
  /** What the user configured; read again for every prompt. */
  readonly models: ReadModelSettings;
  /** What the user has set about backends; read again for every session. */
  readonly backends: ReadBackendSettings;
  /** What agents work with. */
  readonly agents: AgentOptions;
  /** The editor's own models. */
  readonly extraProviders: readonly ModelProvider[];
}

interface Listener {
  readonly url: string;
  /** Holds the bearer token, readable by its owner alone. */
  readonly tokenFile: string;
  dispose(): Promise<void>;
}

export interface Endpoint {
  readonly url: string;
  readonly token: string;
}

interface EngineHostParts {
  readonly loadRuntime: () => Promise<Runtime>;
  readonly readOptions: () => EngineOptions;
  /** Whether code may run in this window. */
  readonly mayRun: () => boolean;
  /** Whether clients are offered the tools of a set; asked for every list and call. */
  readonly offersSet: (set: string) => boolean;
}

export class EngineHost {
  readonly #parts: EngineHostParts;
  readonly #changed = new Emitter<Engine | undefined>();
  /** Fires with the engine that has started, and with undefined when it has ended. */
  readonly onDidChange = this.#changed.event;
  #engine: Engine | undefined;
  #starting: Promise<Engine> | undefined;
  #listening: Promise<Listener & Endpoint> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: EngineHostParts) {
    this.#parts = parts;
  }

  /** Undefined until something has started it. */
  get engine(): Engine | undefined {
    return this.#engine;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE' in an untrusted workspace and after `close`. */
  start(): Promise<Engine> {
    if (this.#closing || !this.#parts.mayRun()) {
      return Promise.reject(notAllowed(this.#closing !== undefined));
    }
    if (!this.#starting) {
      this.#starting = this.#start();
      this.#starting.catch(() => {
        this.#starting = undefined;
      });
    }
    return this.#starting;
  }

  /** Where clients reach the engine: on loopback, with a token made for this run. */
  async listen(): Promise<Endpoint> {
    const engine = await this.start();
    if (!this.#listening) {
      this.#listening = this.#listen(engine);
      this.#listening.catch(() => {
        this.#listening = undefined;
      });
    }
    const { url, token } = await this.#listening;
    return { url, token };
  }

  /** Where it listens; null while it does not. */
  async readUrl(): Promise<string | null> {
    return (await this.#listening?.catch(() => undefined))?.url ?? null;
  }

  /** Ends the listener, every session and the sandbox process. Idempotent, never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<Engine> {
    const runtime = await this.#parts.loadRuntime();
    const engine = await runtime.createEngine(this.#parts.readOptions());
    this.#engine = engine;
    this.#changed.fire(engine);
    return engine;
  }

  async #listen(engine: Engine): Promise<Listener & Endpoint> {
    const runtime = await this.#parts.loadRuntime();
    const { offersSet } = this.#parts;
    const listener = await runtime.serveHttp(engine as never, { port: 0, offersSet }); // made by this runtime
    const { readEngineToken } = await import('./engineToken'); // its parser is not needed before
    return { ...listener, token: await readEngineToken(listener.tokenFile) };
  }

  async #close(): Promise<void> {
    const engine = await this.#starting?.catch(() => undefined);
    const listener = await this.#listening?.catch(() => undefined);
    await listener?.dispose().catch(() => undefined); // nothing is left to do about it
    await engine?.close();
    this.#engine = undefined;
    this.#changed.fire(undefined);
    this.#changed.dispose();
  }
}

function notAllowed(isClosed: boolean): RlmError {
  return isClosed
    ? new RlmError('BACKEND_UNAVAILABLE', 'The engine of this window has ended.', {
        nextStep: 'Reload the window to start it again.',
      })
    : new RlmError('BACKEND_UNAVAILABLE', 'This workspace is not trusted, so nothing runs in it.', {
        nextStep: 'Trust the workspace (Workspaces: Manage Workspace Trust), then try again.',
      });
}
