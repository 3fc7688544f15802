import assert from 'node:assert/strict';
import type { FileEntry } from '../../../../src/core/sandboxFiles';
import { FileTree } from '../../../../src/extension/files/fileTree';
import type {
  FileListing,
  SessionFileSource,
} from '../../../../src/extension/files/sessionFileSource';
import { type SessionNode, toNodeKey } from '../../../../src/extension/sessions/sessionNode';

const sessionId = 'session-1';

function entry(path: string, over: Partial<FileEntry> = {}): FileEntry {
  return { path, kind: 'file', bytes: 1, modifiedAt: 0, named: true, ...over };
}

function listed(entries: readonly FileEntry[], over: object = {}): FileListing {
  const facts = { path: '/work', total: entries.length, isOld: false, filesLost: false };
  return { kind: 'listed', entries, ...facts, ...over };
}

function createTree(listings: Readonly<Record<string, FileListing>>): FileTree {
  const list = async (_id: string, folder: string) => listings[folder] ?? listed([]);
  return new FileTree({ list, forget: () => undefined } as unknown as SessionFileSource); // all that is used
}

describe('files in the tree', () => {
  const keys = (nodes: readonly SessionNode[]): readonly string[] =>
    nodes.map((node) => toNodeKey(node).slice(sessionId.length + 1));

  it('stand below their folders, which come first, and lead back up', async () => {
    const tree = createTree({
      '.': listed([entry('/work/a'), entry('/work/d', { kind: 'folder' })]),
      '/work/d': listed([entry('/work/d/e', { kind: 'folder' })]),
      '/work/d/e': listed([entry('/work/d/e/f')]),
    });
    const root = await tree.list(sessionId, '.');
    assert.deepStrictEqual(keys(root), ['file/folder/0//work/d', 'file/file/0//work/a']);
    await tree.list(sessionId, '/work/d');
    const [deepest] = await tree.list(sessionId, '/work/d/e');
    const up: SessionNode[] = [];
    for (let node: SessionNode | undefined = deepest; node?.kind === 'file';) {
      node = tree.parentOf(node);
      up.push(node);
    }
    assert.deepStrictEqual(keys(up), ['file/folder/0//work/d/e', 'file/folder/0//work/d', 'files']);
  });

  it('whose names are shown alike are nodes of their own, each with its facts', async () => {
    const twice = [1, 2].map((bytes) => entry('/work/\ufffd', { bytes, named: false }));
    const tree = createTree({ '.': listed(twice) });
    const nodes = await tree.list(sessionId, '.');
    assert.equal(new Set(keys(nodes)).size, 2);
    assert.deepStrictEqual(
      nodes.map((node) => node.kind === 'file' && tree.entryOf(node)?.bytes),
      [1, 2],
    );
  });

  it('come with what is to be said of them', async () => {
    const many = { ...listed([entry('/work/a')]), total: 10_000 };
    const table: readonly (readonly [FileListing, readonly string[]])[] = [
      [listed([]), ['fileNote/empty/.']],
      [{ kind: 'busy' }, ['fileNote/busy/.']],
      [{ kind: 'failed', message: 'why' }, ['fileNote/failed/.']],
      [many, ['file/file/0//work/a', 'fileNote/more/.']],
      [listed([entry('/work/a')], { isOld: true }), ['fileNote/old/.', 'file/file/0//work/a']],
      [listed([], { filesLost: true }), ['fileNote/lost/.', 'fileNote/empty/.']],
      [{ kind: 'recorded', files: [] }, ['fileNote/absent/.']],
    ];
    for (const [listing, wanted] of table) {
      const nodes = await createTree({ '.': listing }).list(sessionId, '.');
      assert.deepStrictEqual(keys(nodes), wanted);
    }
  });
});
