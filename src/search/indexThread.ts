// The index of a home as the engine has it: a thread that begins with the first call and ends when nobody calls.

import { statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { Worker } from 'node:worker_threads';
import { toByteText, toCounted } from '../base/text';
import { RlmError } from '../core/errors';
import {
  type ContextIndex,
  type EntryVector,
  type UnvectoredEntry,
  type IndexBatch,
  type IndexHealth,
  type IndexPage,
  type IndexQuery,
  IndexRebuiltError,
  type IndexStanding,
  type IndexStats,
} from '../core/search/contextIndex';
import type { IndexCallName, IndexCalls, IndexFault, IndexReply } from './indexCalls';

interface IndexThreadParts {
  /** The bundle of indexWorker.ts. */
  readonly workerFile: string;
  /** Of the index. */
  readonly file: string;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const idleMs = 60_000;
const missingSqlite =
  'This Node has no SQLite (node:sqlite), which the index of sessions is kept in.';
const missingNextStep = 'Run it with Node 22.13 or later.';

export class IndexThread implements ContextIndex {
  readonly #parts: IndexThreadParts;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;
  #disposed = false;

  constructor(parts: IndexThreadParts) {
    this.#parts = parts;
  }

  readStandings(): Promise<ReadonlyMap<string, IndexStanding>> {
    return this.#call('readStandings');
  }

  write(batch: IndexBatch): Promise<boolean> {
    return this.#call('write', batch);
  }

  forget(sessionIds: readonly string[]): Promise<void> {
    return sessionIds.length === 0 ? Promise.resolve() : this.#call('forget', sessionIds);
  }

  search(query: IndexQuery): Promise<IndexPage> {
    return this.#call('search', query);
  }

  listUnvectored(model: string, limit: number): Promise<readonly UnvectoredEntry[]> {
    return this.#call('listUnvectored', model, limit);
  }

  putVectors(model: string, vectors: readonly EntryVector[]): Promise<void> {
    return this.#call('putVectors', model, vectors);
  }

  async readHealth(): Promise<IndexHealth> {
    if (!hasSqlite()) {
      return toFaultHealth(missingSqlite, missingNextStep);
    }
    const size = statSync(this.#parts.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size === 0) {
      const detail = 'not built yet: the first search builds it from the traces';
      return { works: true, state: 'not-built', detail, nextStep: null, stats: null };
    }
    try {
      const stats: IndexStats = await this.#call('readStats');
      const detail = `${toCounted(stats.entries, 'entry').replace(/entrys$/u, 'entries')} of ${toCounted(stats.sessions, 'session')}, ${toByteText(stats.bytes)}`;
      return { works: true, state: 'ready', detail, nextStep: null, stats };
    } catch (thrown) {
      const error = thrown instanceof RlmError ? thrown : null;
      return toFaultHealth(error?.message ?? String(thrown), error?.nextStep ?? 'Search again.');
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#end();
  }

  async #call<Name extends IndexCallName>(
    name: Name,
    ...args: IndexCalls[Name]['args']
  ): Promise<IndexCalls[Name]['result']> {
    if (this.#disposed) {
      throw failed('The engine has ended.', 'Search again.');
    }
    if (!hasSqlite()) {
      throw new RlmError('BACKEND_UNAVAILABLE', missingSqlite, { nextStep: missingNextStep });
    }
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    const id = (this.#lastId += 1);
    const result = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    worker.ref(); // a process must not end while it waits for an answer
    worker.postMessage({ id, name, args });
    try {
      return (await result) as IndexCalls[Name]['result']; // by the thread's method of that name
    } finally {
      if (this.#waiting.size === 0 && !this.#disposed) {
        this.#worker?.unref();
        this.#idle = setTimeout(() => void this.#end(), idleMs);
        this.#idle.unref();
      }
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#parts.workerFile, {
      ...{ env: {}, stdout: true, stderr: true }, // Node 22 says there that SQLite is an experiment
      workerData: { file: this.#parts.file },
    });
    worker.on('message', (reply: IndexReply) => this.#settle(reply));
    worker.on('error', (error) => this.#lose(worker, error.message));
    worker.on('exit', () => this.#lose(worker, 'it ended'));
    return worker;
  }

  #settle(reply: IndexReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('fault' in reply) {
      waiting?.reject(toError(reply.fault));
    } else {
      waiting?.resolve(reply.result);
    }
  }

  #lose(worker: Worker, why: string): void {
    if (this.#worker !== worker) {
      return;
    }
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    waiting.forEach(({ reject }) =>
      reject(failed(`The thread of the index failed: ${why}.`, 'Search again.')),
    );
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker) {
      this.#lose(worker, 'the engine ended');
      await worker.terminate();
    }
  }
}

/** Without loading it. `getBuiltinModule` is there since Node 20.16. */
function hasSqlite(): boolean {
  return 'getBuiltinModule' in process && isBuiltin('node:sqlite');
}

function toError({ kind, message, nextStep }: IndexFault): RlmError {
  switch (kind) {
    case 'damaged':
      return new IndexRebuiltError();
    case 'unavailable':
      return new RlmError('BACKEND_UNAVAILABLE', message, { nextStep });
    case 'failed':
      return failed(message, nextStep);
  }
}

function failed(message: string, nextStep: string): RlmError {
  return new RlmError('INTERNAL_ERROR', message, { nextStep });
}

function toFaultHealth(detail: string, nextStep: string): IndexHealth {
  return { works: false, state: 'unavailable', detail, nextStep, stats: null };
}
