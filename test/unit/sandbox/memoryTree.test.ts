import assert from 'node:assert/strict';
import { openFlags } from '../../../src/sandbox/worker/guestTree';
import { MemoryTree } from '../../../src/sandbox/worker/memoryTree';

describe('the tree of a JavaScript guest', () => {
  it('keeps no room for a link that did not fit', () => {
    const quota = { maxBytes: 2 * 256 + 10, maxFiles: 10, maxPathChars: 100 };
    const tree = new MemoryTree(quota, ['/work'], () => 0);
    for (let time = 0; time < 5; time += 1) {
      assert.throws(() => tree.symlink('x'.repeat(11), '/work/l'), { message: 'ENOSPC' });
    }
    tree.symlink('x'.repeat(10), '/work/l');
    assert.equal(tree.readlink('/work/l').length, 10);
  });

  it('gives a file that grows all the room that there is, and zeros where nothing was written', () => {
    const quota = { maxBytes: 2 * 256 + 1_000, maxFiles: 10, maxPathChars: 100 };
    const tree = new MemoryTree(quota, ['/work'], () => 0);
    const file = tree.open('/work/f', openFlags.write | openFlags.create);
    const ones = new Uint8Array(1_000).fill(1);
    for (const at of [0, 400, 800, 900, 950, 999]) {
      const end = [400, 800, 900, 950, 999, 1_000].find((one) => one > at) ?? 1_000;
      assert.equal(tree.write(file, ones, 0, end - at, at), end - at);
    }
    assert.throws(() => tree.write(file, ones, 0, 1, 1_000), { message: 'ENOSPC' });
    tree.close(file);
    tree.close(tree.open('/work/f', openFlags.write | openFlags.truncate));
    const again = tree.open('/work/f', openFlags.write);
    tree.write(again, ones, 0, 2, 0);
    tree.write(again, ones, 0, 1, 5);
    const read = new Uint8Array(6);
    tree.read(again, read, 0, 6, 0);
    tree.close(again);
    assert.deepStrictEqual([...read], [1, 1, 0, 0, 0, 1]);
  });
});
