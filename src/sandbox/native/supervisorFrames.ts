// The frames between the host and the supervisor of a place: 1 byte channel, 4 bytes length (big endian), body.
// What comes from the place is untrusted.

export const channels = { control: 0, worker: 1, files: 2 } as const;

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

/** Puts frames together from the pieces of a stream. */
export class FrameReader {
  readonly #take: TakeFrame;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Of the frame whose body is awaited. */
  #open: { readonly channel: number; readonly length: number } | null = null;
  #isBroken = false;

  constructor(take: TakeFrame) {
    this.#take = take;
  }

  /** False once the stream holds what no supervisor sends; nothing more is read then. */
  push(piece: Buffer): boolean {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    while (!this.#isBroken && this.#bytes >= (this.#open?.length ?? headerBytes)) {
      if (this.#open === null) {
        this.#readHeader(this.#cut(headerBytes));
      } else {
        const { channel, length } = this.#open;
        this.#open = null;
        this.#take(channel, this.#cut(length));
      }
    }
    return !this.#isBroken;
  }

  #readHeader(header: Buffer): void {
    const channel = header.readUInt8(0);
    const length = header.readUInt32BE(1);
    const isKnown = Object.values<number>(channels).includes(channel);
    if (!isKnown || length > maxFrameBytes) {
      this.#isBroken = true;
      this.#pieces = [];
      return;
    }
    this.#open = { channel, length };
  }

  /** Only called where so many bytes are there. */
  #cut(length: number): Buffer {
    const whole = this.#pieces.length === 1 ? this.#pieces[0] : undefined;
    const all = whole ?? Buffer.concat(this.#pieces);
    const rest = all.subarray(length);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    return all.subarray(0, length);
  }
}
