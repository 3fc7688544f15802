// The frames of a supervisor, in any pieces, honest or not.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  FrameReader,
  channels,
  encodeHeader,
  maxFrameBytes,
} from '../../../../src/sandbox/native/supervisorFrames';

type Frame = readonly [channel: number, body: string];

function read(pieces: readonly Buffer[]): {
  readonly frames: readonly Frame[];
  readonly ok: boolean;
} {
  const frames: Frame[] = [];
  const reader = new FrameReader((channel, body) =>
    frames.push([channel, body.toString('latin1')]),
  );
  const ok = pieces.every((piece) => reader.push(piece));
  return { frames, ok };
}

function encode(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.flatMap(([channel, text]) => {
      const body = Buffer.from(text, 'latin1');
      return [encodeHeader(channel, body.length), body];
    }),
  );
}

const anyFrame = fc.tuple(
  fc.constantFrom<number>(...Object.values(channels)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

describe('frames of a supervisor', () => {
  it('come out as they went in, whatever pieces the stream is cut into', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 10 }),
        fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 20 }),
        (frames, sizes) => {
          const bytes = encode(frames);
          const pieces: Buffer[] = [];
          for (let at = 0, next = 0; at < bytes.length; next += 1) {
            const size = sizes[next % sizes.length] ?? 0;
            pieces.push(bytes.subarray(at, at + size));
            at += size + (sizes.every((one) => one === 0) ? bytes.length : 0);
            if (sizes.every((one) => one === 0)) {
              pieces.push(bytes);
            }
          }
          assert.deepStrictEqual(read(pieces), { frames, ok: true });
        },
      ),
    );
  });

  it('keep no piece that they came in: a byte at a time takes no more memory than the frame', () => {
    const frame: Frame = [channels.worker, 'a body of some length'];
    const frames: Frame[] = [];
    const reader = new FrameReader((channel, body) =>
      frames.push([channel, body.toString('latin1')]),
    );
    const piece = Buffer.alloc(1);
    for (const byte of encode([frame, frame])) {
      piece[0] = byte;
      reader.push(piece);
      piece[0] = 0;
    }
    assert.deepStrictEqual(frames, [frame, frame]);
  });

  it('end the stream where a channel or a length is none', () => {
    const good: Frame = [channels.worker, 'x'];
    for (const header of [
      encodeHeader(4, 1),
      encodeHeader(255, 0),
      encodeHeader(channels.worker, maxFrameBytes + 1),
    ]) {
      const bytes = Buffer.concat([encode([good]), header, encode([good])]);
      assert.deepStrictEqual(read([bytes]), { frames: [good], ok: false });
    }
  });

  it('of random bytes break the reader in no other way than by its word', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }), (pieces) => {
        const { frames } = read(pieces.map((piece) => Buffer.from(piece)));
        assert.ok(frames.every(([channel]) => channel === 0 || channel === 1));
      }),
    );
  });
});
