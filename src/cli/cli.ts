// What every command is given: the terminal, the runtime, and where it was started.

import type { ReadBackendSettings } from '../core/backendSettings';
import type { Engine } from '../core/engine';
import type { TraceStore } from '../core/traceStore';
import type { ExportedTrace } from '../export/exportedTrace';
import type { ExportFormat } from '../export/exportTrace';
import type {
  createBackup,
  restoreHome,
  addToken,
  readUserFile,
  revokeTokens,
  serveTeam,
  listDaytonaSandboxes,
  deleteDaytonaSandboxes,
  deployToDaytona,
  findDaytonaServer,
  removeDaytonaServer,
  packServer,
  openProfiles,
  openSearch,
  parseProfileFile,
  listKubernetesPods,
  deleteKubernetesPods,
  findEngine,
  findModelFault,
  readCodexHealth,
  toHomeFolder,
  listServingEngines,
  openOwnEngine,
  openWorktrees,
  ReachableEngine as RuntimeEngine,
} from '../runtime';
import type { ExitCode } from './failure';
import type { Interrupts } from './interrupts';
import type { Terminal } from './terminal';

export interface Cli {
  readonly terminal: Terminal;
  readonly interrupts: Interrupts;
  /** Relative paths on the command line start here. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** This very program as a file Node can run. */
  readonly programFile: string;
  /** Loads the engine's code on first use, so that commands without one start at once. */
  readonly loadRuntime: () => Promise<CliRuntime>;
  /** Set by a command; `exitCodes.ok` until then. */
  exitCode: ExitCode;
}

/** What the commands use of `src/runtime.ts`. */
export interface CliRuntime {
  readonly version: string;
  createEngine(options: EngineOptions): Promise<Engine>;
  /** For reading traces without an engine. */
  openTraces(options: { readonly home: string | null }): Promise<TraceStore>;
  /** An engine of this process for the client on stdin and stdout. */
  serveStdio(options: EngineOptions): Promise<StdioServer>;
  /** The same client joined to a running engine, or to one of this process. */
  joinStdio(options: EngineOptions): Promise<StdioServer>;
  /** The engine that a client would be joined to. */
  findServingEngine(
    options: Pick<EngineOptions, 'home' | 'log'>,
  ): Promise<{ readonly url: string; readonly tokenFile: string } | null>;
  readonly listServingEngines: typeof listServingEngines;
  readonly findEngine: typeof findEngine;
  readonly findModelFault: typeof findModelFault;
  readonly readCodexHealth: typeof readCodexHealth;
  readonly toHomeFolder: typeof toHomeFolder;
  readonly openOwnEngine: typeof openOwnEngine;
  readonly openWorktrees: typeof openWorktrees;
  serveTeam(engine: Engine, settings: ServeSettings): Promise<TeamServer>;
  readonly addToken: typeof addToken;
  readonly readUserFile: typeof readUserFile;
  readonly revokeTokens: typeof revokeTokens;
  readonly listDaytonaSandboxes: typeof listDaytonaSandboxes;
  readonly deleteDaytonaSandboxes: typeof deleteDaytonaSandboxes;
  readonly deployToDaytona: typeof deployToDaytona;
  readonly findDaytonaServer: typeof findDaytonaServer;
  readonly removeDaytonaServer: typeof removeDaytonaServer;
  readonly packServer: typeof packServer;
  readonly openProfiles: typeof openProfiles;
  readonly openSearch: typeof openSearch;
  readonly parseProfileFile: typeof parseProfileFile;
  readonly listKubernetesPods: typeof listKubernetesPods;
  readonly deleteKubernetesPods: typeof deleteKubernetesPods;
  readonly createBackup: typeof createBackup;
  readonly restoreHome: typeof restoreHome;
  exportTrace(format: ExportFormat, trace: ExportedTrace): AsyncIterable<string>;
}

export type ReachableEngine = RuntimeEngine;
export type AgentWorktree = Awaited<
  ReturnType<Awaited<ReturnType<typeof openWorktrees>>['list']>
>[number];

export interface EngineOptions {
  /** Null: RLM_HOME, else the platform's data folder. */
  readonly home: string | null;
  readonly roots: readonly string[];
  /** Relative paths in tool calls start here. */
  readonly baseFolder: string;
  /** Where files of sandboxes may be written. */
  readonly readDownloadFolder?: () => string | null;
  /** Left out: the environment's. */
  readonly backends?: ReadBackendSettings;
  readonly log: (line: string) => void;
}

export interface StdioServer {
  /** Settles when the client has gone. */
  readonly closed: Promise<void>;
  dispose(): Promise<void>;
}

export type ServeSettings = Parameters<typeof serveTeam>[1];

export interface TeamServer {
  readonly url: string;
  /** Of its one user; null: it has users of its own. */
  readonly tokenFile: string | null;
  drain(graceMs: number): Promise<void>;
}
