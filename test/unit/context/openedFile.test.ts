import assert from 'node:assert/strict';
import { open, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AllowedRoots, isInside } from '../../../src/context/allowedRoots';
import { closeFile, isSameFile, openFile } from '../../../src/context/openedFile';
import { createFixture, type Fixture, linkOrSkip } from './contextFixture';

describe('openFile', () => {
  let fixture: Fixture;
  let roots: AllowedRoots;

  beforeEach(async () => {
    fixture = await createFixture();
    roots = await AllowedRoots.create([fixture.root]);
    await fixture.write({ 'sub/a.txt': 'inside', '../outside/a.txt': 'secret' });
  });

  afterEach(() => fixture.dispose());

  async function readReason(file: string): Promise<string | null> {
    const opened = await openFile(path.join(fixture.root, file), { roots, given: null });
    await closeFile(opened);
    return 'reason' in opened ? opened.reason : null;
  }

  it('opens a file inside the roots', async () => {
    assert.deepStrictEqual(await readReason('sub/a.txt'), null);
  });

  it('refuses a file that became a link after it was checked', async function () {
    await linkOrSkip(this, fixture.outside, path.join(fixture.root, 'b.txt'));
    assert.notDeepStrictEqual(await readReason('b.txt'), null);
  });

  it('refuses a file whose folder became a link to the outside', async function () {
    await rename(path.join(fixture.root, 'sub'), path.join(fixture.root, 'moved'));
    await linkOrSkip(this, fixture.outside, path.join(fixture.root, 'sub'));
    assert.deepStrictEqual(await readReason('sub/a.txt'), 'replaced while it was being opened');
  });

  it('knows by identity whether a path still leads to the opened file', async function () {
    const file = path.join(fixture.root, 'sub', 'a.txt');
    const handle = await open(file);
    try {
      assert.deepStrictEqual(await isSameFile(handle, file), true);
      await writeFile(`${file}.new`, 'inside');
      await rename(`${file}.new`, file);
      assert.deepStrictEqual(await isSameFile(handle, file), false);
      await rename(path.join(fixture.root, 'sub'), path.join(fixture.root, 'moved'));
      await linkOrSkip(this, path.join(fixture.root, 'moved'), path.join(fixture.root, 'sub'));
      assert.deepStrictEqual(await isSameFile(handle, file), false);
    } finally {
      await handle.close();
    }
  });

  it('judges containment by whole segments', () => {
    const { root } = fixture;
    const candidates = [root, `${root}/a`, `${root}/..a`, `${root}-evil`, `${root}/..`, '/'];
    assert.deepStrictEqual(
      candidates.map((candidate) => isInside(root, path.resolve(candidate))),
      [true, true, true, false, false, false],
    );
  });
});
