// Threads of Codex in one process of its app-server, which is started when it is needed and again when it has ended.
// Longer than others: process and threads are one state.

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type {
  AgentDriver,
  AgentDriverStatus,
  AgentThread,
  ThreadRequest,
} from '../../core/agent/agentDriver';
import type { AgentBoxes } from '../../core/agent/agentBoxes';
import type { Clock } from '../../core/clock';
import { RlmError, throwIfAborted } from '../../core/errors';
import { CallError, toDriverError } from './callError';
import { prepareHome } from './codexHome';
import { BoxedThreads, type StartedCodex } from './boxedThreads';
import { CodexInstaller } from './codexInstall';
import { CodexProcess } from './codexProcess';
import { CodexThread, type ThreadDeadlines } from './codexThread';
import { ExecThread } from './execThread';
import type { CodexPlaces } from './findCodex';
import { endLeftovers } from './leftovers';
import type { CodexProvider } from './provider';
import { RolloutTail } from './rolloutTail';
import { checkRequest, compareThread, toThreadParams } from './threadConfig';
import { type ThreadAnswer, threadAnswer } from './wire';

export interface CodexDriverParts {
  readonly clock: Clock;
  /** Where Codex's folder lies. */
  readonly home: string;
  readonly places: () => CodexPlaces;
  readonly provider: () => CodexProvider;
  /** Null: no agent runs in a container. */
  readonly boxes: AgentBoxes | null;
  readonly deadlines?: Partial<DriverDeadlines>;
}

export interface DriverDeadlines extends ThreadDeadlines {
  readonly initializeMs: number;
  /** Its MCP servers start with it. */
  readonly startMs: number;
}

const defaults: DriverDeadlines = {
  initializeMs: 30_000,
  startMs: 60_000,
  callMs: 20_000,
  connectionMs: 120_000,
  recordMs: 2_000,
};
/** After that many ends in a row the next start waits longer. */
const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** A process that has lived so long was well started. */
const wellMs = 60_000;

const whichVersion = 'Install a version of Codex that this one was made for, 0.171.';

function toDifference(version: string, missing: readonly string[]): string {
  return `Codex ${version} speaks otherwise than this version knows it: ${missing.join('; ')}.`;
}

export class CodexDriver implements AgentDriver {
  readonly #deadlines: DriverDeadlines;
  readonly #installer: CodexInstaller;
  readonly #once = new Set<ExecThread>();
  readonly #boxed: BoxedThreads;
  #process: Promise<CodexProcess> | null = null;
  #running: CodexProcess | null = null;
  #failures = 0;
  #notBefore = 0;
  #isDisposed = false;

  constructor(private readonly parts: CodexDriverParts) {
    this.#deadlines = { ...defaults, ...parts.deadlines };
    this.#installer = new CodexInstaller(parts.places);
    this.#boxed = new BoxedThreads(parts, this.#deadlines.initializeMs);
  }

