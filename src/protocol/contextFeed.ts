// Context bytes on their way to the sandbox process: frames on a pipe of their own, so that a
// hundred megabytes never pass through JSON. Header of 16 bytes, little endian: kind (u32),
// context key (u32), value (f64: payload bytes, or an offset).

export interface ContextFeed {
  /** Settles when more may be given. `bytes` may be reused then. */
  data(contextKey: number, bytes: Uint8Array): Promise<void>;
  /** Says that this many bytes in all are expected, so that room is made once. */
  reserve(contextKey: number, totalBytes: number): void;
  /** Forgets all after this offset. */
  rewind(contextKey: number, offset: number): void;
  end(contextKey: number): void;
  /** Forgets the context; no load will ask for it. */
  discard(contextKey: number): void;
}

const headerBytes = 16;
const frameKinds = { data: 1, rewind: 2, end: 3, discard: 4, reserve: 5 } as const;

export interface ByteWriter {
  /** False when the caller should wait for `drained`. */
  write(bytes: Uint8Array, done?: () => void): boolean;
}

/** Writes frames to a pipe. */
export function createFeedWriter(pipe: ByteWriter): ContextFeed {
  const header = (kind: number, contextKey: number, value: number): Uint8Array => {
    const view = new DataView(new ArrayBuffer(headerBytes));
    view.setUint32(0, kind, true);
    view.setUint32(4, contextKey, true);
    view.setFloat64(8, value, true);
    return new Uint8Array(view.buffer);
  };
  return {
    data: (contextKey, bytes) =>
      new Promise((resolve) => {
        pipe.write(header(frameKinds.data, contextKey, bytes.length));
        pipe.write(bytes, resolve);
      }),
    reserve: (contextKey, totalBytes) => {
      pipe.write(header(frameKinds.reserve, contextKey, totalBytes));
    },
    rewind: (contextKey, offset) => {
      pipe.write(header(frameKinds.rewind, contextKey, offset));
    },
    end: (contextKey) => {
      pipe.write(header(frameKinds.end, contextKey, 0));
    },
    discard: (contextKey) => {
      pipe.write(header(frameKinds.discard, contextKey, 0));
    },
  };
}

/** Takes frames as they come off the pipe, in any pieces, and gives them to `feed`. */
export function createFeedReader(feed: ContextFeed): (bytes: Uint8Array) => void {
  const header = new Uint8Array(headerBytes);
  let headerFilled = 0;
  let contextKey = 0;
  let payloadLeft = 0;

  const takeHeader = (bytes: Uint8Array): number => {
    const part = bytes.subarray(0, headerBytes - headerFilled);
    header.set(part, headerFilled);
    headerFilled += part.length;
    if (headerFilled === headerBytes) {
      headerFilled = 0;
      const view = new DataView(header.buffer);
      contextKey = view.getUint32(4, true);
      const value = view.getFloat64(8, true);
      switch (view.getUint32(0, true)) {
        case frameKinds.data:
          payloadLeft = value;
          break;
        case frameKinds.reserve:
          feed.reserve(contextKey, value);
          break;
        case frameKinds.rewind:
          feed.rewind(contextKey, value);
          break;
        case frameKinds.end:
          feed.end(contextKey);
          break;
        default:
          feed.discard(contextKey);
      }
    }
    return part.length;
  };

  return (bytes) => {
    let rest = bytes;
    while (rest.length > 0) {
      if (payloadLeft === 0) {
        rest = rest.subarray(takeHeader(rest));
        continue;
      }
      const part = rest.subarray(0, Math.min(rest.length, payloadLeft));
      void feed.data(contextKey, part); // copies at once
      payloadLeft -= part.length;
      rest = rest.subarray(part.length);
    }
  };
}
