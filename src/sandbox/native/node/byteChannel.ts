// Bytes from the host, as courier.guest.txt passes them on, and whether code runs that an interrupt may end.

import type { NodeHost } from './nodeHost';

// As in courier.guest.txt.
const words = { full: 0, length: 1, phase: 2, step: 3 } as const;
/** `code`: an interrupt ends it; `loop`: it is told; while the guest `waits` for the host, or works, nothing is done. */
export const phases = { waits: 0, code: 1, signalled: 2, loop: 3 } as const;
type Phase = (typeof phases)[keyof typeof phases];

export class ByteChannel {
  readonly #host: NodeHost;
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(host: NodeHost) {
    this.#host = host;
    this.#control = new Int32Array(host.control);
    this.#bytes = new Uint8Array(host.bytes);
  }

  /** Blocks until so many bytes are there. */
  read(size: number): Uint8Array {
    const target = new Uint8Array(size);
    for (let filled = 0; filled < size;) {
      while (Atomics.load(this.#control, words.full) === 0) {
        Atomics.wait(this.#control, words.full, 0);
      }
      const length = Atomics.load(this.#control, words.length);
      const part = this.#bytes.subarray(this.#at, Math.min(length, this.#at + size - filled));
      target.set(part, filled);
      filled += part.length;
      this.#at += part.length;
      if (this.#at === length) {
        this.#at = 0;
        Atomics.store(this.#control, words.full, 0);
        Atomics.notify(this.#control, words.full);
      }
    }
    return target;
  }

  /** Writes one message: 16 digits of its length and itself. */
  write(json: string): void {
    const size = this.#host.sizeOf(json);
    const data = new Uint8Array(size + 16);
    this.#host.encode(data, String(size).padStart(16) + json, 0);
    for (let at = 0; at < data.length;) {
      at += this.#host.write(this.#host.to, data, at, data.length - at);
    }
  }

  set phase(phase: Phase) {
    Atomics.store(this.#control, words.phase, phase);
  }

  /** An interrupt of the event loop names the step that it is for. */
  beginStep(): number {
    return Atomics.add(this.#control, words.step, 1) + 1;
  }

  /** Leaves code that may be interrupted, unless an interrupt is on its way: then this does not return. */
  leaveCode(): void {
    const { code, waits } = phases;
    if (Atomics.compareExchange(this.#control, words.phase, code, waits) === code) {
      return;
    }
    for (;;) {
      // until it is here
    }
  }

  /** What code does that asks the host is not interrupted. */
  whileWaiting<T>(task: () => T): T {
    const before = Atomics.load(this.#control, words.phase);
    if (before === phases.code || before === phases.signalled) {
      this.leaveCode();
    } else {
      this.phase = phases.waits;
    }
    try {
      return task();
    } finally {
      Atomics.store(this.#control, words.phase, before);
    }
  }

  /** Ends the code that runs, as the host has asked for. */
  endCode(): void {
    if (
      Atomics.compareExchange(this.#control, words.phase, phases.code, phases.signalled) ===
      phases.code
    ) {
      this.#host.interruptSelf();
    }
  }
}
