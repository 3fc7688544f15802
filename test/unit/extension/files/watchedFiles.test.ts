import assert from 'node:assert/strict';
import { type FileState, WatchedFiles } from '../../../../src/extension/files/watchedFiles';

describe('files that the editor watches', () => {
  it('are watched until the last watcher stops', async () => {
    const files = new WatchedFiles();
    const [first, second] = [files.watch('a'), files.watch('a')];
    const seen: string[] = [];
    const look = { look: async () => '1/1' as const, onChange: (key: string) => seen.push(key) };
    first.dispose();
    first.dispose();
    await files.check(look);
    second.dispose();
    files.watch('b').dispose();
    await files.check({ ...look, look: async () => '2/2' as const });
    assert.deepStrictEqual(seen, ['a']);
  });

  it('are looked at by one check at a time, and each change is told once', async () => {
    const files = new WatchedFiles();
    files.watch('a');
    files.note('a', '1/1');
    const told: string[] = [];
    const answers: ((state: FileState) => void)[] = [];
    const looking = {
      look: () => new Promise<FileState>((resolve) => answers.push(resolve)),
      onChange: (_key: string, before: FileState, now: FileState) => told.push(`${before} ${now}`),
    };
    const checks = [files.check(looking), files.check(looking)];
    assert.equal(answers.length, 1);
    answers[0]?.('2/2');
    while (answers.length < 2) {
      await Promise.resolve();
    }
    answers[1]?.('2/2');
    await Promise.all(checks);
    assert.deepStrictEqual(told, ['1/1 2/2']);
  });
});
