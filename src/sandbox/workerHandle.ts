// One worker thread as the sandbox process sees it: messages in, checked messages out, an interrupt
// byte, and a kill. It knows nothing of steps or sessions.

import path from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { RlmError } from '../core/errors';
import type { Language } from '../core/sandbox';
import {
  type FromWorker,
  type ToWorker,
  type WorkerInit,
  controlBytes,
  controlWord,
  fromWorkerSchema,
  interruptByte,
  maxFrameChars,
} from '../protocol/worker';
import type { EngineAssets } from './engineAssets';

const startTimeoutMs = 30_000;
/** Before a session's own cap is known: what an idle engine needs, and some. */
const initialMemoryBytes = 128 * 1024 * 1024;
const bundles = { python: 'pythonWorker.js', javascript: 'javascriptWorker.js' } as const;

export class WorkerHandle implements Disposable {
  readonly language: Language;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control = new Int32Array(new SharedArrayBuffer(controlBytes));
  readonly #interrupt = new Uint8Array(new SharedArrayBuffer(4));
  readonly #received = new Emitter<FromWorker>();
  readonly #ended = new Emitter<string>();
  readonly onMessage = this.#received.event;
  /** Fires once when the thread is gone or no longer to be trusted, with the reason. */
  readonly onDidEnd = this.#ended.event;
  #endedBy: string | null = null;

  private constructor(language: Language, folder: string, assets: unknown) {
    this.language = language;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const init: WorkerInit<unknown> = {
      port: port2,
      control: this.#control,
      interrupt: this.#interrupt,
      maxMemoryBytes: initialMemoryBytes,
      maxFrameChars,
      assets,
    };
    this.#worker = new Worker(path.join(folder, bundles[language]), {
      workerData: init,
      transferList: [port2],
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: 256,
        maxYoungGenerationSizeMb: 32,
        // Engines must reach their own limits of recursion first, which code can catch. Source:
        // measured, with the default of 4 a deeply nested `eval` overflows V8's stack instead.
        stackSizeMb: 16,
      },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#port.on('message', (text: unknown) => this.#receive(text));
    this.#worker.on('error', (error) => this.#end(`the worker failed: ${error.message}`));
    this.#worker.on('exit', (code) => this.#end(`the worker ended with code ${code}`));
    this.#worker.unref();
    this.#port.unref();
  }

  /** Settles when the engine inside is ready. @throws RlmError 'SANDBOX_EXEC_ERROR' */
  static async start(language: Language, assets: EngineAssets): Promise<WorkerHandle> {
    const handle = new WorkerHandle(language, assets.folder, await assets.load(language));
    let timer: NodeJS.Timeout | undefined;
    try {
      handle.detail = await new Promise<string>((resolve, reject) => {
        const fail = (reason: string): void => {
          reject(
            new RlmError('SANDBOX_EXEC_ERROR', `The ${language} engine did not start: ${reason}.`, {
              nextStep: 'See `rlm-companion status` for what works on this machine.',
            }),
          );
        };
        timer = setTimeout(() => fail('it took too long'), startTimeoutMs);
        handle.onDidEnd(fail);
        handle.onMessage((message) => {
          if (message.kind === 'ready') {
            resolve(message.detail);
          }
        });
      });
      return handle;
    } catch (error) {
      handle.dispose();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Engine and version, once started. */
  detail = '';

  get endedBy(): string | null {
    return this.#endedBy;
  }

  send(message: ToWorker): void {
    this.#port.postMessage(message);
    Atomics.add(this.#control, controlWord.sequence, 1);
    Atomics.notify(this.#control, controlWord.sequence);
  }

  /** Asks running code to stop; engines that poll the byte clear it, so ask again until it has. */
  requestInterrupt(): void {
    Atomics.store(this.#interrupt, 0, interruptByte);
  }

  clearInterrupt(): void {
    Atomics.store(this.#interrupt, 0, 0);
  }

  dispose(): void {
    this.#end('it was let go');
  }

  #receive(text: unknown): void {
    if (this.#endedBy !== null) {
      return; // what it said before its end is not even looked at
    }
    const isFrame = typeof text === 'string' && text.length <= maxFrameChars;
    const parsed = isFrame ? fromWorkerSchema.safeParse(parseJson(text)) : null;
    if (!parsed?.success) {
      this.#end('the worker sent what no engine sends');
    } else if (parsed.data.kind === 'broken') {
      this.#end(`the engine broke: ${parsed.data.message}`);
    } else {
      this.#received.fire(parsed.data);
    }
  }

  #end(reason: string): void {
    if (this.#endedBy !== null) {
      return;
    }
    this.#endedBy = reason;
    this.#port.close();
    void this.#worker.terminate();
    this.#ended.fire(reason);
    this.#ended.dispose();
    this.#received.dispose();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
