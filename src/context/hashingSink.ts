// Passes sources on and takes the hash of each one's text, so that a later reading can be compared.

import { createHash, type Hash } from 'node:crypto';
import type { ContextSink } from '../core/sandbox';

export class HashingSink implements ContextSink {
  readonly #sink: ContextSink;
  readonly #all = createHash('sha256');
  #current: Hash | null = null;

  constructor(sink: ContextSink) {
    this.#sink = sink;
  }

  expect(totalBytes: number): Promise<void> {
    return this.#sink.expect(totalBytes);
  }

  beginSource(path: string, sizeBytes: number): Promise<void> {
    this.#current = createHash('sha256');
    return this.#sink.beginSource(path, sizeBytes);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const written = this.#sink.write(bytes);
    this.#current?.update(bytes); // while the system takes the bytes
    await written;
  }

  restartSource(): Promise<void> {
    this.#current = createHash('sha256');
    return this.#sink.restartSource();
  }

  /** SHA-256 of the source's text as UTF-8, in hex. Called once for each source, when it is whole. */
  endSource(): string {
    const hash = this.#current?.digest('hex') ?? '';
    this.#current = null;
    this.#all.update(hash);
    return hash;
  }

  /** Over the hashes of all sources. Called once, at the end. */
  end(): string {
    return this.#all.digest('hex');
  }
}
