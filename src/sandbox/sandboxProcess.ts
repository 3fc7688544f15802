// Engine side of the sandbox process: forks it when first needed, behind the walls the runtime has,
// and offers its sandboxes through the core's port.

import { type ChildProcess, fork } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { Socket } from 'node:net';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { Emitter } from '../base/emitter';
import { RlmError, cancelledError } from '../core/errors';
import type {
  Language,
  Sandbox,
  SandboxFactory,
  SandboxRequest,
  SandboxStatus,
} from '../core/sandbox';
import { Channel, type Link, createLinkedPair } from '../protocol/channel';
import { type ContextFeed, createFeedWriter } from '../protocol/contextFeed';
import type { EngineMethods, ProcessMethods } from '../protocol/sandboxProcess';
import { RemoteSandbox } from './remoteSandbox';
import { SandboxServer } from './sandboxServer';
import { createThreadStart } from './threadWorker';

const startTimeoutMs = 20_000;

/** A running server, in a process of its own or in this one. */
interface Host {
  readonly placement: 'process' | 'engine';
  readonly walls: readonly string[];
  readonly channel: Channel<EngineMethods, ProcessMethods>;
  readonly feed: ContextFeed;
  readonly sandboxes: Map<number, RemoteSandbox>;
  /** Keeps this process open while a request is under way. */
  hold(): void;
  release(): void;
  stop(): void;
}

export class SandboxProcess implements SandboxFactory {
  readonly #folder: string;
  readonly #log: (line: string) => void;
  readonly #died = new Emitter<string>();
  #host: Promise<Host> | undefined;
  #nextSandboxId = 1;
  #disposed = false;

  /** `folder` is the build's `dist/sandbox`. */
  constructor(options: { readonly folder: string; readonly log: (line: string) => void }) {
    this.#folder = options.folder;
    this.#log = options.log;
  }

  async createSandbox(request: SandboxRequest, signal: AbortSignal): Promise<Sandbox> {
    if (signal.aborted) {
      throw cancelledError('Opening the session');
    }
    const host = await this.#start();
    const sandboxId = this.#nextSandboxId++;
    const { language } = request;
    const sandbox = new RemoteSandbox({ sandboxId, language, host });
    host.sandboxes.set(sandboxId, sandbox);
    try {
      await sandbox.open(request.maxMemoryMb * 1024 * 1024);
      return sandbox;
    } catch (thrown) {
      sandbox.dispose();
      throw thrown;
    }
  }

  prewarm(): void {
    const languages: readonly Language[] = ['python', 'javascript'];
    void this.#start()
      .then((host) =>
        Promise.all(languages.map((language) => host.channel.request('prewarm', { language }))),
      )
      .catch(() => undefined); // the first session says why
  }

  async readStatus(): Promise<SandboxStatus> {
    const host = await this.#start();
    host.hold();
    try {
      const status = await host.channel.request('status', null);
      return { placement: host.placement, walls: host.walls, ...status };
    } finally {
      host.release();
    }
  }

  dispose(): void {
    this.#disposed = true;
    const host = this.#host;
    this.#host = undefined;
    void host?.then((started) => started.stop()).catch(() => undefined);
    this.#died.dispose();
  }

