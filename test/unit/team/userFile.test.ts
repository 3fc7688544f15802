import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';

import {
  addToken,
  readUserFile,
  revokeTokens,
  type TokenRequest,
  toTokenHash,
} from '../../../src/team/userFile';
import { UserTable } from '../../../src/team/userTable';
import { useTempFolder } from '../../support/tempFolder';

const request: TokenRequest = {
  name: 'alice',
  role: 'user',
  expiresAt: null,
  roots: [],
  quota: {},
};

describe('userFile', () => {
  const folder = useTempFolder();
  const file = (): string => path.join(folder(), 'users.json');

  it('keeps the hash of a token and never the token, for its owner alone', async () => {
    const { token, id } = await addToken(file(), request);
    assert.match(token, /^rlm_[A-Za-z0-9_-]{43}$/u);
    const text = await readFile(file(), 'utf8');
    assert.equal(text.includes(token.slice(4)), false);
    const { users } = await readUserFile(file());
    assert.deepStrictEqual(
      users.map(({ name, tokens }) => [name, tokens.map((one) => [one.id, one.sha256])]),
      [['alice', [[id, toTokenHash(token)]]]],
    );
    if (process.platform !== 'win32') {
      assert.deepStrictEqual((await stat(file())).mode & 0o777, 0o600);
    }
    assert.deepStrictEqual(await readdir(folder()), ['users.json']);
  });

  it('adds to a user who is there, and leaves the others alone', async () => {
    await addToken(file(), { ...request, roots: ['/a'], quota: { live_sessions: 3 } });
    await addToken(file(), { ...request, name: 'bob' });
    await addToken(file(), { ...request, roots: ['/a', '/b'], quota: { memory_mb: 100 } });
    const { users } = await readUserFile(file());
    const found = users.map(({ name, tokens, roots, quota }) => {
      return [name, tokens.length, roots, quota.live_sessions, quota.memory_mb];
    });
    assert.deepStrictEqual(found.sort(), [
      ['alice', 2, ['/a', '/b'], 3, 100],
      ['bob', 1, [], 20, 8_192],
    ]);
  });

  it('refuses names that would be no folder, or another user’s', async () => {
    const names = [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'A',
      'é',
      ' a',
      'a\n',
      '-a',
      'a'.repeat(49),
      'oidc-1',
      'con',
      'aux.x',
      'lpt1',
      'bob.',
      'bob.tmp',
    ];
    for (const name of names) {
      const added = addToken(file(), { ...request, name });
      await assert.rejects(added, { code: 'INVALID_INPUT' }, JSON.stringify(name));
    }
    await addToken(file(), { ...request, name: 'prom', role: 'metrics' });
    await assert.rejects(addToken(file(), { ...request, name: 'prom' }), { code: 'INVALID_INPUT' });
  });

  it('takes back one token or all, and says when there is none', async () => {
    const first = await addToken(file(), request);
    await addToken(file(), request);
    await addToken(file(), request);
    assert.deepStrictEqual(await revokeTokens(file(), 'alice', first.id), 1);
    assert.deepStrictEqual(await revokeTokens(file(), 'alice', null), 2);
    for (const [name, id] of [
      ['alice', null],
      ['bob', null],
      ['alice', first.id],
    ] as const) {
      await assert.rejects(revokeTokens(file(), name, id), { code: 'INVALID_INPUT' });
    }
  });

  it('is changed by one command at a time: none undoes another’s', async () => {
    const added = await Promise.allSettled([1, 2, 3, 4].map(() => addToken(file(), request)));
    const { users } = await readUserFile(file());
    const done = added.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    assert.deepStrictEqual(
      users.flatMap(({ tokens }) => tokens.map(({ id }) => id)),
      done,
    );
    assert.deepStrictEqual(await readdir(folder()), ['users.json']);
    await writeFile(`${file()}.tmp`, '');
    await assert.rejects(addToken(file(), request), { code: 'INVALID_INPUT' });
    await rm(`${file()}.tmp`);
    await addToken(file(), request);
  });

  const hash = toTokenHash('x');
  const token = { id: '00000000', sha256: hash, created_at: '2026-01-01T00:00:00Z' };
  const broken = {
    'no JSON': 'token-secret',
    'no users': '{}',
    'a token in the clear': JSON.stringify({ users: [{ name: 'a', tokens: ['token-secret'] }] }),
    'a hash that is none': JSON.stringify({
      users: [{ name: 'a', tokens: [{ ...token, sha256: 'token-secret' }] }],
    }),
    'a key nobody knows': JSON.stringify({ users: [{ name: 'a', tokens: [], admin: true }] }),
    'a user twice': JSON.stringify({
      users: [
        { name: 'a', tokens: [] },
        { name: 'a', tokens: [] },
      ],
    }),
    'one token for two': JSON.stringify({
      users: [
        { name: 'a', tokens: [token] },
        { name: 'b', tokens: [token] },
      ],
    }),
    'a name that leads out': JSON.stringify({ users: [{ name: '../a', tokens: [] }] }),
    'a quota beyond all': JSON.stringify({
      users: [{ name: 'a', tokens: [], quota: { live_sessions: 1e9 } }],
    }),
  };
  for (const [what, text] of Object.entries(broken)) {
    it(`refuses a file with ${what}, and repeats no secret of it`, async () => {
      await writeFile(file(), text, { mode: 0o600 });
      await assert.rejects(readUserFile(file()), (thrown: Error) => {
        assert.equal('code' in thrown && thrown.code, 'INVALID_INPUT');
        assert.equal(thrown.message.includes('token-secret'), false);
        return true;
      });
    });
  }

  it('refuses a file that others may write to', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    await addToken(file(), request);
    for (const mode of [0o620, 0o602, 0o666]) {
      await chmod(file(), mode);
      await assert.rejects(readUserFile(file()), { code: 'INVALID_INPUT' });
    }
    await chmod(file(), 0o644);
    const link = path.join(folder(), 'link.json');
    await symlink(file(), link); // as a cluster mounts its secrets
    assert.deepStrictEqual((await readUserFile(link)).users.length, 1);
    await addToken(file(), request);
    assert.deepStrictEqual((await stat(file())).mode & 0o777, 0o644);
  });
});

