import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import type { ContextReader } from '../../../src/core/context';
import { ContextRoom, loadContext } from '../../../src/core/contextLoading';
import { RlmError } from '../../../src/core/errors';
import { FakeClock } from '../../support/fakeClock';
import { FakeSandbox } from '../../support/fakeSandbox';
import { createSource } from '../../support/sampleTrace';

interface Reading {
  /** Told before anything is read. */
  readonly announced: number;
  /** Written, source by source. */
  readonly sources: readonly string[];
}

/** Each source is begun, written, given up and written again, as when its encoding is found late. */
function createReader({ announced, sources }: Reading): ContextReader {
  return {
    baseFolder: '/work',
    readFile: async (path) => ({ path, bytes: new Uint8Array() }),
    readContext: async (_given, sink) => {
      await sink.expect(announced);
      for (const text of sources) {
        await sink.beginSource('a.txt', 0);
        await sink.write(Buffer.from(text));
        await sink.restartSource();
        await sink.write(Buffer.from(text));
      }
      const report = { hash: '', warnings: [], skipped: [], skippedCount: 0 };
      const texts = sources.map(() => createSource('', 0));
      return { kind: 'files', shape: 'string', sources: texts, ...report };
    },
  };
}

const maxBytes = 400 * 1024 * 1024;

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof RlmError && thrown.code === 'CONTEXT_TOO_LARGE';
}

describe('loading a context', () => {
  const load = (reading: Reading, room: ContextRoom) =>
    loadContext(
      { text: null, paths: ['a.txt'] },
      {
        sandbox: new FakeSandbox('python', new FakeClock()),
        contexts: createReader(reading),
        variable: 'more',
        room,
      },
      neverAborted,
    );

  function createRoom(usedBytes: number): ContextRoom {
    const room = new ContextRoom();
    room.take(usedBytes);
    return room;
  }

  it('refuses before it reads what the session as a whole may not hold, and names the limit', async () => {
    await assert.rejects(
      load({ announced: 300_000_000, sources: ['a'] }, createRoom(300_000_000)),
      (thrown) => isTooLarge(thrown) && String(thrown).includes('419 MB'),
    );
  });

  it('leaves the first load to the reader’s own limit', async () => {
    const info = await load({ announced: 500_000_000, sources: ['a'] }, new ContextRoom());
    assert.deepStrictEqual(info.totalChars, 1);
  });

  for (const letter of ['a', 'é', '語', '😀']) {
    const bytes = Buffer.byteLength(letter);
    const reading = { announced: 1, sources: [letter.repeat(10), letter.repeat(5)] };

    it(`holds what was written to the limit, in bytes (${bytes} a character)`, async () => {
      await load(reading, createRoom(maxBytes - 15 * bytes));
      await assert.rejects(load(reading, createRoom(maxBytes - 15 * bytes + 1)), isTooLarge);
    });

    it(`counts the bytes of the text as it was loaded, once (${bytes} a character)`, async () => {
      const room = createRoom(1);
      await load(reading, room);
      room.require(maxBytes - 15 * bytes - 1);
      assert.throws(() => room.require(maxBytes - 15 * bytes), isTooLarge);
    });
  }

  it('counts nothing of a load that failed', async () => {
    const room = createRoom(maxBytes - 10);
    await assert.rejects(load({ announced: 1, sources: ['a'.repeat(11)] }, room), isTooLarge);
    room.require(10);
  });
});
