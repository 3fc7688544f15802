// What the sandbox process does for its engine: opens, feeds, runs, reads and closes sandboxes.
// The same object serves inside the engine where no process can be forked.

import type { Disposable } from '../base/disposable';
import { RlmError } from '../core/errors';
import { Channel, type Link } from '../protocol/channel';
import type { EngineMethods, ProcessMethods } from '../protocol/sandboxProcess';
import { ContextInbox } from './contextBuffer';
import { LiveSandbox } from './liveSandbox';
import { type StartWorker, WorkerPool } from './workerPool';

export class SandboxServer implements Disposable {
  /** Takes the bytes of contexts on their way to a load. */
  readonly inbox = new ContextInbox();
  readonly #folder: string;
  readonly #pool: WorkerPool;
  readonly #live = new Map<number, LiveSandbox>();
  readonly #channel: Channel<ProcessMethods, EngineMethods>;

  /** `folder` holds the worker bundles. */
  constructor(link: Link, folder: string, startWorker: StartWorker) {
    this.#folder = folder;
    this.#pool = new WorkerPool(startWorker);
    this.#channel = new Channel<ProcessMethods, EngineMethods>(link, this.#createMethods());
  }

  dispose(): void {
    this.#pool.dispose();
    for (const sandbox of this.#live.values()) {
      sandbox.dispose();
    }
    this.#live.clear();
    this.#channel.dispose();
  }

  #createMethods(): ProcessMethods {
    return {
      open: async ({ sandboxId, language, maxMemoryBytes }) => {
        const worker = await this.#pool.take(language);
        const options = { maxMemoryBytes, folder: this.#folder };
        this.#live.set(sandboxId, new LiveSandbox(worker, this.#pool, options));
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
      close: ({ sandboxId }) => {
        this.#live.get(sandboxId)?.dispose();
        this.#live.delete(sandboxId);
      },
      prewarm: ({ language }) => this.#pool.prewarm(language),
      status: async () => ({
        backends: await this.#pool.readBackends(),
        liveSandboxes: this.#live.size,
        warmWorkers: this.#pool.warmWorkers,
      }),
    };
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
