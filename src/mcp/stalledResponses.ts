// Ends responses that a client has stopped reading: what is kept for it would grow without bound.

import type { ServerResponse } from 'node:http';

export interface StallLimits {
  /** What may wait for one client. */
  readonly maxWaitingBytes: number;
  /** How long nothing of what waits may have left. */
  readonly stalledMs: number;
}

interface Progress {
  /** Of the connection, when it last had grown. */
  sentBytes: number;
  atMs: number;
}

export class StalledResponses {
  readonly #limits: StallLimits;
  readonly #open = new Map<ServerResponse, Progress>();

  constructor(limits: StallLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#open.size;
  }

  add(response: ServerResponse, nowMs: number): void {
    this.#open.set(response, { sentBytes: 0, atMs: nowMs });
    response.once('close', () => this.#open.delete(response));
  }

  /** To be called every few seconds. */
  sweep(nowMs: number): void {
    for (const [response, progress] of this.#open) {
      const { socket, writableLength } = response;
      const waiting = Math.max(writableLength, socket?.writableLength ?? 0);
      const sent = (socket?.bytesWritten ?? 0) - waiting;
      if (waiting === 0 || sent > progress.sentBytes) {
        progress.sentBytes = sent;
        progress.atMs = nowMs;
      }
      const isStalled = nowMs - progress.atMs > this.#limits.stalledMs;
      if (waiting > this.#limits.maxWaitingBytes || isStalled) {
        response.destroy();
      }
    }
  }
}
