// Passes sources on to a sink and stops at the cap, whatever the files' sizes promised.

import { toByteText } from '../base/text';
import { RlmError } from '../core/errors';
import type { ContextSink } from '../core/sandbox';

export class CappedSink implements ContextSink {
  readonly #sink: ContextSink;
  readonly #maxBytes: number;
  #finishedBytes = 0;
  #sourceBytes = 0;

  constructor(sink: ContextSink, maxBytes: number) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  expect(totalBytes: number): Promise<void> {
    return this.#sink.expect(Math.min(totalBytes, this.#maxBytes));
  }

  beginSource(path: string, sizeBytes: number): Promise<void> {
    this.#finishedBytes += this.#sourceBytes;
    this.#sourceBytes = 0;
    return this.#sink.beginSource(path, sizeBytes);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#sourceBytes += bytes.length;
    const total = this.#finishedBytes + this.#sourceBytes;
    if (total > this.#maxBytes) {
      throw contextTooLarge(`at least ${toByteText(total)} of text`, this.#maxBytes);
    }
    if (bytes.length > 0) {
      await this.#sink.write(bytes);
    }
  }

  restartSource(): Promise<void> {
    this.#sourceBytes = 0;
    return this.#sink.restartSource();
  }
}

export function contextTooLarge(total: string, maxBytes: number): RlmError {
  return new RlmError(
    'CONTEXT_TOO_LARGE',
    `The context has ${total}; at most ${toByteText(maxBytes)} can be loaded.`,
    {
      nextStep:
        'Narrow the glob or name fewer files, or split the texts over several sessions and combine their answers.',
    },
  );
}