  #start(): Promise<Host> {
    if (this.#disposed) {
      return Promise.reject(new Error('The engine has ended.'));
    }
    this.#host ??= this.#startHost();
    this.#host.catch(() => {
      this.#host = undefined;
    });
    return this.#host;
  }

  /** Behind walls; else without; else in this process, which rlm_status then says. */
  async #startHost(): Promise<Host> {
    const folder = await realpath(this.#folder);
    const attempts = [readWalls(folder), []];
    for (const walls of attempts) {
      try {
        return await this.#forkHost(folder, walls);
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        this.#log(
          `The sandbox process did not start (${walls.join(' ') || 'no flags'}): ${reason}`,
        );
      }
    }
    return this.#createLocalHost(folder);
  }

  async #forkHost(folder: string, walls: readonly string[]): Promise<Host> {
    const child = fork(path.join(folder, 'process.js'), [], {
      execArgv: [...walls, ...(walls.length > 0 ? ['--no-warnings'] : [])],
      cwd: folder, // not the engine's: that is the user's, and would be held open
      env: createEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'],
      windowsHide: true,
    });
    await waitUntilReady(child);
    const sandboxes = new Map<number, RemoteSandbox>();
    const pipe = child.stdio[4] as Writable; // 'pipe' above
    pipe.on('error', () => undefined); // the exit says it
    const channel = new Channel<EngineMethods, ProcessMethods>(
      createLink(child),
      createEngineMethods(sandboxes),
    );
    let holders = 0;
    const host: Host = {
      placement: 'process',
      walls,
      channel,
      feed: createFeedWriter(pipe),
      sandboxes,
      hold: () => {
        holders += 1;
        child.channel?.ref();
      },
      release: () => {
        holders -= 1;
        if (holders === 0) {
          child.channel?.unref();
        }
      },
      stop: () => {
        channel.dispose();
        child.kill();
      },
    };
    child.unref();
    child.channel?.unref();
    unrefPipe(pipe);
    child.once('exit', (code, killSignal) => {
      this.#lose(host, `its process ended (${killSignal ?? `code ${code}`})`);
    });
    return host;
  }

  #createLocalHost(folder: string): Host {
    const [engineEnd, serverEnd] = createLinkedPair();
    const server = new SandboxServer(serverEnd, folder, createThreadStart(folder));
    const sandboxes = new Map<number, RemoteSandbox>();
    const channel = new Channel<EngineMethods, ProcessMethods>(
      engineEnd,
      createEngineMethods(sandboxes),
    );
    let keepAlive: NodeJS.Timeout | undefined;
    let holders = 0;
    return {
      placement: 'engine',
      walls: [],
      channel,
      feed: server.inbox,
      sandboxes,
      hold: () => {
        holders += 1;
        keepAlive ??= setInterval(() => undefined, 60_000);
      },
      release: () => {
        holders -= 1;
        if (holders === 0) {
          clearInterval(keepAlive);
          keepAlive = undefined;
        }
      },
      stop: () => {
        server.dispose();
        channel.dispose();
      },
    };
  }

  #lose(host: Host, reason: string): void {
    this.#host = undefined;
    host.channel.dispose();
    if (!this.#disposed) {
      this.#log(`The sandbox process is gone: ${reason}`);
    }
    for (const sandbox of [...host.sandboxes.values()]) {
      sandbox.die(reason);
    }
    host.sandboxes.clear();
  }
}

/** The runtime's permission flags. Source: Node's documentation of `--permission`, by version. */
function readWalls(folder: string): readonly string[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isStable = major >= 24 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  const flag = isStable ? '--permission' : '--experimental-permission';
  return [flag, '--allow-worker', `--allow-fs-read=${path.join(folder, '*')}`];
}

function createEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  const systemRoot = process.env['SystemRoot'];
  if (process.platform === 'win32' && systemRoot !== undefined) {
    environment['SystemRoot'] = systemRoot; // Windows' own libraries need it to load
  }
  if (process.versions['electron'] !== undefined) {
    environment['ELECTRON_RUN_AS_NODE'] = '1';
  }
  return environment;
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      finish();
    };
    const fail = (reason: string): void =>
      settle(() => {
        child.on('error', () => undefined);
        child.kill('SIGKILL');
        reject(new RlmError('SANDBOX_EXEC_ERROR', reason, { nextStep: 'See rlm_status.' }));
      });
    const timer = setTimeout(() => fail('it took too long'), startTimeoutMs);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it ended with code ${code}`));
    child.once('message', () => settle(resolve));
  });
}

function createLink(child: ChildProcess): Link {
  return {
    send: (message) => {
      child.send(message as object, () => undefined); // a failed send is followed by the exit
    },
    onMessage: (listener) => {
      child.on('message', listener);
    },
    // At the exit and not before: what fails with it must find that a new process is to be started.
    onClose: (listener) => {
      child.on('exit', () => listener('the sandbox process has ended'));
      child.on('disconnect', () => child.kill('SIGKILL')); // it cannot be reached any more
    },
  };
}

function createEngineMethods(sandboxes: ReadonlyMap<number, RemoteSandbox>): EngineMethods {
  return {
    call: async ({ sandboxId, name, args }, signal) => {
      const sandbox = sandboxes.get(sandboxId);
      return sandbox?.answerCall({ name, args }, signal);
    },
  };
}

function unrefPipe(pipe: Writable): void {
  if (pipe instanceof Socket) {
    pipe.unref();
  }
}
