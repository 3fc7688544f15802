// An engine with all its parts, of this machine's user or of one user of a team.

import path from 'node:path';
import { setTimeout as waitFor } from 'node:timers/promises';
import packageJson from '../../package.json';
import { createTimeOrderedId } from '../base/ids';
import { type ReadBackendSettings, parseBackendSettings } from '../core/backendSettings';
import type { AgentRuns } from '../core/agent/agentRuns';
import { ModelNarrator } from '../core/agent/narrator';
import type { ContextReader } from '../core/context';
import type { Engine, EngineStatus } from '../core/engine';
import type { ModelProvider } from '../core/model';
import type { SandboxBackendStatus, SandboxFactory, SandboxStatus } from '../core/sandbox';
import { toUserRequests } from '../core/requestScope';
import { countByStatus } from '../core/sessionCounts';
import { SessionRegistry } from '../core/sessionRegistry';
import type { RunSearch } from '../core/search/runSearch';
import { Tasks } from '../core/task/tasks';
import { DownloadFolder } from '../context/downloadFolder';
import { EncodingDetector } from '../context/encodingDetector';
import { FileContextReader } from '../context/fileContextReader';
import { SessionLoopRunner } from '../loop/loopRunner';
import { AsyncRequestScope } from '../mcp/asyncRequestScope';
import { createClientProviders } from '../models/clientProvider';
import { createHttpProviders } from '../models/httpProvider';
import { ModelRouter } from '../models/modelRouter';
import {
  type ModelSettings,
  type ReadModelSettings,
  parseModelSettings,
} from '../models/modelSettings';
import { Backends } from '../sandbox/backends';
import { type AgentOptions, type LocalAgents, createLocalAgents, hasAgents } from './localAgents';
import { endOrphanProcesses, tidyWorktrees } from './agentOrphans';
import { createRunSearch } from './localSearch';
import { EngineFile, isEngineAlive } from '../store/engineFile';
import { FileTraceStore } from '../store/fileTraceStore';
import { type Home, createHome } from '../store/home';
import { systemClock } from '../systemClock';
import { createQuotaContexts } from '../team/quotaContexts';
import { ModelLedger } from '../team/modelLedger';
import { QuotaModel } from '../team/quotaModel';
import type { UserEngineSpec } from '../team/teamServer';

export const version: string = packageJson.version;

export interface RuntimeOptions {
  /** Null: RLM_HOME, else the platform's data folder. */
  readonly home: string | null;
  /** Folders that contexts may be read from. */
  readonly roots: readonly string[];
  /** Relative paths start here. */
  readonly baseFolder: string;
  /** Where files of sandboxes may be written; read again for each. Left out: RLM_DOWNLOADS, else nowhere. */
  readonly readDownloadFolder?: () => string | null;
  readonly log: (line: string) => void;
  /** The build's `dist/sandbox`; found beside the bundle when left out. */
  readonly sandboxFolder?: string;
  /** What the user has set about backends; the environment's when left out. */
  readonly backends?: ReadBackendSettings;
  /** Keys and default models; those of the environment when left out. */
  readonly models?: ReadModelSettings;
  /** Providers that only a host has, such as the editor's own models. */
  readonly extraProviders?: readonly ModelProvider[];
  /** Agents that work by themselves; null: none. */
  readonly agents?: AgentOptions | null;
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
  readonly ledger: ModelLedger;
}

/** How long a sandbox may take to start before the engine counts as not ready. */
const checkMs = 10_000;

/** An engine with what its surfaces need of the composition. */
export class LocalEngine implements Engine {
  readonly engineId = createTimeOrderedId(Date.now());
  readonly version = version;
  readonly home: Home;
  readonly sessions: SessionRegistry;
  readonly traces: FileTraceStore;
  readonly tasks = new Tasks();
  readonly clock = systemClock;
  readonly loops: SessionLoopRunner;
  readonly agents: AgentRuns | null;
  readonly search: RunSearch;
  readonly #agents: LocalAgents | null;
  readonly downloads: DownloadFolder;
  readonly readHostFile: ContextReader['readFile'];
  readonly #options: RuntimeOptions;
  readonly #shared: SharedParts;
  /** Null: an engine of its own, which the shared parts end with. */
  readonly #user: UserEngineSpec | null;
  readonly #quotaModel: QuotaModel | null;
  readonly #ledger: ModelLedger | null;
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
    this.search = createRunSearch({
      home,
      traces: this.traces,
      sandboxFolder: toSandboxFolder(options),
      readSecrets: options.agents?.readSecrets,
    });
    this.search.followDeletions();
    const { sandboxes, models, requests } = this.#shared;
    this.#ledger = user?.ledger ?? null;
    this.#quotaModel = user ? new QuotaModel(models, user.ledger, user.spec.readQuota) : null;
    const contexts = this.#createContexts();
    this.readHostFile = (file, maxBytes, signal) => contexts.readFile(file, maxBytes, signal);
    const readFolder = options.readDownloadFolder ?? readDownloads;
    this.downloads = new DownloadFolder(user ? () => null : readFolder); // users share the disk
    this.sessions = new SessionRegistry({
      sandboxes,
      traces: this.traces,
      contexts,
      readLoops: () => this.loops,
      model: this.#quotaModel ?? models,
      clock: systemClock,
      requests: user ? toUserRequests(requests, user.spec.folder) : requests,
      ...(this.#user && { readRoom: this.#user.readRoom }),
      engineId: this.engineId,
      version,
    });
    this.loops = new SessionLoopRunner({
      sessions: this.sessions,
      promptFolder: path.join(user?.promptHome ?? home.path, 'prompts'),
      readMaxIterations: async () => (await readSettings()).maxIterations,
    });
    // Users of a server share the machine: agents are for its own user.
    this.#agents =
      user || !options.agents
        ? null
        : createLocalAgents({
            home,
            get roots() {
              return options.roots;
            },
            baseFolder: options.baseFolder,
            engineId: this.engineId,
            version,
            traces: this.traces,
            requests,
            options: options.agents,
            readBackends: options.backends ?? readBackends,
            narrator: new ModelNarrator(models, async () => (await readSettings()).model),
            onAppend: (change) => this.sessions.tell(change),
            readEngine: () => this,
          });
    this.agents = this.#agents?.runs ?? null;
  }

