// The streams of a supervisor that sits at a terminal which is reached over a network. A connection that is cut is
// made again, and both sides send again what has not arrived; only when that fails is the place lost.

import { Readable, Writable } from 'node:stream';
import type { PlaceProcess } from '../placeProcess';
import { LineReader, type TerminalLine, encodeLine } from './terminalLines';

/** Of a connection: `exit` is what ended at the terminal, null where only the connection is gone. */
export interface TerminalEnd {
  readonly exit: string | null;
}

/** One connection to the terminal. */
export interface TerminalSocket {
  send(bytes: Buffer): void;
  /** At once, and without a word to the other side where that no longer answers. */
  close(): void;
}

export interface TerminalListener {
  onBytes(bytes: Buffer): void;
  /** Beside them, where what is at the terminal can say what went wrong. */
  onErrors?(text: string): void;
  /** Once; nothing comes after it. */
  onEnd(end: TerminalEnd): void;
}

export interface TerminalParts {
  /** Rejects with a `LostError` where there is nothing to connect to any more; else it may be tried again. */
  readonly connect: (listener: TerminalListener) => Promise<TerminalSocket>;
  readonly sleep: (ms: number) => Promise<void>;
  /** What a line of data from the guest holds; left out: it is not veiled. */
  readonly unveil?: (number: number, body: Buffer) => Buffer;
}

/** There is no terminal any more, for this reason. */
export class LostError extends Error {}

/** Below what the daemon takes at once. Source: its limit of 64 KiB for a message. */
const pieceBytes = 32 * 1024;
/** Sent and not yet taken. */
const windowBytes = 4 * 2 ** 20;
/** Between the attempts to connect again. */
const retryDelaysMs = [0, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];
/** Connections that may be cut before the guest is heard, until that counts as a failed attempt. */
const maxCutAtOnce = 5;
const maxDamages = 1_000;
const maxSaidChars = 2_000;

export class TerminalLink implements PlaceProcess {
  readonly input: Writable;
  readonly output: Readable;
  readonly ended: Promise<string>;
  readonly #parts: TerminalParts;
  readonly #reader: LineReader;
  /** Lines that the guest has not taken, by number. */
  readonly #untaken = new Map<number, Buffer>();
  #untakenBytes = 0;
  #next = 0;
  #expected = 0;
  #socket: TerminalSocket | null = null;
  /** The guest has said what it expects next: before that nothing is sent to it. */
  #isFlowing = false;
  /** It has spoken: what is at the terminal is no shell any more. */
  #hasGuest = false;
  #isAskedAgain = false;
  /** To connect again, since the guest was last heard. */
  #attempts = 0;
  #damages = 0;
  #said = '';
  #onRoom: (() => void) | null = null;
  #isEnded = false;
  #settleEnd: (reason: string) => void = () => undefined;

