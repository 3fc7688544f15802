// Engine side of the sandbox process: starts it when first needed, and again when it is gone; offers its sandboxes
// through the core's port, and says how it is.

import { realpath } from 'node:fs/promises';
import { Emitter } from '../base/emitter';
import { escapeControls } from '../base/visible';
import { cancelledError } from '../core/errors';
import {
  type BackendName,
  type Sandbox,
  type SandboxFallback,
  type SandboxFactory,
  type SandboxRequest,
  type SandboxStatus,
  languages,
} from '../core/sandbox';
import { limitRanges } from '../core/limits';
import type { NativePlace, WorkerKind } from '../protocol/sandboxProcess';
import { forkHost, readWalls } from './forkedHost';
import { createLocalHost } from './localHost';
import { RemoteSandbox } from './remoteSandbox';
import type { SandboxHost } from './sandboxHost';

export interface AskedPlace {
  /** Null: what the user has set. */
  readonly image: string | null;
  readonly sessionId: string | null;
  readonly maxMemoryMb: number;
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
  #host: Promise<SandboxHost> | undefined;
  readonly #stopped = new WeakSet<SandboxHost>();
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
    onStage: (stage: string) => void = () => undefined,
  ): Promise<Sandbox> {
    if (signal.aborted) {
      throw cancelledError('Opening the session');
    }
    const kind = await this.#readKind(request);
    const host = await this.#startRunning();
    const sandboxId = this.#nextSandboxId++;
    const { fallback = null } = request;
    const sandbox = new RemoteSandbox({ sandboxId, kind, host, fallback, onStage });
    host.sandboxes.set(sandboxId, sandbox);
    try {
      await sandbox.open(request.maxMemoryMb * 1024 * 1024, signal);
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
          if (kind.place === null || kind.language === 'python') {
            await host.channel.request('prewarm', kind);
          }
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
  #stopUnused(host: SandboxHost): void {
    if (this.#native && !this.isUsed && !host.isHeld() && !this.#stopped.has(host)) {
      this.#host = undefined;
      this.#stopped.add(host);
      host.stop();
    }
  }

  async #startRunning(): Promise<SandboxHost> {
    const host = await this.#start();
    return this.#stopped.has(host) ? this.#startRunning() : host;
  }

  async #listKinds(): Promise<readonly WorkerKind[]> {
    const native = this.#native;
    return native
      ? Promise.all(
          native.names.flatMap((backend) =>
            languages.map((language) => this.#readKind({ language, backend, image: null })),
          ),
        )
      : languages.map((language) => ({ language, place: null }));
  }

  async #readKind({
    language,
    backend,
    image = null,
    sessionId = null,
    maxMemoryMb = limitRanges.maxMemoryMb.default,
  }: Pick<SandboxRequest, 'language'> &
    Partial<Omit<SandboxRequest, 'sessionId'>> & {
      readonly sessionId?: string | null;
    }): Promise<WorkerKind> {
    const native = this.#native;
    const name = native?.names.find((one) => backend === undefined || one === backend);
    if (!native || name === undefined) {
      return { language, place: null };
    }
    return { language, place: await native.readPlace(name, { image, sessionId, maxMemoryMb }) };
  }

  dispose(): void {
    this.#disposed = true;
    const host = this.#host;
    this.#host = undefined;
    void host?.then((started) => started.stop()).catch(() => undefined);
    this.#died.dispose();
  }

  #start(): Promise<SandboxHost> {
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
  async #startHost(): Promise<SandboxHost> {
    const folder = await realpath(this.#folder);
    if (this.#native) {
      return this.#fork(folder, []);
    }
    const attempts = [readWalls(folder), []];
    for (const walls of attempts) {
      try {
        return await this.#fork(folder, walls);
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        this.#log(
          `The sandbox process did not start (${walls.join(' ') || 'no flags'}): ${reason}`,
        );
      }
    }
    return createLocalHost(folder);
  }

  #fork(folder: string, walls: readonly string[]): Promise<SandboxHost> {
    const isNative = this.#native !== null;
    return forkHost({
      folder,
      entry: isNative ? 'nativeProcess.js' : 'process.js',
      walls,
      isNative,
      onEnd: (host, reason) => this.#lose(host, reason),
      onLastWords: (host, words) => {
        if (!this.#disposed && !this.#stopped.has(host)) {
          this.#log(`The sandbox process wrote: ${escapeControls(words)}`);
        }
      },
    });
  }

  #lose(host: SandboxHost, reason: string): void {
    host.channel.dispose();
    if (!this.#stopped.has(host)) {
      // else another may run by now
      this.#host = undefined;
      if (!this.#disposed) {
        this.#log(`The sandbox process is gone: ${reason}`);
      }
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
    case 'kubernetes':
      return place.image;
    case 'daytona':
      return place.snapshot;
    case 'local':
    case undefined:
      return null;
  }
}
