// Composition root: builds an engine and its surfaces. The only server file that names implementations.

import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as waitFor } from 'node:timers/promises';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import packageJson from '../package.json';
import { createTimeOrderedId } from './base/ids';
import { type ReadBackendSettings, parseBackendSettings } from './core/backendSettings';
import type { Engine, EngineStatus } from './core/engine';
import type { ContextReader } from './core/context';
import type { ModelProvider } from './core/model';
import type { SandboxBackendStatus, SandboxFactory, SandboxStatus } from './core/sandbox';
import { countByStatus } from './core/sessionCounts';
import { SessionRegistry } from './core/sessionRegistry';
import { Tasks } from './core/task/tasks';
import type { TraceStore } from './core/traceStore';
import { EncodingDetector } from './context/encodingDetector';
import { FileContextReader } from './context/fileContextReader';
import type { ExportedTrace } from './export/exportedTrace';
import { type ExportFormat, exportTrace as exportWithViewer } from './export/exportTrace';
import { connectEngine } from './join/engineLink';
import { listJoinableEngines } from './join/joinableEngines';
import { Pipe } from './join/pipe';
import { SessionLoopRunner } from './loop/loopRunner';
import { AsyncRequestScope } from './mcp/asyncRequestScope';
import { type HttpOptions, serveHttp as serveMcpHttp } from './mcp/http';
import { createMcpServer } from './mcp/server';
import { readOnlyToolNames } from './mcp/toolList';
import { serveStdio as serveMcpStdio, StdioConnection } from './mcp/stdio';
import { createClientProviders } from './models/clientProvider';
import { createHttpProviders } from './models/httpProvider';
import { ModelRouter } from './models/modelRouter';
import {
  type ModelSettings,
  type ReadModelSettings,
  parseModelSettings,
} from './models/modelSettings';
import { Backends } from './sandbox/backends';
import { EngineFile, isEngineAlive } from './store/engineFile';
import { FileTraceStore } from './store/fileTraceStore';
import { createHome, type Home, toHomePath } from './store/home';
import { type Backup, createBackup as createHomeBackup } from './store/homeBackup';
import { type RestoreReport, restoreHome as restoreInto } from './store/homeRestore';
import { systemClock } from './systemClock';
import { createQuotaContexts } from './team/quotaContexts';
import {
  type TeamSettings,
  type UserEngineSpec,
  serveTeam as serveTeamHttp,
} from './team/teamServer';

export { addToken, readUserFile, revokeTokens } from './team/userFile';

export const version: string = packageJson.version;

export interface RuntimeOptions {
  /** Null: RLM_HOME, else the platform's data folder. */
  readonly home: string | null;
  /** Folders that contexts may be read from. */
  readonly roots: readonly string[];
  /** Relative paths start here. */
  readonly baseFolder: string;
  readonly log: (line: string) => void;
  /** The build's `dist/sandbox`; found beside the bundle when left out. */
  readonly sandboxFolder?: string;
  /** What the user has set about backends; the environment's when left out. */
  readonly backends?: ReadBackendSettings;
  /** Keys and default models; those of the environment when left out. */
  readonly models?: ReadModelSettings;
  /** Providers that only a host has, such as the editor's own models. */
  readonly extraProviders?: readonly ModelProvider[];
}

/** What all users of one process share. */
interface SharedParts {
  readonly sandboxes: SandboxFactory;
  readonly models: ModelRouter;
  readonly detector: EncodingDetector;
  readonly requests: AsyncRequestScope;
}

/** Of an engine that is one user's. */
interface UserPart {
  readonly spec: UserEngineSpec;
  readonly shared: SharedParts;
  /** Whose prompt files are used. */
  readonly promptHome: string;
}

/** How long a sandbox may take to start before the engine counts as not ready. */
const checkMs = 10_000;