  private constructor(parts: TerminalParts) {
    this.#parts = parts;
    this.ended = new Promise((resolve) => {
      this.#settleEnd = resolve;
    });
    this.input = new Writable({
      write: (bytes: Buffer, _encoding, done) => this.#write(bytes, done),
    });
    this.input.on('error', () => undefined); // the end says it
    this.output = new Readable({ read: () => undefined });
    this.#reader = new LineReader({
      onLine: (line) => {
        if (this.#isEnded) {
          return; // it stood in one piece with what ended it
        }
        this.#hasGuest = true;
        this.#attempts = 0;
        this.#take(line);
      },
      onDamage: () => this.#takeDamage(),
      onNoise: (text) => this.#note(`${text}\n`),
    });
  }

  /** `first` makes what is at the terminal the supervisor. Rejects where there is no first connection. */
  static async open(parts: TerminalParts, first: Buffer): Promise<TerminalLink> {
    const link = new TerminalLink(parts);
    await link.#connect();
    for (let at = 0; at < first.length; at += pieceBytes) {
      link.#socket?.send(first.subarray(at, at + pieceBytes));
    }
    return link;
  }

  kill(): void {
    this.#end('it was let go');
  }

  async #connect(): Promise<void> {
    const early: Buffer[] = [];
    let isThere = false;
    let end: TerminalEnd | null = null;
    const socket = await this.#parts.connect({
      onBytes: (bytes) => {
        if (!isThere) {
          early.push(bytes); // an answer needs the socket
        } else if (end === null) {
          this.#reader.push(bytes);
        }
      },
      onErrors: (text) => this.#note(text),
      onEnd: (ended) => {
        end ??= ended;
        if (isThere) {
          this.#lose(ended);
        }
      },
    });
    isThere = true;
    if (this.#isEnded) {
      socket.close();
    } else if (end !== null) {
      this.#lose(end);
    } else {
      this.#socket = socket;
      early.forEach((bytes) => this.#reader.push(bytes));
    }
  }

  #lose({ exit }: TerminalEnd): void {
    this.#socket = null;
    this.#isFlowing = false;
    this.#isAskedAgain = false;
    this.#reader.clear();
    if (exit !== null) {
      this.#end(this.#said.trim() === '' ? exit : `${exit}: ${this.#said.trim()}`);
    } else if (!this.#hasGuest) {
      const said = this.#said.trim();
      this.#end(`its connection was cut before it had started${said === '' ? '' : `: ${said}`}`);
    } else if (!this.#isEnded) {
      void this.#reconnect();
    }
  }

  async #reconnect(): Promise<void> {
    let reason = 'it was cut again at once';
    for (let failures = 0; ; failures += 1) {
      const delayMs = retryDelaysMs[Math.max(failures, this.#attempts - maxCutAtOnce)];
      if (delayMs === undefined) {
        break;
      }
      this.#attempts += 1;
      await this.#parts.sleep(delayMs);
      if (this.#isEnded) {
        return;
      }
      try {
        await this.#connect();
        this.#askAgain();
        return; // where it is cut again meanwhile, that has begun anew
      } catch (thrown) {
        reason = thrown instanceof Error ? thrown.message : String(thrown);
        if (thrown instanceof LostError) {
          this.#end(reason);
          return;
        }
      }
    }
    this.#end(`its connection was cut and could not be made again: ${reason}`);
  }

  #write(bytes: Buffer, done: () => void): void {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const number = this.#next;
      const line = encodeLine({ kind: 'D', number, body: bytes.subarray(at, at + pieceBytes) });
      this.#next += 1;
      this.#untaken.set(number, line);
      this.#untakenBytes += line.length;
      if (this.#isFlowing) {
        this.#socket?.send(line);
      }
    }
    if (this.#untakenBytes > windowBytes) {
      this.#onRoom = done;
    } else {
      done();
    }
  }

  #take({ kind, number, body }: TerminalLine): void {
    if (kind === 'D') {
      this.#takeData(number, body);
      return;
    }
    for (const [one, line] of this.#untaken) {
      if (one >= number) {
        break; // they are in order
      }
      this.#untaken.delete(one);
      this.#untakenBytes -= line.length;
    }
    if (kind === 'R' && this.#isAskedAgain) {
      this.#askAgain(); // what it could not read may have been the question
    }
    if (kind === 'R' || !this.#isFlowing) {
      this.#isFlowing = true;
      for (const line of this.#untaken.values()) {
        this.#socket?.send(line);
      }
    }
    if (this.#untakenBytes <= windowBytes) {
      const onRoom = this.#onRoom;
      this.#onRoom = null;
      onRoom?.();
    }
  }

  #takeData(number: number, body: Buffer): void {
    if (number > this.#expected) {
      if (!this.#isAskedAgain) {
        this.#askAgain();
      }
      return;
    }
    if (number === this.#expected) {
      this.#expected += 1;
      this.#isAskedAgain = false;
      this.output.push(this.#parts.unveil?.(number, body) ?? body);
    }
    this.#tell('A');
  }

  #takeDamage(): void {
    if (this.#isEnded) {
      return;
    }
    this.#damages += 1;
    if (this.#damages > maxDamages) {
      this.#end('its terminal is written to by others');
    } else if (this.#isFlowing) {
      this.#askAgain();
    }
  }

  #askAgain(): void {
    this.#isAskedAgain = true;
    this.#tell('R');
  }

  #note(text: string): void {
    this.#said = `${this.#said}${text}`.slice(-maxSaidChars);
  }

  #tell(kind: 'A' | 'R'): void {
    this.#socket?.send(encodeLine({ kind, number: this.#expected, body: Buffer.alloc(0) }));
  }

  #end(reason: string): void {
    if (this.#isEnded) {
      return;
    }
    this.#isEnded = true;
    this.#socket?.close();
    this.#socket = null;
    this.#untaken.clear();
    this.output.push(null);
    this.input.destroy();
    this.#settleEnd(reason);
  }
}
