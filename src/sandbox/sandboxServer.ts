// What the sandbox process does for its engine: opens, feeds, runs, reads and closes sandboxes.
// The same object serves inside the engine where no process can be forked.

import type { Disposable } from '../base/disposable';
import { RlmError, cancelledError } from '../core/errors';
import { Channel, type Link } from '../protocol/channel';
import type { EngineMethods, ProcessMethods, WorkerKind } from '../protocol/sandboxProcess';
import { ContextInbox } from './contextBuffer';
import { LiveSandbox } from './liveSandbox';
import { WorkerPool, type WorkerSource } from './workerPool';

export class SandboxServer implements Disposable {
  /** Takes the bytes of contexts on their way to a load. */
  readonly inbox = new ContextInbox();
  readonly #folder: string;
  readonly #pool: WorkerPool;
  readonly #live = new Map<number, LiveSandbox>();
  readonly #channel: Channel<ProcessMethods, EngineMethods>;
  #isDisposed = false;

  /** `folder` holds the worker bundles. */
  constructor(link: Link, folder: string, source: WorkerSource) {
    this.#folder = folder;
    this.#pool = new WorkerPool(source);
    this.#channel = new Channel<ProcessMethods, EngineMethods>(link, this.#createMethods());
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#pool.dispose();
    for (const sandbox of this.#live.values()) {
      sandbox.dispose();
    }
    this.#live.clear();
    this.#channel.dispose();
  }

  #createMethods(): ProcessMethods {
    return {
      open: async ({ sandboxId, kind, maxMemoryBytes }, signal) => {
        const onStage = (stage: string): void => {
          void this.#channel.request('opening', { sandboxId, stage }).catch(() => undefined); // the engine has ended
        };
        const worker = await this.#pool.take(kind, { signal, onStage });
        if (this.#isDisposed || signal.aborted) {
          worker.dispose();
          throw cancelledError('The start of a sandbox');
        }
        const onDidDie = (reason: string): void => {
          void this.#channel.request('died', { sandboxId, reason }).catch(() => undefined); // the engine has ended
        };
        const options = { kind, maxMemoryBytes, folder: this.#folder, onDidDie };
        this.#live.set(sandboxId, new LiveSandbox(worker, this.#pool, options));
        const { detail: engine, walls, image, imageDigest } = worker;
        return { engine, walls, image, imageDigest };
      },
      load: async (params) => {
        const bytes = await this.inbox.take(params.contextKey);
        return bytes && this.#get(params.sandboxId).load(params, bytes);
      },
      run: (params, signal) => {
        const { sandboxId } = params;
        const callHost = (
          name: string,
          args: readonly unknown[],
          callSignal: AbortSignal,
        ): Promise<unknown> => this.#channel.request('call', { sandboxId, name, args }, callSignal);
        return this.#get(sandboxId).run(params, callHost, signal);
      },
      hold: ({ sandboxId, held }) => this.#live.get(sandboxId)?.hold(held),
      read: (params, signal) => this.#get(params.sandboxId).read(params, signal),
      files: (params, signal) => this.#get(params.sandboxId).runFileOperation(params, signal),
      close: ({ sandboxId }) => {
        this.#live.get(sandboxId)?.dispose();
        this.#live.delete(sandboxId);
      },
      prewarm: (kind) => this.#pool.prewarm(kind),
      status: (kinds) =>
        Promise.all(
          kinds.map(async (kind) => ({
            ...(await this.#pool.readState(kind)),
            live: this.#countLive(kind),
            warm: this.#pool.countWarm(kind),
          })),
        ),
    };
  }

  #countLive(kind: WorkerKind): number {
    const isSame = (other: WorkerKind): boolean =>
      other.language === kind.language && other.place?.kind === kind.place?.kind;
    return [...this.#live.values()].filter((sandbox) => isSame(sandbox.kind)).length;
  }

  #get(sandboxId: number): LiveSandbox {
    const sandbox = this.#live.get(sandboxId);
    if (!sandbox) {
      throw new RlmError('SANDBOX_EXEC_ERROR', `There is no sandbox ${sandboxId}.`, {
        nextStep: 'Open a new session.',
      });
    }
    return sandbox;
  }
}
