// Engine side of the sandbox process: forks it when first needed, behind the walls the runtime has,
// and offers its sandboxes through the core's port.

import { type ChildProcess, fork } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { Socket } from 'node:net';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { Emitter } from '../base/emitter';
import { escapeControls } from '../base/visible';
import { RlmError, cancelledError } from '../core/errors';
import {
  type BackendName,
  type Sandbox,
  type SandboxFallback,
  type SandboxFactory,
  type SandboxRequest,
  type SandboxStatus,
  languages,
} from '../core/sandbox';
import { Channel, type Link, createLinkedPair } from '../protocol/channel';
import { type ContextFeed, createFeedWriter } from '../protocol/contextFeed';
import type {
  EngineMethods,
  NativePlace,
  ProcessMethods,
  WorkerKind,
} from '../protocol/sandboxProcess';
import { RemoteSandbox } from './remoteSandbox';
import { SandboxServer } from './sandboxServer';
import { createThreadSource } from './threadWorker';

const startTimeoutMs = 20_000;
/** Of what a process that ended by itself wrote last. */
const maxLastWords = 4_000;
/**
 * Compiled code is kept until its module goes. Source: V8's registry of code pages loses one now and then when
 * code of WebAssembly is let go of while other threads make some, and ends the process, with all sessions
 * (nodejs/node issue 64500, `UnregisterWasmAllocation`).
 */
const runtimeFlags = ['--no-wasm-code-gc'];

/** A running server, in a process of its own or in this one. */
interface Host {
  readonly placement: 'process' | 'engine';
  readonly walls: readonly string[];
  /** The same as a record names them: without folders of this machine. */
  readonly wallNames: readonly string[];
  readonly channel: Channel<EngineMethods, ProcessMethods>;
  readonly feed: ContextFeed;
  readonly sandboxes: Map<number, RemoteSandbox>;
  /** Keeps this process open while a request is under way. */
  hold(): void;
  release(): void;
  isHeld(): boolean;
  stop(): void;
}

export interface AskedPlace {
  /** Null: what the user has set. */
  readonly image: string | null;
  readonly sessionId: string | null;
}

/** The backends whose workers are programs of this machine, or of another one. */
export interface NativeBackends {
  readonly names: readonly NativePlace['kind'][];
  /** By the user's settings as they are now. */
  readonly readPlace: (name: NativePlace['kind'], asked: AskedPlace) => Promise<NativePlace>;
}

export interface SandboxProcessOptions {
  /** The build's `dist/sandbox`. */
  readonly folder: string;
  readonly log: (line: string) => void;
  /** Left out: engines on WebAssembly. */
  readonly native?: NativeBackends;
}

export class SandboxProcess implements SandboxFactory {
  readonly #folder: string;
  readonly #log: (line: string) => void;
  readonly #native: NativeBackends | null;
  readonly #died = new Emitter<string>();
  #host: Promise<Host> | undefined;
  readonly #stopped = new WeakSet<Host>();
  #nextSandboxId = 1;
  #disposed = false;

  constructor(options: SandboxProcessOptions) {
    this.#folder = options.folder;
    this.#log = options.log;
    this.#native = options.native ?? null;
  }

  /** `backend` left out: the only one of this process. `fallback`: why the session runs here. */
  async createSandbox(
    request: Pick<SandboxRequest, 'language' | 'maxMemoryMb'> &
      Partial<SandboxRequest> & { readonly fallback?: SandboxFallback },
    signal: AbortSignal,
  ): Promise<Sandbox> {
    if (signal.aborted) {
      throw cancelledError('Opening the session');
    }
    const kind = await this.#readKind(request);
    const host = await this.#startRunning();
    const sandboxId = this.#nextSandboxId++;
    const { fallback = null } = request;
    const sandbox = new RemoteSandbox({ sandboxId, kind, host, fallback });
    host.sandboxes.set(sandboxId, sandbox);
    try {
      await sandbox.open(request.maxMemoryMb * 1024 * 1024);
      return sandbox;
    } catch (thrown) {
      sandbox.dispose();
      throw thrown;
    }
  }

  /** A sandbox has been opened in it. */
  get isUsed(): boolean {
    return this.#nextSandboxId > 1;
  }

  prewarm(): void {
    void this.#startRunning()
      .then(async (host) => {
        for (const kind of await this.#listKinds()) {
          await host.channel.request('prewarm', kind);
        }
      })
      .catch(() => undefined); // the first session says why
  }

  async readStatus(): Promise<SandboxStatus> {
    const kinds = await this.#listKinds();
    const host = await this.#startRunning();
    host.hold();
    try {
      const states = await host.channel.request('status', kinds);
      const backends = kinds.flatMap(({ language, place }, index) => {
        const state = states[index];
        const walls = state?.works ? [...host.wallNames, ...state.walls] : [];
        const backend: BackendName = place?.kind ?? 'wasm';
        return state ? [{ backend, language, ...state, image: toNamedImage(place), walls }] : [];
      });
      return {
        placement: host.placement,
        walls: host.walls,
        backends,
        liveSandboxes: states.reduce((sum, { live }) => sum + live, 0),
        warmWorkers: states.reduce((sum, { warm }) => sum + warm, 0),
      };
    } finally {
      host.release();
      this.#stopUnused(host);
    }
  }

