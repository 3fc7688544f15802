import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readPrompts } from '../../../src/loop/promptFiles';
import { useTempFolder } from '../../support/tempFolder';

describe('the files of a user’s prompts', () => {
  const folder = useTempFolder();
  const nudge = (): string => path.join(folder(), 'nudge.md');

  it('are taken as they are, through links too, and those that are missing from the product', async () => {
    const kept = path.join(folder(), 'kept.md');
    await writeFile(kept, '<!-- for people -->\nWrite code.\n');
    await (process.platform === 'win32'
      ? writeFile(nudge(), 'Write code.')
      : symlink(kept, nudge()));
    const prompts = await readPrompts(folder());
    assert.equal(prompts.fill('nudge', {}), 'Write code.');
    assert.match(prompts.fill('taskCode', { task: 'count' }), /count/u);
  });

  const plants: Readonly<Record<string, () => Promise<unknown>>> = {
    'a folder': () => mkdir(nudge()),
    'a file of 2 MB': () => writeFile(nudge(), 'x'.repeat(2_000_000)),
    ...(process.platform === 'win32'
      ? {}
      : {
          'a named pipe': async () => execFileSync('mkfifo', [nudge()]),
          'a device that never ends': () => symlink('/dev/zero', nudge()),
        }),
  };
  for (const [name, put] of Object.entries(plants)) {
    it(`that are ${name} are refused by their names, and hold nothing up`, async () => {
      await put();
      await assert.rejects(readPrompts(folder()), { code: 'INVALID_INPUT', message: /nudge\.md/u });
    });
  }
});
