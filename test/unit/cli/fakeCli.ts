// The command line without a process: streams in memory, an engine in memory.

import path from 'node:path';
import { PassThrough } from 'node:stream';
import { AgentWorktrees } from '../../../src/agents/workspaces/agentWorktrees';
import type {
  Cli,
  CliRuntime,
  EngineOptions,
  ServeSettings,
  StdioServer,
} from '../../../src/cli/cli';
import { exitCodes, type ExitCode } from '../../../src/cli/failure';
import { Interrupts } from '../../../src/cli/interrupts';
import { runProgram } from '../../../src/cli/program';
import { Terminal } from '../../../src/cli/terminal';
import {
  deployToDaytona,
  findDaytonaServer,
  removeDaytonaServer,
} from '../../../src/deploy/daytonaServer';
import { packServer } from '../../../src/deploy/serverBundle';
import { findModelFault } from '../../../src/runtime';
import { parseProfileFile } from '../../../src/profiles/profileFile';
import { ProfileFolders } from '../../../src/profiles/profileFolders';
import {
  deleteDaytonaSandboxes,
  listDaytonaSandboxes,
} from '../../../src/sandbox/native/daytona/daytonaLeftovers';
import {
  deleteKubernetesPods,
  listKubernetesPods,
} from '../../../src/sandbox/native/kubernetes/podLeftovers';
import { addToken, readUserFile, revokeTokens } from '../../../src/team/userFile';
import type { MemoryTraceStore } from '../../support/memoryTraceStore';
import { createFakeEngine, createMemorySearch, type FakeEngine } from '../../support/fakeEngine';

export class TextStream extends PassThrough {
  readonly isTTY: boolean;
  readonly columns = 100;
  #text = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
    this.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('utf8');
    });
  }

  get text(): string {
    return this.#text;
  }

  /** Resolves when `part` has been written `times` times. */
  async until(part: string, times = 1): Promise<void> {
    while (this.#text.split(part).length <= times) {
      await new Promise((resolve) => this.once('data', resolve));
    }
  }
}

export class InputStream extends PassThrough {
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
}

export interface FakeCliOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly isTerminal?: boolean;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly programFile?: string;
  /** What stdout is; a stream that keeps all it is given when left out. */
  readonly stdout?: NodeJS.WritableStream;
  /** What the model says; none: no model is set up. */
  readonly answer?: (prompt: string) => string;
}

export class FakeCli implements Cli {
  readonly output: TextStream;
  readonly errors: TextStream;
  readonly input: InputStream;
  readonly engine: FakeEngine;
  readonly terminal: Terminal;
  /** Whether the program was told to end on the spot. */
  hasExited = false;
  readonly interrupts = new Interrupts(() => {
    this.hasExited = true;
  });
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly programFile: string;
  exitCode: ExitCode = exitCodes.ok;
  codexHealth: Awaited<ReturnType<CliRuntime['readCodexHealth']>> = {
    install: { kind: 'missing', detail: 'Codex is not installed.', nextStep: '' },
    login: { works: false, detail: 'no login and no key', nextStep: 'Log in with codex login.' },
  };
  /** What the last engine was made with. */
  engineOptions: EngineOptions | null = null;
  serveSettings: ServeSettings | null = null;
  /** The grace that a server was told to end with. */
  drained: number | null = null;

  constructor(options: FakeCliOptions = {}) {
    const {
      files = {},
      input,
      isTerminal = false,
      cwd = process.cwd(),
      env = {},
      answer,
      stdout,
    } = options;
    this.output = new TextStream(isTerminal);
    this.errors = new TextStream(isTerminal);
    this.input = new InputStream(isTerminal);
    this.terminal = new Terminal({
      input: this.input,
      output: stdout ?? this.output,
      errors: this.errors,
      env: { NO_COLOR: '1' },
    });
    this.cwd = cwd;
    this.programFile = options.programFile ?? __filename;
    this.env = env;
    this.engine = createFakeEngine({ files, ...(answer ? { answer } : {}) });
    if (input !== undefined) {
      this.input.end(input);
    }
  }

  get traces(): MemoryTraceStore {
    return this.engine.traces;
  }

  readonly loadRuntime = async (): Promise<CliRuntime> => ({
    version: '1.2.3',
    createEngine: async (options) => {
      this.engineOptions = options;
      return this.engine;
    },
    openTraces: async () => this.engine.traces,
    openSearch: async () => ({
      search: createMemorySearch(this.engine.traces, this.engine.clock),
      traces: this.engine.traces,
    }),
    serveStdio: (options) => this.#serveStdio(options),
    joinStdio: (options) => this.#serveStdio(options),
    findServingEngine: async () => null,
    listServingEngines: async () => [],
    findModelFault,
    readCodexHealth: async () => this.codexHealth,
    toHomeFolder: (given) => given ?? path.join(this.cwd, 'home'),
    findEngine: async () => null,
    openOwnEngine: () => Promise.reject(new Error('not here')),
    openWorktrees: async ({ home }) =>
      new AgentWorktrees({
        folder: path.join(home ?? this.cwd, 'agents', 'worktrees'),
        isEngineAlive: async () => false,
      }),
    serveTeam: async (_engine, settings) => {
      this.serveSettings = settings;
      return {
        url: `http://127.0.0.1:${settings.port}/mcp`,
        tokenFile: settings.usersFile === null ? '/home/rlm/engines/1.json' : null,
        drain: async (graceMs) => {
          this.drained = graceMs;
        },
      };
    },
    addToken,
    readUserFile,
    revokeTokens,
    listDaytonaSandboxes,
    deleteDaytonaSandboxes,
    deployToDaytona,
    findDaytonaServer,
    removeDaytonaServer,
    packServer,
    openProfiles: async ({ home, workspaces }) =>
      new ProfileFolders({
        home: path.join(home ?? this.cwd, 'profiles'),
        readWorkspaces: () => workspaces,
      }),
    parseProfileFile,
    listKubernetesPods,
    deleteKubernetesPods,
    createBackup: () => Promise.reject(new Error('not here')),
    restoreHome: () => Promise.reject(new Error('not here')),
    exportTrace: async function* (format, { summary, events }) {
      yield `${format} of ${summary.title}\n`;
      for await (const event of events) {
        yield `${event.kind}\n`;
      }
    },
  });

  async #serveStdio(options: EngineOptions): Promise<StdioServer> {
    this.engineOptions = options;
    return { closed: Promise.resolve(), dispose: async () => undefined };
  }

  run(...args: readonly string[]): Promise<ExitCode> {
    return runProgram(args, this);
  }
}