  /** A process that was only asked whether its backends work does not stay. */
  #stopUnused(host: Host): void {
    if (this.#native && !this.isUsed && !host.isHeld()) {
      this.#host = undefined;
      this.#stopped.add(host);
      host.stop();
    }
  }

  async #startRunning(): Promise<Host> {
    const host = await this.#start();
    return this.#stopped.has(host) ? this.#startRunning() : host;
  }

  async #listKinds(): Promise<readonly WorkerKind[]> {
    const native = this.#native;
    return native
      ? Promise.all(
          native.names.map((backend) =>
            this.#readKind({ language: 'python', backend, image: null }),
          ),
        )
      : languages.map((language) => ({ language, place: null }));
  }

  async #readKind({
    language,
    backend,
    image = null,
    sessionId = null,
  }: Pick<SandboxRequest, 'language'> &
    Partial<Omit<SandboxRequest, 'sessionId'>> & {
      readonly sessionId?: string | null;
    }): Promise<WorkerKind> {
    const native = this.#native;
    const name = native?.names.find((one) => backend === undefined || one === backend);
    if (!native || name === undefined) {
      return { language, place: null };
    }
    if (language !== 'python') {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        `Backend ${name} runs Python; there is no ${language} in it.`,
        { nextStep: 'Open the session with language python, or with backend wasm.' },
      );
    }
    return { language, place: await native.readPlace(name, { image, sessionId }) };
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
    if (this.#native) {
      return this.#forkHost(folder, 'nativeProcess.js', []);
    }
    const attempts = [readWalls(folder), []];
    for (const walls of attempts) {
      try {
        return await this.#forkHost(folder, 'process.js', walls);
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        this.#log(
          `The sandbox process did not start (${walls.join(' ') || 'no flags'}): ${reason}`,
        );
      }
    }
    return this.#createLocalHost(folder);
  }

  async #forkHost(folder: string, entry: string, walls: readonly string[]): Promise<Host> {
    const child = fork(path.join(folder, entry), [], {
      execArgv: [...runtimeFlags, ...walls, ...(walls.length > 0 ? ['--no-warnings'] : [])],
      cwd: folder, // not the engine's: that is the user's, and would be held open
      env: createEnvironment(this.#native ? nativeVariables : []),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
      windowsHide: true,
    });
    const readLastWords = keepLastWords(child);
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
      wallNames: this.#native ? [] : toWallNames(walls),
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
      isHeld: () => holders > 0,
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
    child.once('close', () => {
      const words = readLastWords();
      if (words !== '' && !this.#disposed && !this.#stopped.has(host)) {
        this.#log(`The sandbox process wrote: ${escapeControls(words)}`);
      }
    });
    return host;
  }

  #createLocalHost(folder: string): Host {
    const [engineEnd, serverEnd] = createLinkedPair();
    const server = new SandboxServer(serverEnd, folder, createThreadSource(folder));
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
      wallNames: toWallNames([]),
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
      isHeld: () => holders > 0,
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

function toNamedImage(place: NativePlace | null): string | null {
  switch (place?.kind) {
    case 'container':
      return place.image;
    case 'daytona':
      return place.snapshot;
    case 'local':
    case undefined:
      return null;
  }
}

function toWallNames(walls: readonly string[]): readonly string[] {
  return ['WebAssembly', ...walls.map((wall) => wall.split('=')[0] ?? wall)];
}

/** The runtime's permission flags. Source: Node's documentation of `--permission`, by version. */
function readWalls(folder: string): readonly string[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isStable = major >= 24 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  const flag = isStable ? '--permission' : '--experimental-permission';
  return [flag, '--allow-worker', `--allow-fs-read=${path.join(folder, '*')}`];
}

/** What programs of this machine are found by, and container programs find their server by. No keys. */
const nativeVariables: readonly string[] = [
  'PATH',
  'HOME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'DBUS_SESSION_BUS_ADDRESS',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  'CONTAINER_HOST',
  'CONTAINERS_CONF',
  'SSH_AUTH_SOCK',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'ProgramFiles',
  'SystemDrive',
  'TEMP',
  'TMP',
  'PATHEXT',
  'COMSPEC',
];

function createEnvironment(names: readonly string[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) {
      environment[name] = value;
    }
  }
  const systemRoot = process.env['SystemRoot'];
  if (process.platform === 'win32' && systemRoot !== undefined) {
    environment['SystemRoot'] = systemRoot; // Windows' own libraries need it to load
  }
  if (process.versions['electron'] !== undefined) {
    environment['ELECTRON_RUN_AS_NODE'] = '1';
  }
  return environment;
}

/** The end of what it writes to stderr, which only the runtime itself does. */
function keepLastWords({ stderr }: ChildProcess): () => string {
  let words = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-maxLastWords);
  });
  if (stderr instanceof Socket) {
    stderr.unref();
  }
  return () => words.trim();
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
    died: ({ sandboxId, reason }) => sandboxes.get(sandboxId)?.die(reason),
  };
}

function unrefPipe(pipe: Writable): void {
  if (pipe instanceof Socket) {
    pipe.unref();
  }
}
