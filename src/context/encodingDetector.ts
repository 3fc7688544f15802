// Guesses encodings in a thread of its own: the detector's tables take longer to load than the engine may wait.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { cancelledError } from '../core/errors';
import { fallbackEncoding } from './encodingNames';
import type { EncodingGuess } from './guessEncoding';

const idleMs = 30_000;
/** A sample takes some ms, and the tables some hundred; what takes longer is given up. */
const patienceMs = 10_000;

const guessSchema = z.object({
  encoding: z.string(),
  isDoubtful: z.boolean(),
  others: z.array(z.string()),
});

export class EncodingDetector {
  readonly #file: string;
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  /** One sample at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** `file`: the bundle of detectorWorker.ts. */
  constructor(file: string) {
    this.#file = file;
  }

  /** A thread that fails or takes too long has no opinion: then the guess is a doubtful one. */
  readonly detect = async (sample: Buffer, signal: AbortSignal): Promise<EncodingGuess> => {
    const guess = this.#last.then(() => this.#ask(sample, signal));
    this.#last = guess.catch(() => undefined);
    return guess;
  };

  async dispose(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  async #ask(sample: Buffer, signal: AbortSignal): Promise<EncodingGuess> {
    if (signal.aborted) {
      throw cancelledError('Reading the context');
    }
    clearTimeout(this.#idle);
    const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    try {
      const worker = (this.#worker ??= this.#start());
      const answered = once(worker, 'message', { signal: patience });
      worker.postMessage(sample);
      const [message] = z.tuple([guessSchema]).parse(await answered);
      return message;
    } catch {
      await this.dispose();
      if (signal.aborted) {
        throw cancelledError('Reading the context');
      }
      return { encoding: fallbackEncoding, isDoubtful: true, others: [] };
    } finally {
      this.#idle = setTimeout(() => void this.dispose(), idleMs);
      this.#idle.unref();
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { env: {}, stdout: true, stderr: true });
    worker.unref();
    return worker;
  }
}
