// Host side of the shell on WebAssembly: a thread for each command, beside the worker that holds the files. It can be
// ended at any moment, so a command that never ends costs its output and neither variables nor files.

import path from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Disposable } from '../base/disposable';
import type { FileOperation } from '../core/sandboxFiles';
import { type ShellInit, type TreeLink, treeControlBytes, treeWord } from '../protocol/shell';
import type { FromWorker } from '../protocol/worker';
import { readFrame } from './workerHandle';

type FileAnswer = Extract<FromWorker, { kind: 'filed' }>['answer'];

export interface ShellThreadOptions {
  /** Holds the worker bundles. */
  readonly folder: string;
  readonly id: string;
  readonly operation: Extract<FileOperation, { kind: 'shell' }>;
}

/** Of the command's own memory, in megabytes: what it reads, its variables and its output. */
const heapMegabytes = 256;
const maxFileBytes = 64 * 1024 * 1024;

export class ShellThread implements Disposable {
  readonly id: string;
  /** To be given to the worker that holds the files, with its port handed over. */
  readonly files: TreeLink;
  readonly #worker: Worker;
  readonly #control = new Int32Array(new SharedArrayBuffer(treeControlBytes));
  #answer: FileAnswer | null = null;
  #endedBy: string | null = null;

  constructor({ folder, id, operation }: ShellThreadOptions) {
    this.id = id;
    const files = new MessageChannel();
    const host = new MessageChannel();
    this.files = { port: files.port1, control: this.#control };
    const init: ShellInit = {
      files: { port: files.port2, control: this.#control },
      port: host.port2,
      id,
      command: operation.command,
      maxOutputChars: operation.maxOutputChars,
      maxFileBytes,
    };
    this.#worker = new Worker(path.join(folder, 'shellWorker.js'), {
      workerData: init,
      transferList: [files.port2, host.port2],
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, stackSizeMb: 16 },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    host.port1.on('message', (text: unknown) => {
      const frame = readFrame(text);
      this.#answer = frame.kind === 'filed' && frame.id === id ? frame.answer : null;
      this.#end('it answered what no shell answers');
    });
    host.port1.unref();
    this.#worker.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `it used more memory than the ${heapMegabytes} MB that a command has here`
          : `the shell broke: ${error.message}`,
      ),
    );
    this.#worker.on('exit', () => this.#end('the shell ended by itself'));
    this.#worker.unref();
  }

  /** What came of the command; asked for once the worker with the files has let go of it. */
  get answer(): FileAnswer {
    return this.#answer ?? createLostAnswer(this.#endedBy ?? 'it did not end');
  }

  /** Its time is up, or it is not wanted any more. */
  interrupt(): void {
    this.#end('it was interrupted');
  }

  dispose(): void {
    this.interrupt();
  }

  /** The worker with the files hears of it, and answers. */
  #end(reason: string): void {
    if (this.#endedBy !== null) {
      return;
    }
    this.#endedBy = reason.slice(0, 200);
    void this.#worker.terminate();
    Atomics.store(this.#control, treeWord.ended, 1);
    Atomics.add(this.#control, treeWord.asked, 1);
    Atomics.notify(this.#control, treeWord.asked);
  }
}

/** As a shell tells of a process that was killed. */
function createLostAnswer(reason: string): FileAnswer {
  return {
    kind: 'shell',
    stdout: '',
    stderr: '',
    droppedBytes: { stdout: 0, stderr: 0 },
    replaced: { stdout: false, stderr: false },
    exitCode: 137,
    endedBy: `${reason}; its output is lost, and what it did to files stays`,
  };
}
