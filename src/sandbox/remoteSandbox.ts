// One sandbox as the engine sees it: the core's port over the channel to the sandbox process.

import { type Disposable, toDisposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { RlmError, cancelledError } from '../core/errors';
import {
  type ContextLoad,
  type ContextShape,
  type ContextSink,
  type ContextSizes,
  type HostCall,
  type Language,
  type Outcome,
  type Sandbox,
  type SandboxFallback,
  type SandboxPlace,
  type StepRequest,
  type VariableRequest,
  type VariableValue,
  unrecordedPlace,
} from '../core/sandbox';
import type { FileReply, FileRequest } from '../core/sandboxFiles';
import type { ContextFeed } from '../protocol/contextFeed';
import type { WorkerKind } from '../protocol/sandboxProcess';
import type { SandboxHost } from './sandboxHost';

interface RemoteSandboxParts {
  readonly sandboxId: number;
  readonly kind: WorkerKind;
  readonly host: SandboxHost;
  readonly fallback: SandboxFallback | null;
  readonly onStage: (stage: string) => void;
}

let nextContextKey = 1;

export class RemoteSandbox implements Sandbox {
  readonly language: Language;
  readonly #kind: WorkerKind;
  readonly #sandboxId: number;
  readonly #host: SandboxHost;
  readonly #died = new Emitter<string>();
  readonly onDidDie = this.#died.event;
  readonly #fallback: SandboxFallback | null;
  readonly #onStage: (stage: string) => void;
  #place: SandboxPlace = unrecordedPlace;
  #step: StepRequest | undefined;
  #disposed = false;

  constructor(parts: RemoteSandboxParts) {
    this.#sandboxId = parts.sandboxId;
    this.#kind = parts.kind;
    this.language = parts.kind.language;
    this.#host = parts.host;
    this.#fallback = parts.fallback;
    this.#onStage = parts.onStage;
  }

  /** Once it is open. */
  get place(): SandboxPlace {
    return this.#place;
  }

  /** @throws RlmError 'CANCELLED' when `signal` aborts: nothing is left open then. */
  async open(maxMemoryBytes: number, signal: AbortSignal): Promise<void> {
    const params = { sandboxId: this.#sandboxId, kind: this.#kind, maxMemoryBytes };
    const opened = await this.#held(() => this.#host.channel.request('open', params, signal));
    const { place } = this.#kind;
    this.#place = {
      backend: place?.kind ?? 'wasm',
      engine: opened.engine,
      image: opened.image,
      imageDigest: opened.imageDigest,
      walls: [...this.#host.wallNames, ...opened.walls],
      fallback: this.#fallback,
    };
  }

  loadContext(load: ContextLoad, signal: AbortSignal): Promise<ContextSizes> {
    return this.#held(async () => {
      const contextKey = nextContextKey++;
      const sources: { path: string; byteLength: number }[] = [];
      let shape: ContextShape;
      try {
        shape = await load.write(createSink(this.#host.feed, contextKey, sources));
        if (signal.aborted) {
          throw cancelledError('Loading the context');
        }
      } catch (thrown) {
        this.#host.feed.discard(contextKey);
        throw thrown;
      }
      this.#host.feed.end(contextKey);
      const sandboxId = this.#sandboxId;
      const { variable } = load;
      const params = { sandboxId, contextKey, variable, shape, sources };
      const sizes = await this.#host.channel.request('load', params);
      return sizes ?? refuseTooLarge(this.language, sources);
    });
  }

  runStep(request: StepRequest, signal: AbortSignal): Promise<Outcome> {
    const { step, code, timeoutMs, maxOutputChars } = request;
    this.#step = request;
    return this.#held(() =>
      this.#host.channel.request(
        'run',
        { sandboxId: this.#sandboxId, step, code, timeoutMs, maxOutputChars },
        signal,
      ),
    ).finally(() => {
      this.#step = undefined;
    });
  }

  holdClock(): Disposable {
    const hold = (held: boolean): void => {
      const params = { sandboxId: this.#sandboxId, held };
      void this.#host.channel.request('hold', params).catch(() => undefined); // gone with the process
    };
    hold(true);
    return toDisposable(() => hold(false));
  }

  async readVariable(
    request: VariableRequest,
    signal: AbortSignal,
  ): Promise<VariableValue | undefined> {
    const params = { sandboxId: this.#sandboxId, ...request };
    const value = await this.#held(() => this.#host.channel.request('read', params, signal));
    return value ?? undefined;
  }

  runFileOperation(request: FileRequest, signal: AbortSignal): Promise<FileReply> {
    const params = { sandboxId: this.#sandboxId, ...request };
    return this.#held(() => this.#host.channel.request('files', params, signal));
  }

  async answerCall(call: HostCall, signal: AbortSignal): Promise<unknown> {
    return this.#step?.onHostCall(call, signal);
  }

  tellStage(stage: string): void {
    if (!this.#disposed) {
      this.#onStage(stage);
    }
  }

  /** The process below is gone. */
  die(reason: string): void {
    if (!this.#disposed) {
      this.#died.fire(reason);
    }
  }

  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    this.#host.sandboxes.delete(this.#sandboxId);
    void this.#host.channel.request('close', { sandboxId: this.#sandboxId }).catch(() => undefined);
    this.#died.dispose();
  }

  /** Keeps the engine's process open while work is under way. */
  async #held<T>(work: () => Promise<T>): Promise<T> {
    this.#host.hold();
    try {
      return await work();
    } finally {
      this.#host.release();
    }
  }
}

/** Feeds bytes to the process and notes where each source begins. */
function createSink(
  feed: ContextFeed,
  contextKey: number,
  sources: { path: string; byteLength: number }[],
): ContextSink {
  let total = 0;
  return {
    expect: async (totalBytes) => feed.reserve(contextKey, totalBytes),
    beginSource: async (path, sizeBytes) => {
      sources.push({ path, byteLength: 0 });
      feed.reserve(contextKey, total + sizeBytes);
    },
    write: async (bytes) => {
      const source = sources.at(-1);
      if (!source) {
        throw new Error('A context is written source by source: begin one first.');
      }
      source.byteLength += bytes.length;
      total += bytes.length;
      await feed.data(contextKey, bytes);
    },
    restartSource: async () => {
      const source = sources.at(-1);
      if (source) {
        total -= source.byteLength;
        source.byteLength = 0;
        feed.rewind(contextKey, total);
      }
    },
  };
}

function refuseTooLarge(language: Language, sources: readonly { byteLength: number }[]): never {
  const bytes = sources.reduce((sum, source) => sum + source.byteLength, 0);
  const megabytes = Math.ceil(bytes / 1_000_000).toLocaleString('en');
  throw new RlmError(
    'CONTEXT_TOO_LARGE',
    `The context of ${megabytes} MB does not fit the memory of one ${language} session.`,
    {
      nextStep:
        'Give fewer files or a narrower glob, or split the text over several sessions and combine their answers.',
    },
  );
}