describe('userTable', () => {
  const folder = useTempFolder();
  const file = (): string => path.join(folder(), 'users.json');
  const now = Date.parse('2026-06-01T00:00:00Z');

  const open = async () => {
    const said: string[] = [];
    return { said, table: await UserTable.open(file(), (line) => said.push(line)) };
  };

  it('follows the file: tokens added, taken back, run out', async () => {
    const first = await addToken(file(), request);
    const { table } = await open();
    const find = async (token: string) => (await table.find(toTokenHash(token), now))?.name;
    assert.deepStrictEqual(await find(first.token), 'alice');
    assert.deepStrictEqual(await find('rlm_other'), undefined);
    const second = await addToken(file(), { ...request, name: 'bob', expiresAt: now });
    const third = await addToken(file(), { ...request, name: 'bob', expiresAt: now + 1 });
    assert.deepStrictEqual([await find(second.token), await find(third.token)], [undefined, 'bob']);
    assert.deepStrictEqual(
      [
        await table.readStanding('bob', third.id, now),
        await table.readStanding('bob', third.id, now + 1),
      ],
      ['current', 'expired'],
    );
    await revokeTokens(file(), 'alice', null);
    assert.deepStrictEqual(
      [await find(first.token), await table.readStanding('alice', first.id, now)],
      [undefined, 'revoked'],
    );
  });

  it('goes on as before with a file that is broken, and says so', async () => {
    const { token } = await addToken(file(), request);
    const { table, said } = await open();
    await writeFile(file(), '{', { mode: 0o600 });
    assert.deepStrictEqual((await table.find(toTokenHash(token), now))?.name, 'alice');
    assert.ok((await table.readFault())?.includes('not JSON'));
    assert.ok(said.some((line) => line.includes('not JSON')));
    await writeFile(file(), '{"users":[]}', { mode: 0o600 });
    assert.deepStrictEqual(await table.find(toTokenHash(token), now), undefined);
    assert.deepStrictEqual(await table.readFault(), null);
  });

  it('looks at the file for its fault too, also when only its mode was put right', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const { token } = await addToken(file(), request);
    const { table } = await open();
    await writeFile(file(), '{"users":[]}');
    await chmod(file(), 0o666);
    assert.ok((await table.readFault())?.includes('others may write to it'));
    assert.deepStrictEqual((await table.find(toTokenHash(token), now))?.name, 'alice');
    await chmod(file(), 0o644);
    assert.deepStrictEqual(await table.readFault(), null);
    assert.deepStrictEqual(await table.find(toTokenHash(token), now), undefined);
  });

  it('keeps a file where it is: behind a link, and of its owner', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const target = path.join(folder(), 'secrets', 'users.json');
    await mkdir(path.dirname(target));
    const { token, id } = await addToken(target, request);
    await symlink(target, file());
    if (process.getuid?.() === 0) {
      await chown(target, 65_532, 65_532);
    }
    const { uid } = await stat(target);
    const table = await UserTable.open(target, () => undefined);
    assert.deepStrictEqual((await table.find(toTokenHash(token), now))?.name, 'alice');
    await revokeTokens(file(), 'alice', id);
    assert.deepStrictEqual(await table.find(toTokenHash(token), now), undefined);
    assert.deepStrictEqual((await stat(target)).uid, uid);
    assert.ok((await lstat(file())).isSymbolicLink());
  });
});
