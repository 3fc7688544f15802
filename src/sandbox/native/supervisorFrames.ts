// The frames between the host and the supervisor of a place: 1 byte channel, 4 bytes length (big endian), body.
// What comes from the place is untrusted.

export const channels = { control: 0, worker: 1, files: 2, network: 3 } as const;

const headerBytes = 5;
/** More than the guest's device takes. */
export const maxFrameBytes = 65 * 2 ** 20;

export function encodeHeader(channel: number, bodyBytes: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(channel, 0);
  header.writeUInt32BE(bodyBytes, 1);
  return header;
}

type TakeFrame = (channel: number, body: Buffer) => void;

/** Puts frames together from the pieces of a stream, and keeps none of these, however small they are. */
export class FrameReader {
  readonly #take: TakeFrame;
  readonly #header = Buffer.alloc(headerBytes);
  /** Of the frame whose body is awaited. */
  #open: { readonly channel: number; readonly body: Buffer } | null = null;
  /** Bytes of the header or the body that are there. */
  #filled = 0;
  #isBroken = false;

  constructor(take: TakeFrame) {
    this.#take = take;
  }

  /** False once the stream holds what no supervisor sends; nothing more is read then. */
  push(piece: Buffer): boolean {
    for (let at = 0; at < piece.length && !this.#isBroken;) {
      const target = this.#open?.body ?? this.#header;
      const copied = piece.copy(target, this.#filled, at);
      at += copied;
      this.#filled += copied;
      this.#endPart();
    }
    return !this.#isBroken;
  }

  /** Goes on to what follows when a header or a body is whole; a body may be empty. */
  #endPart(): void {
    if (this.#open === null && this.#filled === headerBytes) {
      this.#filled = 0;
      this.#readHeader();
    }
    if (this.#open !== null && this.#filled === this.#open.body.length) {
      const { channel, body } = this.#open;
      this.#filled = 0;
      this.#open = null;
      this.#take(channel, body);
    }
  }

  #readHeader(): void {
    const channel = this.#header.readUInt8(0);
    const length = this.#header.readUInt32BE(1);
    const isKnown = Object.values<number>(channels).includes(channel);
    if (!isKnown || length > maxFrameBytes) {
      this.#isBroken = true;
      return;
    }
    this.#open = { channel, body: Buffer.allocUnsafeSlow(length) };
  }
}
