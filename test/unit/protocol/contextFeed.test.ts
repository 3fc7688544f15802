import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createFeedReader, createFeedWriter } from '../../../src/protocol/contextFeed';
import { ContextInbox } from '../../../src/sandbox/contextBuffer';

describe('context feed', () => {
  it('delivers every byte of every context, however the pipe cuts the frames', async () => {
    const part = fc.record({ key: fc.integer({ min: 1, max: 3 }), size: fc.nat(500) });
    const property = fc.asyncProperty(
      fc.array(part, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 10 }),
      async (parts, cuts) => {
        const written: Uint8Array[] = [];
        const writer = createFeedWriter({
          write: (bytes, done) => {
            written.push(bytes.slice());
            done?.();
            return true;
          },
        });
        const expected = new Map<number, number[]>([1, 2, 3].map((key) => [key, []]));
        for (const [index, { key, size }] of parts.entries()) {
          const bytes = Uint8Array.from({ length: size }, (_, at) => (at + index) % 251);
          await writer.data(key, bytes);
          expected.get(key)?.push(...bytes);
        }
        [1, 2, 3].forEach((key) => writer.end(key));
        const inbox = new ContextInbox();
        const read = createFeedReader(inbox);
        const stream = Buffer.concat(written);
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          read(stream.subarray(at, at + size));
          at += size;
        }
        for (const [key, bytes] of expected) {
          assert.deepStrictEqual([...((await inbox.take(key)) ?? [])], bytes);
        }
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  it('rewinds to the start of a source that is written again', async () => {
    const inbox = new ContextInbox();
    inbox.reserve(1, 10);
    await inbox.data(1, Buffer.from('kept lost'));
    inbox.rewind(1, 5);
    await inbox.data(1, Buffer.from('found'));
    inbox.end(1);
    assert.equal(Buffer.from((await inbox.take(1)) ?? []).toString(), 'kept found');
  });
});
