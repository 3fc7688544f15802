// A worker that is a thread of the sandbox process: an interrupt byte in shared memory, and a kill.

import path from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Emitter } from '../base/emitter';
import type { Language } from '../core/sandbox';
import {
  type FromWorker,
  type ToWorker,
  type WorkerInit,
  controlBytes,
  controlWord,
  interruptByte,
  maxFrameChars,
} from '../protocol/worker';
import { EngineAssets } from './engineAssets';
import { ShellThread } from './shellThread';
import { readFrame, untilReady, type WorkerHandle } from './workerHandle';
import type { WorkerSource } from './workerPool';

/** Before a session's own cap is known: what an idle engine needs, and some. */
const initialMemoryBytes = 128 * 1024 * 1024;
const bundles = { python: 'pythonWorker.js', javascript: 'javascriptWorker.js' } as const;

class ThreadWorker implements WorkerHandle {
  readonly language: Language;
  readonly walls: readonly string[] = [];
  readonly image = null;
  readonly imageDigest = null;
  readonly #folder: string;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control = new Int32Array(new SharedArrayBuffer(controlBytes));
  readonly #interrupt = new Uint8Array(new SharedArrayBuffer(4));
  readonly #received = new Emitter<FromWorker>();
  readonly #ended = new Emitter<string>();
  readonly onMessage = this.#received.event;
  readonly onDidEnd = this.#ended.event;
  /** Runs the command that is asked for. */
  #shell: ShellThread | null = null;
  #endedBy: string | null = null;

  private constructor(language: Language, folder: string, assets: unknown) {
    this.language = language;
    this.#folder = folder;
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
  static async start(language: Language, assets: EngineAssets): Promise<ThreadWorker> {
    const worker = new ThreadWorker(language, assets.folder, await assets.load(language));
    worker.detail = await untilReady(worker);
    return worker;
  }

  detail = '';

  get endedBy(): string | null {
    return this.#endedBy;
  }

  send(message: ToWorker): void {
    if (message.kind === 'files' && message.operation.kind === 'shell') {
      const { id, operation } = message;
      this.#shell = new ShellThread({ folder: this.#folder, id, operation });
      const { files } = this.#shell;
      this.#port.postMessage({ ...message, files }, [files.port]);
    } else {
      this.#port.postMessage(message);
    }
    Atomics.add(this.#control, controlWord.sequence, 1);
    Atomics.notify(this.#control, controlWord.sequence);
  }

  /** Engines that poll the byte clear it. */
  requestInterrupt(): void {
    if (this.#shell) {
      this.#shell.interrupt(); // the engine itself only waits
      return;
    }
    Atomics.store(this.#interrupt, 0, interruptByte);
  }

  /** It has none. */
  takeNetwork(): null {
    return null;
  }

  clearInterrupt(): void {
    Atomics.store(this.#interrupt, 0, 0);
  }

  end(): void {
    this.#end('it was let go');
  }

  /** A thread keeps nothing outside of its memory. */
  replace(): Promise<null> {
    return Promise.resolve(null);
  }

  dispose(): void {
    this.end();
  }

  #receive(text: unknown): void {
    if (this.#endedBy !== null) {
      return; // what it said before its end is not even looked at
    }
    const frame = this.#withShell(readFrame(text));
    if (frame.kind === 'broken') {
      this.#end(frame.message);
    } else {
      this.#received.fire(frame);
    }
  }

  /** A worker that has let go of its files says so, and the shell what came of the command. */
  #withShell(frame: FromWorker): FromWorker {
    const shell = this.#shell;
    if (frame.kind !== 'filed' || frame.id !== shell?.id) {
      return frame;
    }
    this.#shell = null;
    const { answer } = shell;
    shell.dispose();
    return { ...frame, answer };
  }

  #end(reason: string): void {
    if (this.#endedBy !== null) {
      return;
    }
    this.#endedBy = reason;
    this.#shell?.dispose();
    this.#port.close();
    void this.#worker.terminate();
    this.#ended.fire(reason);
    this.#ended.dispose();
    this.#received.dispose();
  }
}

/** How the workers of one process are started: the engines' files are loaded once. */
export function createThreadSource(folder: string): WorkerSource {
  const assets = new EngineAssets(folder);
  return { start: ({ language }) => ThreadWorker.start(language, assets) };
}
