import assert from 'node:assert/strict';
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
});