/** An engine with what its surfaces need of the composition. */
class LocalEngine implements Engine {
  readonly engineId = createTimeOrderedId(Date.now());
  readonly version = version;
  readonly home: Home;
  readonly sessions: SessionRegistry;
  readonly traces: FileTraceStore;
  readonly tasks = new Tasks();
  readonly clock = systemClock;
  readonly loops: SessionLoopRunner;
  readonly #options: RuntimeOptions;
  readonly #shared: SharedParts;
  /** Null: an engine of its own, which the shared parts end with. */
  readonly #user: UserEngineSpec | null;
  readonly #startedAt = Date.now();
  #file: EngineFile | undefined;
  #closing: Promise<void> | undefined;

  constructor(home: Home, options: RuntimeOptions, user: UserPart | null = null) {
    this.home = home;
    this.#options = options;
    this.#shared = user?.shared ?? createShared(options);
    this.#user = user?.spec ?? null;
    const readSettings = options.models ?? readEnvironment;
    this.traces = new FileTraceStore({
      home,
      engineId: this.engineId,
      isEngineAlive: (engineId) => isEngineAlive(home, engineId),
    });
    const { sandboxes, models, requests } = this.#shared;
    this.sessions = new SessionRegistry({
      sandboxes,
      traces: this.traces,
      contexts: this.#createContexts(),
      readLoops: () => this.loops,
      model: models,
      clock: systemClock,
      requests,
      ...(this.#user && { readRoom: this.#user.readRoom }),
      engineId: this.engineId,
      version,
    });
    this.loops = new SessionLoopRunner({
      sessions: this.sessions,
      promptFolder: path.join(user?.promptHome ?? home.path, 'prompts'),
      readMaxIterations: async () => (await readSettings()).maxIterations,
    });
  }

  get requests(): AsyncRequestScope {
    return this.#shared.requests;
  }

  /** An engine for one user of this one, over a home of his own, with the sandboxes and models of this one. */
  async openUserEngine(spec: UserEngineSpec): Promise<LocalEngine> {
    const home = await createHome(path.join(this.home.path, 'users', spec.folder));
    const part = { spec, shared: this.#shared, promptHome: this.home.path };
    const engine = new LocalEngine(home, this.#options, part);
    await engine.announce(null);
    return engine;
  }

  /** @throws RlmError when the home cannot be written. */
  async checkStore(): Promise<void> {
    await createHome(this.home.path);
  }

  /** @throws RlmError when none starts. */
  async checkSandbox(): Promise<void> {
    const here = { backend: 'wasm', image: null, mayFallBack: false } as const;
    const request = { language: 'javascript', maxMemoryMb: 64, ...here } as const;
    const { sandboxes } = this.#shared;
    (await sandboxes.createSandbox(request, AbortSignal.timeout(checkMs))).dispose();
  }

  /** Leaves this engine's file in the home, with its endpoint where it has one. */
  async announce(
    endpoint: { readonly url: string; readonly token: string } | null,
  ): Promise<string> {
    this.#file?.dispose();
    this.#file = await EngineFile.create(this.home, {
      engineId: this.engineId,
      pid: process.pid,
      url: endpoint?.url ?? null,
      token: endpoint?.token ?? null,
      version,
      startedAt: this.#startedAt,
    });
    return path.join(this.home.engines, `${this.engineId}.json`);
  }

  prewarm(): void {
    this.#shared.sandboxes.prewarm();
  }

  async readStatus(): Promise<EngineStatus> {
    const [sandbox, models, size, sessionsByStatus] = await Promise.all([
      this.#shared.sandboxes.readStatus(),
      this.#shared.models.readStatus(),
      this.traces.readSize(),
      countByStatus(this.traces),
    ]);
    return {
      engineId: this.engineId,
      version,
      pid: process.pid,
      uptimeMs: Date.now() - this.#startedAt,
      sandbox: this.#user ? this.#toOwnStatus(sandbox) : sandbox,
      models,
      sessionsByStatus,
      liveSessions: this.sessions.live.length,
      storage: { path: this.home.path, ...size },
      allowedRoots: this.#listRoots(),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.tasks.dispose();
    await this.sessions.closeAll('the engine ended').catch(() => undefined);
    this.sessions.dispose();
    if (!this.#user) {
      this.#shared.sandboxes.dispose();
      await this.#shared.detector.dispose();
    }
    this.traces.dispose();
    this.#file?.dispose();
  }

  /** Without what other users have. */
  #toOwnStatus(sandbox: SandboxStatus): SandboxStatus {
    const { live } = this.sessions;
    const countLive = ({ backend, language }: SandboxBackendStatus): number =>
      live.filter(
        ({ summary }) => summary.language === language && summary.sandbox.backend === backend,
      ).length;
    return {
      ...sandbox,
      liveSandboxes: live.length,
      backends: sandbox.backends.map((one) => ({ ...one, live: countLive(one) })),
    };
  }

  #listRoots(): readonly string[] {
    return [...this.#options.roots, ...(this.#user?.readRoots() ?? [])];
  }

  #createContexts(): ContextReader {
    const user = this.#user;
    const reader = new FileContextReader({
      roots: () => this.#listRoots(),
      baseFolder: user ? (this.#listRoots()[0] ?? this.home.path) : this.#options.baseFolder,
      detectEncoding: this.#shared.detector.detect,
    });
    const readLeftMb = (): number | null => {
      const memoryMb = user?.readRoom().memoryMb ?? null;
      return memoryMb === null ? null : memoryMb - this.sessions.heldMb;
    };
    return user ? createQuotaContexts(reader, readLeftMb) : reader;
  }
}

function createShared(options: RuntimeOptions): SharedParts {
  return {
    sandboxes: new Backends({
      folder: options.sandboxFolder ?? path.join(__dirname, 'sandbox'),
      log: options.log,
      readSettings: options.backends ?? readBackends,
    }),
    models: createModels(options),
    detector: new EncodingDetector(path.join(__dirname, 'detector.js')),
    requests: new AsyncRequestScope(),
  };
}

async function readBackends() {
  return parseBackendSettings(process.env);
}

async function readEnvironment(): Promise<ModelSettings> {
  return parseModelSettings(process.env);
}

/** The models of this environment, and those that `extraProviders` adds. */
export function createModels(
  options: Pick<RuntimeOptions, 'models' | 'extraProviders'>,
): ModelRouter {
  const readSettings = options.models ?? readEnvironment;
  const http = createHttpProviders({
    readSettings,
    loadClients: () => import('./models/httpClients'),
    clock: systemClock,
    wait: (delayMs, signal) => waitFor(delayMs, undefined, { signal }),
  });
  return new ModelRouter({
    providers: [...(options.extraProviders ?? []), ...createClientProviders(), ...http],
    readSettings,
  });
}

/** @throws RlmError 'INTERNAL_ERROR' when the home folder cannot be used. */
export async function createEngine(options: RuntimeOptions): Promise<LocalEngine> {
  const engine = new LocalEngine(await openHome(options.home), options);
  await engine.announce(null);
  return engine;
}

/** Reading traces without an engine. */
export async function openTraces(options: { readonly home: string | null }): Promise<TraceStore> {
  const home = await openHome(options.home);
  return new FileTraceStore({
    home,
    engineId: createTimeOrderedId(Date.now()),
    isEngineAlive: (engineId) => isEngineAlive(home, engineId),
  });
}

/** The document piece by piece; an HTML page takes in the viewer of this build. */
export function exportTrace(format: ExportFormat, trace: ExportedTrace): AsyncIterable<string> {
  return exportWithViewer(format, trace, path.join(__dirname, 'webview'));
}

export interface StdioService {
  /** Settles when the client has gone; rejects with an RlmError when no engine could be had for it. */
  readonly closed: Promise<void>;
  /** Ends the connection, and the engine if it was made for it. */
  dispose(): Promise<void>;
}

/** An engine of this process for the client on stdin and stdout. */
export async function serveStdio(options: RuntimeOptions): Promise<StdioService> {
  const engine = await createEngine(options);
  const serving = serveMcpStdio(engine, { stdin: process.stdin, stdout: process.stdout });
  return {
    closed: serving.closed,
    dispose: async () => {
      serving.dispose();
      await serving.closed;
      await engine.close();
    },
  };
}

/**
 * Joins the client on stdin and stdout to the engine of this home that has run longest and serves
 * HTTP; an engine of this process takes over where none does. `options` are those of that engine.
 */
export async function joinStdio(options: RuntimeOptions): Promise<StdioService> {
  const home = await openHome(options.home);
  let ownEngine: Promise<LocalEngine> | undefined;
  const pipe = new Pipe({
    client: new StdioConnection({ stdin: process.stdin, stdout: process.stdout }),
    findEngines: () => listJoinableEngines(home, options.log),
    connect: connectEngine,
    openLocal: async () => {
      ownEngine ??= createEngine(options);
      const [transport, serverEnd] = InMemoryTransport.createLinkedPair();
      await createMcpServer(await ownEngine).connect(serverEnd);
      return { transport, end: () => transport.close() };
    },
    readOnlyTools: readOnlyToolNames,
    log: options.log,
  });
  await pipe.start();
  return {
    closed: pipe.closed,
    dispose: async () => {
      await pipe.close();
      await (await ownEngine?.catch(() => undefined))?.close();
    },
  };
}

export interface ServingEngine {
  readonly url: string;
  /** The endpoint file, which holds the bearer token. */
  readonly tokenFile: string;
}

/** The engine that `joinStdio` would join; null when none runs. */
export async function findServingEngine(
  options: Pick<RuntimeOptions, 'home' | 'log'>,
): Promise<ServingEngine | null> {
  const [engine] = await listJoinableEngines(await openHome(options.home), options.log);
  return engine ? { url: engine.url.href, tokenFile: engine.file } : null;
}

export interface HttpService {
  readonly url: string;
  readonly port: number;
  /** The file that holds the bearer token, readable by its owner alone. */
  readonly tokenFile: string;
  dispose(): Promise<void>;
}

/** MCP over HTTP on loopback, with a token made for this run. */
export async function serveHttp(
  engine: LocalEngine,
  options: Pick<HttpOptions, 'port' | 'offersSet'>,
): Promise<HttpService> {
  const token = randomBytes(32).toString('base64url');
  const service = await serveMcpHttp(engine, { ...options, token });
  const tokenFile = await engine.announce({ url: service.url, token });
  return { url: service.url, port: service.port, tokenFile, dispose: () => service.dispose() };
}

export interface TeamService extends Omit<HttpService, 'tokenFile'> {
  /** Of its one user; null: it has users of its own. */
  readonly tokenFile: string | null;
  /** Takes no more calls, waits `graceMs` for those that are open, and ends. */
  drain(graceMs: number): Promise<void>;
}

/** MCP over HTTP for one user or many, with probes, metrics and a log. @throws RlmError as `serveTeam`. */
export async function serveTeam(engine: LocalEngine, settings: TeamSettings): Promise<TeamService> {
  const ownToken = randomBytes(32).toString('base64url');
  const { requests } = engine;
  const service = await serveTeamHttp({
    settings,
    engine,
    ownToken,
    openUserEngine: (user) => engine.openUserEngine(user),
    checkStore: () => engine.checkStore(),
    checkSandbox: () => engine.checkSandbox(),
    requests,
  });
  const endpoint = { url: service.url, token: ownToken };
  return { ...service, tokenFile: service.isOwn ? await engine.announce(endpoint) : null };
}

/** All that a home keeps, as an archive. @throws RlmError as `homeBackup.createBackup`. */
export async function createBackup(options: { readonly home: string | null }): Promise<Backup> {
  return createHomeBackup(await openHome(options.home), version);
}

/** @throws RlmError as `homeRestore.restoreHome`. */
export async function restoreHome(
  options: { readonly home: string | null },
  file: string,
): Promise<RestoreReport & { readonly location: string }> {
  const home = await openHome(options.home);
  return { ...(await restoreInto(home, file)), location: home.path };
}

async function openHome(given: string | null): Promise<Home> {
  const { env, platform } = process;
  return createHome(given ?? toHomePath({ env, platform, homedir: homedir() }));
}