  async readStatus(): Promise<AgentDriverStatus> {
    const install = await this.#installer.read();
    const common = {
      pid: this.#running?.server.pid ?? null,
      threads: (this.#running?.threadCount ?? 0) + this.#once.size + this.#boxed.count,
    };
    if (install.kind === 'missing') {
      const { detail, nextStep } = install;
      return {
        ...common,
        ...{ works: false, detail, nextStep },
        ...{ program: null, mode: null, differences: [] },
      };
    }
    const { program, hasServer, differences } = install;
    const works = differences.missing.length === 0;
    const name = `Codex ${program.version}`;
    return {
      ...common,
      works,
      detail: works
        ? `${name}${hasServer ? '' : ', without an app-server: it can neither ask nor be told anything in a turn'}`
        : toDifference(program.version, differences.missing),
      nextStep: works ? null : whichVersion,
      program,
      mode: hasServer ? 'steered' : 'once',
      differences: [...differences.missing, ...differences.unknown],
    };
  }

  async startThread(request: ThreadRequest, signal: AbortSignal): Promise<AgentThread> {
    return this.#openThread(null, request, signal);
  }

  async resumeThread(
    threadId: string,
    request: ThreadRequest,
    signal: AbortSignal,
  ): Promise<AgentThread> {
    await this.endLeftovers(request.runId);
    return this.#openThread(threadId, request, signal);
  }

  async endLeftovers(runId: string): Promise<number> {
    const ended = await endLeftovers(runId);
    await this.#boxed.remove(runId);
    return ended;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#running?.dispose();
    this.#once.forEach((thread) => thread.dispose());
    this.#boxed.dispose();
  }

  async #openThread(
    threadId: string | null,
    asked: ThreadRequest,
    signal: AbortSignal,
  ): Promise<AgentThread> {
    checkRequest(asked);
    // By its real path: Codex looks up by that whether it trusts a folder.
    const request = { ...asked, cwd: await realpath(asked.cwd).catch(() => asked.cwd) };
    const doing = threadId === null ? 'Starting the agent' : 'Resuming the agent';
    throwIfAborted(signal, doing);
    const install = await this.#installer.read();
    if (install.kind === 'missing') {
      const { detail, nextStep } = install;
      throw new RlmError('BACKEND_UNAVAILABLE', detail, { nextStep });
    }
    const { program, differences } = install;
    if (differences.missing.length > 0) {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        toDifference(program.version, differences.missing),
        { nextStep: whichVersion },
      );
    }
    try {
      if (!install.hasServer && !request.inside) {
        return await this.#openOnce(program.path, threadId, request);
      }
      if (request.inside) {
        return await this.#boxed.open(
          program.path,
          { ...request, inside: request.inside },
          (started) => this.#open(started, threadId, request, signal),
          signal,
        );
      }
      const process = await this.#useProcess(program.path, signal);
      const started = { process, home: path.join(this.parts.home, 'codex') };
      return await process.whileStarting(() => this.#open(started, threadId, request, signal));
    } catch (error) {
      throw toDriverError(error, doing);
    }
  }

  async #open(
    { process, home }: StartedCodex,
    threadId: string | null,
    request: ThreadRequest,
    signal: AbortSignal,
  ): Promise<CodexThread> {
    const { server } = process;
    if (threadId !== null && process.hasThread(threadId)) {
      throw new RlmError('INVALID_INPUT', `Thread ${threadId} is open already.`, {
        nextStep: 'Stop it first, or say to it what is to be said.',
      });
    }
    const answer = await this.#callStart(process, threadId, request, signal);
    const { id, path: file } = answer.thread;
    const differences = [
      ...compareThread(answer, request),
      ...(threadId === null || threadId === id ? [] : [`thread: it is ${id}, not ${threadId}`]),
    ];
    const { callMs: deadlineMs } = this.#deadlines;
    if (differences.length > 0 || signal.aborted || this.#isDisposed) {
      server.call('thread/unsubscribe', { threadId: id }, { deadlineMs }).catch(() => undefined);
      throwIfAborted(signal, 'Starting the agent');
      throw new RlmError(
        'INVALID_INPUT',
        `Codex would run the agent in another way than asked: ${differences.join('; ')}.`,
        { nextStep: 'Ask for what Codex can do here; its own settings may forbid the rest.' },
      );
    }
    const { permissions } = request;
    const network = answer.sandbox.type === 'readOnly' ? false : permissions.network;
    const thread = new CodexThread(id, {
      ...{ server, clock: this.parts.clock, request, deadlines: this.#deadlines },
      effective: { ...permissions, network, cwd: answer.cwd, model: answer.model },
      // A new thread tells its raw items; one that is resumed does not.
      tail: threadId !== null && file ? await RolloutTail.open(file, home, this.parts.clock) : null,
    });
    process.add(thread);
    return thread;
  }

  async #callStart(
    { server }: CodexProcess,
    threadId: string | null,
    request: ThreadRequest,
    signal: AbortSignal,
  ): Promise<ThreadAnswer> {
    const params = toThreadParams(request, this.parts.provider().settings);
    const options = { deadlineMs: this.#deadlines.startMs, signal };
    const start = (): Promise<unknown> =>
      threadId === null
        ? server.call('thread/start', { ...params, experimentalRawEvents: true }, options)
        : server.call('thread/resume', { ...params, threadId, excludeTurns: true }, options);
    let answer: unknown;
    try {
      answer = await start();
    } catch (error) {
      if (threadId === null || !(error instanceof CallError) || error.kind !== 'refused') {
        throw error;
      }
      answer = await this.#unarchive(server, threadId, start, error);
    }
    const parsed = threadAnswer.safeParse(answer).data;
    if (!parsed) {
      throw new CallError('unreadable', 'thread/start', 'Codex gave an answer that is not known.');
    }
    return parsed;
  }

  /** A thread that had to be archived to be stopped. Codex does not say why it refuses to resume one. */
  async #unarchive(
    server: CodexProcess['server'],
    threadId: string,
    start: () => Promise<unknown>,
    refused: CallError,
  ): Promise<unknown> {
    try {
      await server.call('thread/unarchive', { threadId }, { deadlineMs: this.#deadlines.callMs });
    } catch (error) {
      if (error instanceof CallError && error.kind === 'refused') {
        throw new RlmError(
          'AGENT_NOT_FOUND',
          `Codex cannot resume ${threadId}: ${refused.message}`,
          {
            cause: refused,
            nextStep: 'Spawn a new agent with what is to be done.',
          },
        );
      }
      throw error;
    }
    return start();
  }

  async #openOnce(
    program: string,
    threadId: string | null,
    request: ThreadRequest,
  ): Promise<ExecThread> {
    const { settings, environment, login } = this.parts.provider();
    const prepared = await prepareHome(this.parts.home, login, this.parts.places().environment);
    const thread = new ExecThread(threadId, {
      ...{ program, request, settings, clock: this.parts.clock },
      environment: { ...prepared.environment, ...environment },
    });
    this.#once.add(thread);
    thread.onDidEnd(() => this.#once.delete(thread));
    return thread;
  }

  /** Shared by all who ask; each waits only as long as its own signal. */
  async #useProcess(program: string, signal: AbortSignal): Promise<CodexProcess> {
    const running = this.#running;
    if (running && running.server.exit === null) {
      return running;
    }
    this.#process ??= this.#startProcess(program).finally(() => {
      this.#process = null;
    });
    const process = await this.#process;
    throwIfAborted(signal, 'Starting the agent');
    return process;
  }

  async #startProcess(program: string): Promise<CodexProcess> {
    const { clock, home } = this.parts;
    await this.#pause();
    const { environment, login } = this.parts.provider();
    const prepared = await prepareHome(home, login, this.parts.places().environment);
    const command = {
      program,
      args: ['app-server'],
      environment: { ...prepared.environment, ...environment },
    };
    const startedAt = clock.monotonic();
    try {
      const process = await CodexProcess.start(command, clock, this.#deadlines.initializeMs);
      this.#running = process;
      process.server.onDidExit(() => {
        this.#running = this.#running === process ? null : this.#running;
        this.#countEnd(clock.monotonic() - startedAt);
      });
      if (this.#isDisposed) {
        process.dispose();
        throw new CallError('ended', 'initialize', 'The engine is ending.');
      }
      return process;
    } catch (error) {
      this.#countEnd(0);
      throw error;
    }
  }

  #countEnd(livedMs: number): void {
    this.#failures = livedMs >= wellMs ? 0 : this.#failures + 1;
    const pauseMs =
      this.#failures <= 1 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failures - 2));
    this.#notBefore = this.parts.clock.monotonic() + pauseMs;
  }

  async #pause(): Promise<void> {
    const waitMs = this.#notBefore - this.parts.clock.monotonic();
    if (waitMs > 0) {
      await new Promise<void>((resolve) => this.parts.clock.after(waitMs, resolve));
    }
  }
}
