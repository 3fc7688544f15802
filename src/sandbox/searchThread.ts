// Host side of the search worker: V8 looks through the shared context bytes in a thread that can be
// thrown away, so that a pattern that never ends costs that thread and not the session.

import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { onAbort } from '../base/abort';
import type { Disposable } from '../base/disposable';
import { RlmError, cancelledError } from '../core/errors';
import {
  type FoundPlaces,
  type LoadMessage,
  grepArgsSchema,
  processCalls,
  searchArgsSchema,
} from '../protocol/worker';
import type { SearchAnswer, SearchMessage } from './worker/searchWorker';

/** The thread keeps decoded texts: worth it between calls, not for good. */
const idleMs = 60_000;

/** For the code that searches. */
export interface SearchReply {
  readonly value: FoundPlaces;
  /** PlaceColumns. */
  readonly bytes: Uint8Array;
}

interface Asked {
  readonly resolve: (reply: SearchReply) => void;
  readonly reject: (error: Error) => void;
}

export class SearchThread implements Disposable {
  readonly #folder: string;
  readonly #contexts: () => readonly LoadMessage[];
  readonly #asked = new Map<number, Asked>();
  #worker: Worker | undefined;
  #sentContexts = 0;
  #nextId = 1;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(folder: string, contexts: () => readonly LoadMessage[]) {
    this.#folder = folder;
    this.#contexts = contexts;
  }

  /** @throws RlmError 'INVALID_INPUT' for arguments no helper sends, 'CANCELLED' */
  async ask(name: string, given: unknown, signal: AbortSignal): Promise<SearchReply> {
    const id = this.#nextId++;
    const message = toMessage(id, name, given);
    clearTimeout(this.#idleTimer);
    const worker = this.#start();
    this.#sendContexts(worker);
    const answer = new Promise<SearchReply>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
    });
    const registration = onAbort(signal, () => this.#stop(cancelledError('The search')));
    try {
      worker.postMessage(message);
      return await answer;
    } finally {
      registration.dispose();
      this.#asked.delete(id);
      this.#idleTimer = setTimeout(() => this.dispose(), idleMs);
      this.#idleTimer.unref();
    }
  }

  dispose(): void {
    clearTimeout(this.#idleTimer);
    this.#stop(cancelledError('The search'));
  }

  #start(): Worker {
    if (this.#worker) {
      return this.#worker;
    }
    const worker = new Worker(path.join(this.#folder, 'searchWorker.js'), {
      env: {},
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    worker.unref();
    worker.stdout.resume();
    worker.stderr.resume();
    worker.on('message', (answer: SearchAnswer) => this.#receive(answer));
    worker.on('error', (error) => {
      if (worker === this.#worker) {
        this.#stop(searchFailed(error.message));
      }
    });
    this.#worker = worker;
    this.#sentContexts = 0;
    return worker;
  }

  #sendContexts(worker: Worker): void {
    const contexts = this.#contexts();
    for (const { contextIndex, bytes, sources } of contexts.slice(this.#sentContexts)) {
      worker.postMessage({ kind: 'context', contextIndex, bytes, sources } satisfies SearchMessage);
    }
    this.#sentContexts = contexts.length;
  }

  #receive(answer: SearchAnswer): void {
    const asked = this.#asked.get(answer.id);
    if ('error' in answer) {
      const { code, message } = answer.error;
      asked?.reject(new RlmError(code, message, { nextStep: 'Correct the call and try again.' }));
    } else {
      const { buffer, byteOffset, byteLength } = answer.columns;
      asked?.resolve({
        value: answer.found,
        bytes: new Uint8Array(buffer, byteOffset, byteLength),
      });
    }
  }

  #stop(error: Error): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    for (const asked of this.#asked.values()) {
      asked.reject(error);
    }
  }
}

function toMessage(id: number, name: string, given: unknown): SearchMessage {
  const parsed =
    name === processCalls.grep
      ? grepArgsSchema.transform((args) => ({ kind: 'grep' as const, id, args })).safeParse(given)
      : searchArgsSchema
          .transform((args) => ({ kind: 'search' as const, id, args }))
          .safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RlmError(
      'INVALID_INPUT',
      `The search arguments are not valid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`,
      { nextStep: 'Use the grep and search helpers as SHOW_VARS() and their help describe them.' },
    );
  }
  return parsed.data;
}

function searchFailed(reason: string): RlmError {
  return new RlmError('SANDBOX_EXEC_ERROR', `The search failed: ${reason}.`, {
    nextStep: 'Try a smaller context or fewer matches.',
  });
}
