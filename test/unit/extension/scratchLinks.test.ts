import assert from 'node:assert/strict';
import { ScratchLinks } from '../../../src/extension/scratchLinks';

describe('ScratchLinks', () => {
  const createMemory = () => {
    const kept = new Map<string, unknown>();
    return {
      get: (key: string) => kept.get(key),
      update: async (key: string, value: unknown) => void kept.set(key, value),
    };
  };

  it('know the session of a document after a reload, until the document is gone', async () => {
    const memory = createMemory();
    const links = new ScratchLinks(memory);
    await links.add('untitled:Untitled-1', 'session-1');
    await links.add('untitled:Untitled-2', 'session-2');
    await links.add('untitled:Untitled-1', 'session-3');
    const reloaded = new ScratchLinks(memory);
    assert.equal(reloaded.find('untitled:Untitled-1'), 'session-3');
    assert.equal(reloaded.find('untitled:Untitled-3'), undefined);
    await reloaded.remove('untitled:Untitled-1');
    assert.deepStrictEqual(new ScratchLinks(memory).uris, ['untitled:Untitled-2']);
  });

  it('are those added last, and none that is not one', async () => {
    const memory = createMemory();
    await memory.update('rlm.scratches', [{ uri: 1, sessionId: 'session-1' }, null]);
    const links = new ScratchLinks(memory);
    assert.deepStrictEqual(links.uris, []);
    for (let at = 0; at < 110; at += 1) {
      await links.add(`untitled:Untitled-${at}`, 'session-1');
    }
    assert.deepStrictEqual(
      [links.uris.length, links.uris[0], links.find('untitled:Untitled-9')],
      [100, 'untitled:Untitled-109', undefined],
    );
  });
});
