import assert from 'node:assert/strict';
import { ContextInbox } from '../../../src/sandbox/contextBuffer';

const mebi = 1_048_576;

/** An inbox, and the sizes of the buffers it made. */
function createInbox(maxBytes = Infinity) {
  const made: number[] = [];
  const inbox = new ContextInbox((byteLength) => {
    if (byteLength > maxBytes) {
      throw new RangeError('Array buffer allocation failed');
    }
    made.push(byteLength);
    return new Uint8Array(byteLength);
  });
  return { inbox, made };
}

describe('ContextInbox', () => {
  it('makes one buffer, exactly as large, where the size is known', async () => {
    const { inbox, made } = createInbox();
    inbox.reserve(1, 10 * mebi);
    for (let part = 0; part < 40; part += 1) {
      await inbox.data(1, new Uint8Array(mebi / 4).fill(part));
    }
    inbox.end(1);
    const bytes = await inbox.take(1);
    assert.deepStrictEqual([made, bytes?.length, bytes?.at(-1)], [[10 * mebi], 10 * mebi, 39]);
  });

  it('makes few buffers for many sources, each of which says its own size only', async () => {
    const { inbox, made } = createInbox();
    const sourceBytes = 5_000;
    for (let source = 0; source < 2_000; source += 1) {
      inbox.reserve(1, (source + 1) * sourceBytes);
      await inbox.data(1, new Uint8Array(sourceBytes).fill(source % 251));
    }
    inbox.end(1);
    const bytes = await inbox.take(1);
    assert.equal(bytes?.length, 2_000 * sourceBytes);
    assert.ok(made.length < 10, String(made.length));
    assert.ok(made.reduce((sum, size) => sum + size) < 4 * bytes.length);
    assert.ok(bytes.every((byte, at) => byte === Math.floor(at / sourceBytes) % 251));
  });

  it('keeps little room for what was expected and did not come', async () => {
    const { inbox, made } = createInbox();
    inbox.reserve(1, 100 * mebi);
    await inbox.data(1, Buffer.from('text'));
    inbox.end(1);
    assert.equal(Buffer.from((await inbox.take(1)) ?? []).toString(), 'text');
    assert.deepStrictEqual(made, [100 * mebi, 4]);
  });

  it('gives null for what there is no memory for, and other contexts as they are', async () => {
    const { inbox } = createInbox(3 * mebi);
    const waiting = inbox.take(1);
    inbox.reserve(1, 4 * mebi);
    for (let part = 0; part < 16; part += 1) {
      await inbox.data(1, new Uint8Array(mebi / 4));
      await inbox.data(2, new Uint8Array(mebi / 8));
    }
    inbox.end(1);
    inbox.end(2);
    assert.deepStrictEqual([await waiting, (await inbox.take(2))?.length], [null, 2 * mebi]);
  });

  it('takes what fits where there is no memory for all that was expected', async () => {
    const { inbox } = createInbox(3 * mebi);
    inbox.reserve(1, 4 * mebi);
    await inbox.data(1, new Uint8Array(3 * mebi));
    inbox.end(1);
    assert.equal((await inbox.take(1))?.length, 3 * mebi);
  });
});
