// Connections of a place's loopback port as streams of this process, carried in frames of the supervisor's channel:
// 4 bytes number of the connection (big endian), 1 byte kind, body. Each side sends at most a window of bytes ahead
// of what the other has taken. What comes from the place is untrusted.

import { Duplex } from 'node:stream';

/** `took`: so many bytes more may be sent, as 4 bytes big endian. `end`: nothing more comes from this side. */
export const streamKinds = { open: 0, data: 1, end: 2, close: 3, took: 4 } as const;

export const windowBytes = 2 ** 18;
const pieceBytes = 2 ** 15;
const headBytes = 5;
/** More than a supervisor has open at once: those that the host has closed may be closing there yet. */
const maxStreams = 256;

interface ForwardedParts {
  readonly send: (body: Buffer) => void;
  readonly onOpen: (stream: Duplex) => void;
}

export class ForwardedStreams {
  readonly #parts: ForwardedParts;
  readonly #streams = new Map<number, ForwardedStream>();
  #lastNumber = 0;

  constructor(parts: ForwardedParts) {
    this.#parts = parts;
  }

  /** False: no supervisor sends that, and nothing that follows is to be read. */
  take(body: Buffer): boolean {
    if (body.length < headBytes) {
      return false;
    }
    const number = body.readUInt32BE(0);
    const rest = body.subarray(headBytes);
    const stream = this.#streams.get(number);
    switch (body.readUInt8(4)) {
      case streamKinds.open:
        return this.#open(number);
      case streamKinds.data:
        return stream?.takeData(rest) ?? true; // closed here, which is not known there yet
      case streamKinds.end:
        return stream?.takeEnd() ?? true;
      case streamKinds.close:
        stream?.takeClose();
        return true;
      case streamKinds.took:
        return rest.length === 4 && (stream?.takeRoom(rest.readUInt32BE(0)) ?? true);
      default:
        return false;
    }
  }

  /** The place is gone. */
  closeAll(): void {
    [...this.#streams.values()].forEach((stream) => stream.takeClose());
  }

  #open(number: number): boolean {
    if (number <= this.#lastNumber || this.#streams.size >= maxStreams) {
      return false;
    }
    this.#lastNumber = number;
    const stream = new ForwardedStream(
      (kind, body) => this.#send(number, kind, body),
      () => this.#streams.delete(number),
    );
    this.#streams.set(number, stream);
    this.#parts.onOpen(stream);
    return true;
  }

  #send(number: number, kind: number, body: Uint8Array): void {
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(number, 0);
    head.writeUInt8(kind, 4);
    this.#parts.send(Buffer.concat([head, body]));
  }
}

type SendFrame = (kind: number, body: Uint8Array) => void;
const nothing = new Uint8Array();

class ForwardedStream extends Duplex {
  readonly #sendFrame: SendFrame;
  readonly #onClose: () => void;
  /** That the place may still take. */
  #room = windowBytes;
  /** That came, and that the place does not know to be taken. */
  #untaken = 0;
  #hasEnded = false;
  #isClosedThere = false;
  #waiting: { rest: Buffer; done: () => void } | null = null;

  constructor(sendFrame: SendFrame, onClose: () => void) {
    super({ allowHalfOpen: true, highWaterMark: 2 * pieceBytes });
    this.#sendFrame = sendFrame;
    this.#onClose = onClose;
    this.on('error', () => undefined); // whoever uses it hears of its close
  }

  takeData(body: Buffer): boolean {
    this.#untaken += body.length;
    if (this.#hasEnded || this.#untaken > windowBytes) {
      return false;
    }
    if (body.length > 0 && !this.destroyed && this.push(body)) {
      this.#tellTaken();
    }
    return true;
  }

  takeEnd(): boolean {
    const isFirst = !this.#hasEnded;
    this.#hasEnded = true;
    if (isFirst && !this.destroyed) {
      this.push(null);
    }
    return isFirst;
  }

  takeClose(): void {
    this.#isClosedThere = true;
    this.destroy();
  }

  takeRoom(bytes: number): boolean {
    if (this.#room + bytes > windowBytes) {
      return false;
    }
    this.#room += bytes;
    this.#writeOut();
    return true;
  }

  override _read(): void {
    this.#tellTaken();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#waiting = { rest: chunk, done };
    this.#writeOut();
  }

  override _final(done: () => void): void {
    this.#sendFrame(streamKinds.end, nothing);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isClosedThere) {
      this.#sendFrame(streamKinds.close, nothing);
    }
    this.#waiting = null;
    this.#onClose();
    done(error);
  }

  #tellTaken(): void {
    if (this.#untaken === 0 || this.destroyed) {
      return;
    }
    const body = Buffer.alloc(4);
    body.writeUInt32BE(this.#untaken, 0);
    this.#untaken = 0;
    this.#sendFrame(streamKinds.took, body);
  }

  #writeOut(): void {
    while (this.#waiting && this.#room > 0) {
      const { rest, done } = this.#waiting;
      const piece = rest.subarray(0, Math.min(pieceBytes, this.#room));
      this.#room -= piece.length;
      this.#sendFrame(streamKinds.data, piece);
      this.#waiting.rest = rest.subarray(piece.length);
      if (this.#waiting.rest.length === 0) {
        this.#waiting = null;
        done();
      }
    }
  }
}
