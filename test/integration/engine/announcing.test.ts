// The file by which other programs know that an engine runs, as the engine itself writes it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createEngine } from '../../../src/runtime';
import type { LocalEngine } from '../../../src/runtime/localEngine';
import { useTempFolder } from '../../support/tempFolder';

describe('an engine that tells of itself', () => {
  const folder = useTempFolder();
  const endpoint = { url: 'http://127.0.0.1:4312/mcp', token: 'secret' };
  let engine: LocalEngine;

  beforeEach(async () => {
    engine = await createEngine({
      home: path.join(folder(), 'home'),
      roots: [],
      baseFolder: folder(),
      log: () => undefined,
      sandboxFolder: path.resolve('dist/sandbox'),
    });
  });
  afterEach(() => engine.close());

  it('is there for others at every moment while its endpoint becomes known', async () => {
    const announced = engine.announce(endpoint);
    assert.ok(existsSync(path.join(engine.home.engines, `${engine.engineId}.json`)));
    assert.ok(existsSync(await announced));
  });

  it('leaves no file when it ends meanwhile, or has ended', async () => {
    const announced = engine.announce(endpoint);
    await engine.close();
    await announced;
    await engine.announce(endpoint);
    assert.deepStrictEqual(await readdir(engine.home.engines), []);
  });
});
