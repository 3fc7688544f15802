// Host side of the search worker: V8 looks through the shared context bytes in a thread that can be
// thrown away, so that a pattern that never ends costs that thread and not the session.

import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type * as z from 'zod';
import { onAbort } from '../base/abort';
import type { Disposable } from '../base/disposable';
import { RlmError, cancelledError } from '../core/errors';
import {
  type FoundCounts,
  type FoundPlaces,
  type GivenTexts,
  type LoadMessage,
  countArgsSchema,
  givenTextsSchema,
  grepArgsSchema,
  processCalls,
  searchArgsSchema,
} from '../protocol/worker';
import type { SearchAnswer, SearchAsk, SearchInit, SearchMessage } from './worker/searchWorker';

/** The thread keeps decoded texts: worth it between calls, not for good. */
const idleMs = 60_000;
const mebibyte = 2 ** 20;
/** A place takes the guest at least so much memory. Source: measured in both languages. */
const placeBytes = 160;

/** For the code that searches. */
export interface SearchReply {
  readonly value: FoundPlaces | FoundCounts | null;
  /** PlaceColumns. */
  readonly bytes?: Uint8Array;
}

export interface SearchThreadOptions {
  /** Holds the worker bundles. */
  readonly folder: string;
  /** Of the session: bounds what the thread holds besides the contexts. */
  readonly maxMemoryBytes: number;
  readonly contexts: () => readonly LoadMessage[];
}

interface Asked {
  readonly resolve: (reply: SearchReply) => void;
  readonly reject: (error: Error) => void;
}

export class SearchThread implements Disposable {
  readonly #options: SearchThreadOptions;
  readonly #asked = new Map<number, Asked>();
  #worker: Worker | undefined;
  #sentContexts = 0;
  #startedMegabytes = 0;
  #nextId = 1;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Pieces of the texts that the next search looks through. */
  #given: string[][] = [];
  #givenChars = 0;

  constructor(options: SearchThreadOptions) {
    this.#options = options;
  }

  /** @throws RlmError 'INVALID_INPUT' for what cannot be searched, 'CANCELLED', 'SANDBOX_EXEC_ERROR' */
  async ask(name: string, given: unknown, signal: AbortSignal): Promise<SearchReply> {
    if (name === processCalls.give) {
      this.#give(parseArgs(givenTextsSchema, given));
      return { value: null };
    }
    const id = this.#nextId++;
    const message = toMessage({ id, name, given, texts: this.#takeGiven() });
    if (message.args.contextIndex === null && message.texts.length === 0) {
      throw new RlmError('INVALID_INPUT', 'No text was given to look through.', {
        nextStep: 'Call the helper again with its text.',
      });
    }
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

  /** Nothing that a step has given is looked through by another one. */
  dropGiven(): void {
    this.#given = [];
    this.#givenChars = 0;
  }

  #give({ starts, continues, texts }: GivenTexts): void {
    if (starts) {
      this.dropGiven();
    }
    const [first, ...others] = texts;
    const last = continues ? this.#given.at(-1) : undefined;
    const added = last && first !== undefined ? others : texts;
    if (last && first !== undefined) {
      last.push(first);
    }
    this.#given.push(...added.map((text) => [text]));
    this.#givenChars += texts.reduce((sum, text) => sum + text.length, 0);
    const maxChars = Math.floor(this.#options.maxMemoryBytes / 4); // two bytes each, in two threads
    if (this.#givenChars > maxChars) {
      this.dropGiven();
      throw new RlmError(
        'INVALID_INPUT',
        `The given text has more than ${maxChars} characters, which is too much for this session's memory.`,
        { nextStep: 'Look through its parts one after another.' },
      );
    }
  }

  #takeGiven(): string[] {
    const texts = this.#given.map((pieces) => pieces.join(''));
    this.dropGiven();
    return texts;
  }

  #start(): Worker {
    const heapMegabytes = this.#heapMegabytes();
    if (this.#worker && heapMegabytes <= this.#startedMegabytes * 1.25) {
      return this.#worker;
    }
    this.#stop(cancelledError('The search')); // its heap has no room for what was loaded since
    this.#startedMegabytes = heapMegabytes;
    const { folder, maxMemoryBytes } = this.#options;
    const workerData: SearchInit = { maxPlaces: Math.floor(maxMemoryBytes / placeBytes) };
    const worker = new Worker(path.join(folder, 'searchWorker.js'), {
      env: {},
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
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

  /** Room for the contexts as text, two bytes a character, beside what the session may use. */
  #heapMegabytes(): number {
    const { contexts, maxMemoryBytes } = this.#options;
    const bytes = contexts().reduce((sum, context) => sum + context.bytes.length, 0);
    return Math.ceil((2 * bytes + maxMemoryBytes) / mebibyte);
  }

  #sendContexts(worker: Worker): void {
    const contexts = this.#options.contexts();
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
    } else if ('counted' in answer) {
      asked?.resolve({ value: answer.counted });
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

interface Request {
  readonly id: number;
  readonly name: string;
  readonly given: unknown;
  readonly texts: readonly string[];
}

function toMessage({ id, name, given, texts }: Request): SearchAsk {
  switch (name) {
    case processCalls.grep:
      return { kind: 'grep', id, texts, args: parseArgs(grepArgsSchema, given) };
    case processCalls.count:
      return { kind: 'count', id, texts, args: parseArgs(countArgsSchema, given) };
    default:
      return { kind: 'search', id, texts, args: parseArgs(searchArgsSchema, given) };
  }
}

function parseArgs<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
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
    nextStep: 'Look for fewer matches at a time, or in one path after another.',
  });
}
