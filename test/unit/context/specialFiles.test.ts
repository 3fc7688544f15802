import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { createFixture, type Fixture, isError } from './contextFixture';

describe('what is no file', () => {
  let fixture: Fixture;
  let server: Server;

  before(async function () {
    if (process.platform === 'win32') {
      this.skip(); // none of these can be made there
    }
    fixture = await createFixture();
    const at = (name: string): string => path.join(fixture.root, name);
    await fixture.write({ 'real.txt': 'text' });
    await mkdir(at('odd'));
    execFileSync('mkfifo', [at('odd/pipe')]);
    server = createServer().listen(at('odd/socket'));
    await once(server, 'listening');
    await symlink('/dev/zero', at('odd/device'));
    await symlink(at('odd/self'), at('odd/self'));
    await symlink(at('odd/two'), at('odd/one'));
    await symlink(at('odd/one'), at('odd/two'));
    await symlink(fixture.root, at('odd/up'));
    await mkdir(at('odd/folder.txt'));
  });

  after(async () => {
    const closed = once(server, 'close');
    server.close();
    await closed;
    await fixture.dispose();
  });

  const rooted = { roots: () => ['/'] };
  const named: readonly (readonly [string, string])[] = [
    ['pipe', 'a named pipe'],
    ['socket', 'a socket'],
    ['device', 'a device'],
    ['self', 'loop of links'],
    ['one', 'loop of links'],
    ['folder.txt', 'holds no files'],
    ['pipe/below', 'a part of it is not a folder'],
  ];
  for (const [name, word] of named) {
    it(`is refused when it is named: ${name}, with what it is`, async () => {
      const words = name === 'pipe/below' ? [] : [word];
      await assert.rejects(fixture.read(`odd/${name}`, rooted), isError('INVALID_INPUT', ...words));
    });
  }

  for (const given of ['.', 'odd/**', '**/*']) {
    it(`is skipped with the reason when it is found by ${given}`, async () => {
      const { sources, skipped } = await fixture.read([given, 'real.txt'], rooted);
      assert.deepStrictEqual(
        sources.map(([, text]) => text),
        ['text'],
      );
      const reasons = new Map(
        skipped.map(({ path: name, reason }) => [path.basename(name), reason]),
      );
      for (const [name, word] of [
        ['pipe', 'a named pipe, not a file'],
        ['socket', 'a socket, not a file'],
        ['device', 'a device, not a file'],
        ['self', 'loop of links'],
        ['one', 'loop of links'],
        ['two', 'loop of links'],
      ] as const) {
        assert.ok(reasons.get(name)?.includes(word), `${name}: ${reasons.get(name)}`);
      }
    });
  }

  it('does not make a call with 100,000 paths long: each is looked at once, and no more are taken', async () => {
    const same = Array.from({ length: 100_000 }, () => 'real.txt');
    assert.equal((await fixture.read(same)).sources.length, 1);
    await assert.rejects(
      fixture.read([...same, 'real.txt']),
      isError('CONTEXT_TOO_LARGE', '100,000'),
    );
    const bad = Array.from({ length: 100_000 }, (_one, at) => `odd/none${at}`);
    await assert.rejects(fixture.read(bad), isError('INVALID_INPUT', 'odd/none0'));
  });
});
