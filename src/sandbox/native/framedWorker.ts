// A worker that is an interpreter in a place: messages and answers are frames, interrupts a word to its
// supervisor. What it says is bounded here as a thread's is bounded on that thread.

import { Emitter } from '../../base/emitter';
import type { NetworkRecord } from '../../core/networkRecord';
import type { Language } from '../../core/sandbox';
import { type FromWorker, type ToWorker, maxFrameChars } from '../../protocol/worker';
import { readFrame, type WorkerHandle } from '../workerHandle';
import { measureText } from '../worker/contextText';
import { gateFrame } from '../worker/frameGate';

/** What a worker needs of the place where it runs. */
export interface WorkerPlace {
  readonly walls: readonly string[];
  readonly image: string | null;
  readonly imageDigest: string | null;
  /** One message to the interpreter and the raw bytes that follow it. */
  tell(json: string, raw: readonly Uint8Array[]): void;
  /** One operation on the place's files, which its supervisor does. */
  tellFiles(json: string): void;
  interrupt(): void;
  /** Ends the command that runs, and all that it has started. */
  endCommand(): void;
  /** For a step or a command. */
  openNetwork(): void;
  /** Cuts what is open. What there was since the last time; null: nothing. */
  closeNetwork(): NetworkRecord | null;
  /** Bounds what all its processes together hold in memory. */
  limitMemory(bytes: number): void;
  /** Another interpreter in the place of one that has ended; null: the place is gone too. */
  restart(): Promise<WorkerHandle | null>;
  dispose(): void;
}

/** Bytes of memory that a byte of UTF-8 takes at most while it is loaded: itself and four as text. */
const loadFactor = 5;
/** Of the interpreter and the libraries that code imports, beside what it may use. */
const baseBytes = 512 * 2 ** 20;

export class FramedWorker implements WorkerHandle {
  readonly language: Language;
  readonly image: string | null;
  readonly imageDigest: string | null;
  readonly #place: WorkerPlace;
  readonly #received = new Emitter<FromWorker>();
  readonly #ended = new Emitter<string>();
  readonly onMessage = this.#received.event;
  readonly onDidEnd = this.#ended.event;
  #loadedBytes = 0;
  #endedBy: string | null = null;
  /** What is asked of the supervisor, and not of the interpreter. */
  #isFiling = false;
  /** What is asked is a step or a command, whose connections are its own. */
  #hasNetwork = false;
  detail = '';

  constructor(place: WorkerPlace, language: Language) {
    this.#place = place;
    this.language = language;
    this.image = place.image;
    this.imageDigest = place.imageDigest;
  }

  get walls(): readonly string[] {
    return this.#place.walls;
  }

  get endedBy(): string | null {
    return this.#endedBy;
  }

  send(message: ToWorker): void {
    if (message.kind === 'files') {
      this.#isFiling = true;
      if (message.operation.kind === 'shell') {
        this.#openNetwork();
      }
      this.#place.tellFiles(JSON.stringify({ id: message.id, ...message.operation }));
      return;
    }
    if (message.kind === 'run') {
      this.#openNetwork();
    }
    if (message.kind !== 'load') {
      const { bytes, ...told } = { bytes: undefined, ...message };
      const rest = bytes === undefined ? told : { ...told, byteLength: bytes.length };
      this.#place.tell(JSON.stringify(rest), bytes === undefined ? [] : [bytes]);
      return;
    }
    const { bytes, sources, ...rest } = message;
    this.#loadedBytes += bytes.length;
    this.#place.limitMemory(baseBytes + message.maxMemoryBytes + loadFactor * this.#loadedBytes);
    const raw: Uint8Array[] = [];
    const told = [];
    let at = 0;
    for (const { path, byteLength } of sources) {
      const text = measureText(bytes.subarray(at, at + byteLength));
      at += byteLength;
      raw.push(text.bytes);
      const { lines, codePoints } = text;
      told.push({ path, lines, codePoints, filler: null, byteLength: text.bytes.length });
    }
    this.#place.tell(JSON.stringify({ ...rest, sources: told }), raw);
  }

  /** One message as it came from the place. */
  receive(json: string): void {
    if (this.#endedBy !== null) {
      return; // what it said before its end is not even looked at
    }
    const gated = gateFrame(json, maxFrameChars);
    const frame: FromWorker | null =
      gated.kind === 'pass'
        ? readFrame(gated.json)
        : gated.kind === 'broken'
          ? { kind: 'broken', message: 'it said too much at once' }
          : null;
    if (gated.kind === 'answered') {
      this.send(gated.reply);
    } else if (frame?.kind === 'broken') {
      this.lose(frame.message);
    } else if (frame?.kind === 'filed') {
      this.lose('its interpreter spoke for the supervisor');
    } else if (frame !== null) {
      this.#received.fire(frame);
    }
  }

  /** What the supervisor answers, itself. */
  receiveFiled(json: string): void {
    const frame = this.#endedBy === null ? readFrame(json) : null;
    if (frame?.kind === 'filed') {
      this.#isFiling = false;
      this.#received.fire(frame);
    } else if (frame !== null) {
      this.lose('its supervisor sent what none sends');
    }
  }

  /** Its interpreter has ended, or is no longer to be trusted. */
  lose(reason: string): void {
    if (this.#endedBy !== null) {
      return;
    }
    this.#endedBy = reason;
    this.#ended.fire(reason);
    this.#ended.dispose();
    this.#received.dispose();
  }

  takeNetwork(): NetworkRecord | null {
    if (!this.#hasNetwork) {
      return null;
    }
    this.#hasNetwork = false;
    return this.#place.closeNetwork();
  }

  #openNetwork(): void {
    this.#hasNetwork = true;
    this.#place.openNetwork();
  }

  requestInterrupt(): void {
    if (this.#isFiling) {
      this.#place.endCommand();
    } else {
      this.#place.interrupt();
    }
  }

  /** What arrives after the code has ended has nothing to interrupt. */
  clearInterrupt(): void {
    // see above
  }

  /** Its interpreter is killed when another takes its place, or the place is let go of. */
  end(): void {
    this.lose('it was let go');
  }

  replace(): Promise<WorkerHandle | null> {
    return this.#place.restart();
  }

  dispose(): void {
    this.end();
    this.#place.dispose();
  }
}
