// What stands in the place of a thread's record: another file, a link, a pipe, a file without end.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RolloutTail } from '../../../../src/agents/codex/rolloutTail';
import { systemClock } from '../../../../src/systemClock';
import { useTempFolder } from '../../../support/tempFolder';

const item = (text: string): string =>
  `${JSON.stringify({ type: 'response_item', payload: { text } })}\n`;
const end = `${JSON.stringify({ type: 'event_msg', payload: { type: 'task_complete', turn_id: 't' } })}\n`;

describe('the record of a thread', () => {
  const folder = useTempFolder();
  const home = (): string => path.join(folder(), 'home');
  const file = (): string => path.join(home(), 'rollout.jsonl');
  const open = () => RolloutTail.open(file(), home(), systemClock);
  beforeEach(async () => {
    await mkdir(home());
    await writeFile(file(), item('before'));
  });

  it('is read from its end on', async () => {
    const tail = await open();
    await appendFile(file(), item('after') + end);
    assert.deepStrictEqual(await tail?.readTurn('t', 10_000), [{ text: 'after' }]);
  });

  it('is not looked for elsewhere', async () => {
    await writeFile(path.join(folder(), 'other.jsonl'), '');
    assert.equal(
      await RolloutTail.open(path.join(folder(), 'other.jsonl'), home(), systemClock),
      null,
    );
    await rm(file());
    await symlink(path.join(folder(), 'other.jsonl'), file());
    assert.equal(await open(), null);
  });

  const swaps: Readonly<Record<string, () => Promise<unknown>>> = {
    'a link to another file': async () => {
      await writeFile(path.join(folder(), 'other.jsonl'), item('before') + item('secret') + end);
      await rm(file());
      await symlink(path.join(folder(), 'other.jsonl'), file());
    },
    'a link on its way': async () => {
      await mkdir(path.join(folder(), 'other'));
      await writeFile(
        path.join(folder(), 'other', 'rollout.jsonl'),
        item('before') + item('secret') + end,
      );
      await rm(home(), { recursive: true });
      await symlink(path.join(folder(), 'other'), home());
    },
    ...(process.platform === 'win32'
      ? {}
      : {
          'a pipe that nobody writes to': async () => {
            await rm(file());
            execFileSync('mkfifo', [file()]);
          },
        }),
    'a folder': async () => {
      await rm(file());
      await mkdir(file());
    },
  };
  for (const [what, swap] of Object.entries(swaps)) {
    it(`is not read where ${what} has taken its place`, async function () {
      if (what === 'a link on its way' && process.platform !== 'linux') {
        this.skip(); // only Linux says where an open file lies
      }
      const tail = await open();
      await swap();
      assert.deepStrictEqual(await tail?.readTurn('t', 100), []);
    });
  }

  it('costs no more than it may where it is a hole without end', async () => {
    const tail = await open();
    await truncate(file(), 2 ** 40);
    const before = process.memoryUsage().rss;
    assert.deepStrictEqual(await tail?.readTurn('t', 300), []);
    assert.ok(process.memoryUsage().rss - before < 600 * 2 ** 20);
  });
});
