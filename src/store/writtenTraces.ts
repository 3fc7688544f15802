// The traces that a store writes: lends each as a sink, and knows whose changes the store announces itself.

import type { Disposable } from '../base/disposable';
import { cancelledError } from '../core/errors';
import { LeaseLostError, type TraceSink } from '../core/traceStore';
import type { TraceFile } from './traceFile';

export class WrittenTraces implements Disposable {
  /** Sessions that are written, or were finalized here. */
  readonly #own = new Set<string>();
  readonly #open = new Map<string, TraceFile>();
  #disposed = false;

  /** Whether the store announces the session's changes itself. */
  isOwn(sessionId: string): boolean {
    return this.#own.has(sessionId);
  }

  isOpen(sessionId: string): boolean {
    return this.#open.has(sessionId);
  }

  /** From now on the store announces the session's changes itself. */
  announce(sessionId: string): void {
    this.#own.add(sessionId);
  }

  /** Another engine may write it from now on. */
  leave(sessionId: string): void {
    this.#own.delete(sessionId);
  }

  /** Ends its file, if it is open; never rejects. */
  async close(sessionId: string): Promise<void> {
    await this.#open
      .get(sessionId)
      ?.close()
      .catch(() => undefined);
  }

  /** Its file is closed. */
  forget(sessionId: string): void {
    this.#open.delete(sessionId);
  }

  /** `giveBack` is called when the sink is closed and nothing was written through it. */
  async lend(
    sessionId: string,
    trace: TraceFile,
    giveBack: () => Promise<void> = async () => undefined,
  ): Promise<TraceSink> {
    if (this.#disposed) {
      await trace.close();
      throw cancelledError('Opening the session');
    }
    this.#open.set(sessionId, trace);
    let isFinal = false;
    let isUnused = true;
    const letGo = (): void => {
      if (this.#open.get(sessionId) === trace) {
        this.#open.delete(sessionId);
        if (!isFinal) {
          this.#own.delete(sessionId); // another engine may go on with it
        }
      }
    };
    const whileHeld = async (work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (thrown) {
        if (thrown instanceof LeaseLostError) {
          letGo(); // what the other engine writes is announced as such
        }
        throw thrown;
      }
    };
    return {
      append: async (event) => {
        isUnused = false;
        await whileHeld(trace.append(event));
        isFinal ||= event.status === 'finalized';
      },
      checkLease: () => whileHeld(trace.checkLease()),
      keepText: (name, text) => trace.keepText(name, text),
      close: () =>
        trace.close().finally(async () => {
          letGo();
          await (isUnused ? giveBack() : undefined);
        }),
    };
  }

  dispose(): void {
    this.#disposed = true;
    for (const trace of this.#open.values()) {
      void trace.close().catch(() => undefined); // its events are written; only the sync is lost
    }
    this.#open.clear();
  }
}
