import assert from 'node:assert/strict';
import { KeyStore } from '../../../../src/extension/models/keyStore';

function createSecrets() {
  const secrets = new Map<string, string>([['another extension’s', 'x']]);
  return {
    get: async (name: string) => secrets.get(name),
    store: async (name: string, value: string) => void secrets.set(name, value),
    delete: async (name: string) => void secrets.delete(name),
    keys: async () => [...secrets.keys()],
  };
}

describe('KeyStore', () => {
  it('keeps one key for each server, and lists the servers alone', async () => {
    const keys = new KeyStore(createSecrets());
    await keys.set('https://b.example/', 'sk-b');
    await keys.set('https://a.example/', 'sk-old');
    await keys.set('https://a.example/', 'sk-a');
    assert.deepStrictEqual(await keys.listServers(), ['https://a.example/', 'https://b.example/']);
    assert.equal(await keys.read('https://a.example/'), 'sk-a');
  });

  it('forgets a key', async () => {
    const keys = new KeyStore(createSecrets());
    await keys.set('https://a.example/', 'sk-a');
    await keys.remove('https://a.example/');
    assert.deepStrictEqual(
      [await keys.read('https://a.example/'), await keys.listServers()],
      [undefined, []],
    );
  });
});