  /** With agents where their program is installed. */
  static async create(home: Home, options: RuntimeOptions): Promise<LocalEngine> {
    const agents = options.agents === undefined ? {} : options.agents;
    const has = agents !== null && (await hasAgents(agents));
    const engine = new LocalEngine(home, { ...options, agents: has ? agents : null });
    if (has) {
      await engine.#endOrphans();
    }
    return engine;
  }

  get requests(): AsyncRequestScope {
    return this.#shared.requests;
  }

  /** An engine for one user of this one, over a home of his own, with the sandboxes and models of this one. */
  async openUserEngine(spec: UserEngineSpec): Promise<LocalEngine> {
    const home = await createHome(path.join(this.home.path, 'users', spec.folder));
    const ledger = await ModelLedger.open({
      file: path.join(home.path, 'model-usage.json'),
      now: () => Date.now(),
      log: this.#options.log,
    });
    const part = { spec, shared: this.#shared, promptHome: this.home.path, ledger };
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
    endpoint: {
      readonly url: string;
      readonly token: string;
      /** Left out: it does. */
      readonly takesClients?: boolean;
    } | null,
  ): Promise<string> {
    const engine = {
      engineId: this.engineId,
      pid: process.pid,
      url: endpoint?.url ?? null,
      token: endpoint?.token ?? null,
      takesClients: endpoint?.takesClients ?? true,
      version,
      startedAt: this.#startedAt,
    };
    if (this.#file) {
      await this.#file.replace(engine);
    } else {
      this.#file = await EngineFile.create(this.home, engine);
    }
    if (this.#closing) {
      this.#file.dispose();
    }
    return path.join(this.home.engines, `${this.engineId}.json`);
  }

  prewarm(): void {
    this.#shared.sandboxes.prewarm();
  }

  async readStatus(): Promise<EngineStatus> {
    const [sandbox, models, size, sessionsByStatus, index] = await Promise.all([
      this.#shared.sandboxes.readStatus(),
      this.#shared.models.readStatus(),
      this.traces.readSize(),
      countByStatus(this.traces),
      this.search.readHealth(),
    ]);
    return {
      engineId: this.engineId,
      version,
      pid: process.pid,
      uptimeMs: Date.now() - this.#startedAt,
      sandbox: this.#user ? this.#toOwnStatus(sandbox) : sandbox,
      models,
      modelQuotas: this.#quotaModel?.quotas ?? [],
      sessionsByStatus,
      liveSessions: this.sessions.live.length,
      storage: { path: this.home.path, ...size },
      allowedRoots: this.#listRoots(),
      index,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.tasks.dispose();
    await this.#agents?.close();
    await this.sessions.closeAll('the engine ended').catch(() => undefined);
    this.sessions.dispose();
    if (!this.#user) {
      this.#shared.sandboxes.dispose();
      await this.#shared.detector.dispose();
    }
    await this.#ledger?.settle();
    await this.search.dispose();
    this.traces.dispose();
    this.#file?.dispose();
  }

  /** What agents of dead engines have left: processes end before anything new begins, the rest while it works. */
  async #endOrphans(): Promise<void> {
    const parts = {
      traces: this.traces,
      worktrees: path.join(this.home.path, 'agents', 'worktrees'),
      isEngineAlive: (engineId: string) => isEngineAlive(this.home, engineId),
      log: this.#options.log,
    };
    await endOrphanProcesses(parts);
    void tidyWorktrees(parts);
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
      folder: toSandboxFolder(options),
      log: options.log,
      readSettings: options.backends ?? readBackends,
    }),
    models: createModels(options),
    detector: new EncodingDetector(path.join(__dirname, 'detector.js')),
    requests: new AsyncRequestScope(),
  };
}

function toSandboxFolder({ sandboxFolder }: RuntimeOptions): string {
  return sandboxFolder ?? path.join(__dirname, 'sandbox');
}

function readDownloads(): string | null {
  return process.env['RLM_DOWNLOADS'] || null;
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
    loadClients: () => import('../models/httpClients'),
    clock: systemClock,
    wait: (delayMs, signal) => waitFor(delayMs, undefined, { signal }),
  });
  return new ModelRouter({
    providers: [...(options.extraProviders ?? []), ...createClientProviders(), ...http],
    readSettings,
  });
}
