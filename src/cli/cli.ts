// What every command is given: the terminal, the runtime, and where it was started.

import type { Disposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import type { TraceStore } from '../core/traceStore';
import type { ExportedTrace } from '../export/exportedTrace';
import type { ExportFormat } from '../export/exportTrace';
import type { ExitCode } from './failure';
import type { Interrupts } from './interrupts';
import type { Terminal } from './terminal';

export interface Cli {
  readonly terminal: Terminal;
  readonly interrupts: Interrupts;
  /** Relative paths on the command line start here. */
  readonly cwd: string;
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
  serveStdio(engine: Engine): Disposable & { readonly closed: Promise<void> };
  serveHttp(engine: Engine, options: { readonly port: number }): Promise<HttpServer>;
  exportTrace(format: ExportFormat, trace: ExportedTrace): string;
}

export interface EngineOptions {
  /** Null: RLM_HOME, else the platform's data folder. */
  readonly home: string | null;
  readonly roots: readonly string[];
  /** Relative paths in tool calls start here. */
  readonly baseFolder: string;
  readonly log: (line: string) => void;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  readonly tokenFile: string;
  dispose(): Promise<void>;
}
