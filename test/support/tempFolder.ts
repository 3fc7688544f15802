// A fresh folder for every test of a suite, removed after it.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Call it in a `describe`; the result gives the running test's folder, as a real path. */
export function useTempFolder(): () => string {
  let folder = '';
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'rlm-test-')));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return () => folder;
}
