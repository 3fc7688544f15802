// A backup of a home and its way back: whole, or refused with nothing changed.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { createGzip, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { isPlainName, parseArchivePath } from '../../../src/store/archive';
import { EngineFile } from '../../../src/store/engineFile';
import { createHome, type Home } from '../../../src/store/home';
import { createBackup } from '../../../src/store/homeBackup';
import { restoreHome } from '../../../src/store/homeRestore';
import { userNamePattern } from '../../../src/team/userFile';
import { useTempFolder } from '../../support/tempFolder';

const session = 'sessions/01932b7e-5c00-7000-8000-000000000000';
const files: Readonly<Record<string, string>> = {
  [`${session}/trace.jsonl`]: '{"kind":"session.opened"}\n',
  [`${session}/context-1.txt`]: 'a text\n'.repeat(20_000),
  [`${session}/empty.txt`]: '',
  [`${session}/lease-1.json`]: '{"generation":1}',
  [`${session}/files/Ünicode name.csv`]: 'a,b\n',
  'users/alice/sessions/01932b7e-5c00-7000-8000-000000000001/trace.jsonl': 'x\n',
  'prompts/system.md': 'be brief',
};

describe('homeBackup', () => {
  const folder = useTempFolder();

  const fill = async (given: Readonly<Record<string, string>>, name = 'home'): Promise<Home> => {
    const home = await createHome(path.join(folder(), name));
    for (const [file, text] of Object.entries(given)) {
      const target = path.join(home.path, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text);
    }
    return home;
  };

  const listAll = async (root: string): Promise<readonly string[]> => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
      .map((file) => file.split(path.sep).join('/'))
      .sort();
  };

  const save = async (home: Home): Promise<string> => {
    const file = path.join(folder(), 'backup.tar.gz');
    const backup = await createBackup(home, '1.0.0');
    await writeFile(file, backup.bytes);
    return file;
  };

  const restoreFresh = async (file: string) => {
    const home = await createHome(await mkdtemp(path.join(folder(), 'restored-')));
    return { home, report: await restoreHome(home, file) };
  };

  it('brings every file back as it was, for its owner alone, and nothing of engines', async () => {
    const home = await fill(files);
    const engine = { engineId: 'engine-12345', url: null, token: 'token-secret', version: '1' };
    const more = { pid: process.pid, startedAt: 0, takesClients: true };
    const running = await EngineFile.create(home, { ...engine, ...more });
    await fill({ 'users/alice/engines/x.json': 'token-secret', 'other.txt': 'not ours' });
    const file = await save(home);
    running.dispose();
    const { home: restored, report } = await restoreFresh(file);
    assert.deepStrictEqual(await listAll(restored.path), Object.keys(files).sort());
    for (const [name, text] of Object.entries(files)) {
      assert.deepStrictEqual(await readFile(path.join(restored.path, name), 'utf8'), text, name);
      if (process.platform !== 'win32') {
        const { mode } = await stat(path.join(restored.path, name));
        assert.deepStrictEqual(mode & 0o777, 0o600);
      }
    }
    assert.deepStrictEqual(report.files, Object.keys(files).length);
    assert.equal(gunzipSync(await readFile(file)).includes('token-secret'), false);
  });

  it('takes no links, and no claims that nobody has written', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const home = await fill({ ...files, [`${session}/lease-2.json`]: '' });
    await writeFile(path.join(folder(), 'outside.txt'), 'outside-secret');
    await symlink(path.join(folder(), 'outside.txt'), path.join(home.path, session, 'link.txt'));
    await symlink(folder(), path.join(home.path, 'sessions', 'linked'));
    const { home: restored } = await restoreFresh(await save(home));
    assert.deepStrictEqual(await listAll(restored.path), Object.keys(files).sort());
  });

  it('takes every user whom a file of users may name', async () => {
    const names = ['con', 'aux.x', 'lpt1', 'bob.', 'bob.tmp', 'a..', 'nul', 'b-_.c', '0', 'a.b'];
    const good = names.filter((name) => userNamePattern.test(name));
    const trace = (name: string): string => `users/${name}/sessions/s/trace.jsonl`;
    const home = await fill(Object.fromEntries(good.map((name) => [trace(name), 'x'])));
    const { home: restored } = await restoreFresh(await save(home));
    assert.deepStrictEqual(await listAll(restored.path), good.map(trace).sort());
    const part = fc.constantFrom('con', 'aux', 'com1', 'tmp', '.', '-', '_', 'a', '7');
    const any = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(any, (name) => {
        const isUser = userNamePattern.test(name);
        assert.ok(!isUser || (isPlainName(name) && !name.endsWith('.tmp')), name);
      }),
    );
  });

  it('can bring back every backup that it made, and says which files are not in it', async function () {
    if (process.platform !== 'linux') {
      this.skip(); // other file systems have no such names
    }
    const deep = `prompts/${'a/'.repeat(20)}x.md`;
    const odd = ['prompts/a:b.md', 'prompts/aux/x.md', 'prompts/SYSTEM.md', deep];
    const hidden = ['prompts/.swp', `${session}/x.tmp`];
    const home = await fill(
      Object.fromEntries([...Object.keys(files), ...odd, ...hidden].map((name) => [name, 'x'])),
    );
    const file = path.join(folder(), 'backup.tar.gz');
    const backup = await createBackup(home, '1.0.0');
    await writeFile(file, backup.bytes);
    const { leftOut, files: count } = backup.readReport();
    assert.deepStrictEqual(
      [leftOut, count],
      [
        ['prompts/a/a/a/a/a/a/a/a/a/a/a/a', 'prompts/a:b.md', 'prompts/aux', 'prompts/system.md'],
        Object.keys(files).length,
      ],
    );
    const { home: restored } = await restoreFresh(file);
    const rest = Object.keys(files).filter((name) => name !== 'prompts/system.md');
    assert.deepStrictEqual(await listAll(restored.path), [...rest, 'prompts/SYSTEM.md'].sort());
  });

  it('ends without an error of its own when its reader fails', async () => {
    const text = randomBytes(3_000_000).toString('hex');
    const backup = await createBackup(await fill({ [`${session}/context-1.txt`]: text }), '1.0.0');
    const untaken: unknown[] = [];
    const note = (thrown: unknown): void => void untaken.push(thrown);
    process.on('unhandledRejection', note);
    try {
      for await (const chunk of backup.bytes) {
        assert.ok(chunk.length > 0);
        break; // as a writer does whose disk is full
      }
      for (let turn = 0; turn < 20; turn += 1) {
        await new Promise(setImmediate);
      }
    } finally {
      process.off('unhandledRejection', note);
    }
    assert.deepStrictEqual(untaken, []);
  });

  it('leaves a home as it was where a part of it cannot be moved in', async () => {
    const file = await save(await fill(files));
    const home = await fill({ users: 'a file where a folder belongs' }, 'half');
    await assert.rejects(restoreHome(home, file), { code: 'INTERNAL_ERROR' });
    assert.deepStrictEqual(await listAll(home.path), ['users']);
    assert.deepStrictEqual((await readdir(home.path)).sort(), ['engines', 'sessions', 'users']);
  });

  it('is whole after the next opening of the home, wherever a restore was cut short', async () => {
    const file = await save(await fill(files));
    const kept = ['prompts', 'sessions', 'users'];
    for (let moved = 0; moved <= kept.length; moved += 1) {
      const { home } = await restoreFresh(file);
      await mkdir(path.join(home.path, '.restored'));
      for (const name of kept.slice(moved)) {
        await rename(path.join(home.path, name), path.join(home.path, '.restored', name));
      }
      await mkdir(home.sessions, { recursive: true }); // as a home is made
      const again = await createHome(home.path);
      assert.deepStrictEqual(await listAll(again.path), Object.keys(files).sort(), String(moved));
      assert.deepStrictEqual((await readdir(again.path)).includes('.restored'), false);
      await assert.rejects(restoreHome(again, file), { code: 'INVALID_INPUT' });
    }
  });

  it('is nothing where it was cut short before all was unpacked, and the next one begins anew', async () => {
    const file = await save(await fill(files));
    const home = await createHome(path.join(folder(), 'cut'));
    await mkdir(path.join(home.path, '.restore-0123456789ab', 'users', 'mallory'), {
      recursive: true,
    });
    await createHome(home.path);
    assert.deepStrictEqual(await listAll(home.path), []);
    await restoreHome(home, file);
    assert.deepStrictEqual(await listAll(home.path), Object.keys(files).sort());
    assert.deepStrictEqual(
      (await readdir(home.path)).filter((name) => name.startsWith('.')),
      [],
    );
  });

  it('refuses a home that has sessions, users or an engine', async () => {
    const file = await save(await fill(files));
    for (const name of [
      `${session}/trace.jsonl`,
      'users/bob/sessions/x/trace.jsonl',
      'prompts/a.md',
    ]) {
      const home = await fill({ [name]: 'mine' }, `used-${name.length}`);
      await assert.rejects(restoreHome(home, file), { code: 'INVALID_INPUT' });
      assert.deepStrictEqual(await listAll(home.path), [name]);
    }
    const home = await createHome(path.join(folder(), 'running'));
    const engine = { engineId: 'engine-12345', url: null, token: null, version: '1' };
    const more = { pid: process.pid, startedAt: 0, takesClients: true };
    const running = await EngineFile.create(home, { ...engine, ...more });
    await assert.rejects(restoreHome(home, file), { code: 'INVALID_INPUT' });
    running.dispose();
  });

  it('refuses an archive with any byte changed or cut off, and leaves nothing behind', async () => {
    const small = Object.fromEntries(Object.entries(files).filter(([, text]) => text.length < 100));
    const whole = await readFile(await save(await fill(small)));
    const file = path.join(folder(), 'damaged.tar.gz');
    const home = await createHome(path.join(folder(), 'target'));
    const damage = fc.oneof(
      fc.nat(whole.length - 1).map((at) => whole.subarray(0, at)),
      fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ by;
        return changed;
      }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (bytes) => {
        await writeFile(file, bytes);
        const before = await listAll(home.path);
        try {
          await restoreHome(home, file);
        } catch (thrown) {
          assert.ok(thrown instanceof Error && 'code' in thrown);
          assert.deepStrictEqual(thrown.code, 'INVALID_INPUT', thrown.message);
          assert.deepStrictEqual(await listAll(home.path), before);
          return;
        }
        // Some bytes of gzip's head say nothing of the content.
        assert.deepStrictEqual(await listAll(home.path), Object.keys(small).sort());
        await rm(home.sessions, { recursive: true });
        await rm(path.join(home.path, 'users'), { recursive: true });
        await rm(path.join(home.path, 'prompts'), { recursive: true });
      }),
      { numRuns: 150 },
    );
  });

  interface Entry {
    readonly name: string;
    readonly type?: 'file' | 'symlink' | 'link' | 'directory' | 'fifo' | 'character-device';
    readonly linkname?: string;
    readonly text?: string;
  }

  const head = JSON.stringify({ format: 1, version: '1', created_at: '2026-01-01T00:00:00Z' });

  /** Well made but for its entries: their hashes are right. */
  const forge = async (entries: readonly Entry[], start = head): Promise<string> => {
    const file = path.join(folder(), 'forged.tar.gz');
    const tar = pack();
    const sums: Record<string, string> = {};
    tar.entry({ name: 'rlm-backup.json' }, start);
    for (const { name, type = 'file', linkname, text = 'evil' } of entries) {
      const isFile = type === 'file';
      const header = { name, type, ...(linkname === undefined ? {} : { linkname }) };
      tar.entry({ ...header, size: isFile ? Buffer.byteLength(text) : 0 }, isFile ? text : '');
      sums[name] = createHash('sha256').update(text).digest('hex');
    }
    tar.entry({ name: 'checksums.json' }, JSON.stringify(sums));
    tar.finalize();
    await pipeline(tar, createGzip(), createWriteStream(file));
    return file;
  };

  const good = `${session}/trace.jsonl`;
  const hostile: Readonly<Record<string, readonly Entry[]>> = {
    'a way up': [{ name: 'sessions/../../evil.txt' }],
    'a way up at the start': [{ name: '../evil.txt' }],
    'a way up at the end': [{ name: 'sessions/..' }],
    'the root': [{ name: '/etc/evil.txt' }],
    'a root after a folder': [{ name: 'sessions//etc/evil.txt' }],
    backslashes: [{ name: 'sessions\\..\\..\\evil.txt' }, { name: 'sessions/a\\b' }],
    'a drive': [{ name: 'C:/evil.txt' }, { name: 'sessions/C:/evil.txt' }],
    'a stream of a file': [{ name: 'sessions/a/trace.jsonl:hidden' }],
    'a device of Windows': [{ name: 'sessions/a/CON' }],
    'a name that Windows shortens': [{ name: 'sessions/a/trace.jsonl.' }],
    'a hidden file': [{ name: 'sessions/.ssh/authorized_keys' }],
    'an engine': [{ name: 'engines/engine-12345.json' }],
    'a file beside the folders': [{ name: 'evil.txt' }],
    'a folder as a file': [{ name: 'sessions' }],
    'a symbolic link': [{ name: good, type: 'symlink', linkname: '/etc/passwd' }],
    'a hard link': [{ name: good, type: 'link', linkname: '/etc/passwd' }],
    'a pipe': [{ name: good, type: 'fifo' }],
    'a device': [{ name: good, type: 'character-device' }],
    'a folder': [{ name: 'sessions/evil', type: 'directory' }],
    'a file twice': [{ name: good }, { name: good, text: 'other' }],
    'a file twice but for capitals': [{ name: good }, { name: good.replace('trace', 'TRACE') }],
    'a file that is a folder too': [{ name: 'sessions/a/b' }, { name: 'sessions/a/b/c' }],
    'a second head': [{ name: good }, { name: 'rlm-backup.json', text: head }],
    'a list before its end': [{ name: 'checksums.json', text: '{}' }, { name: good }],
    'control characters': [{ name: 'sessions/a/b\u001b[2J' }],
    'a name without end': [{ name: `sessions/${'a/'.repeat(30)}b` }],
  };
  for (const [what, entries] of Object.entries(hostile)) {
    it(`refuses ${what}`, async () => {
      const file = await forge(entries);
      const home = await createHome(path.join(folder(), 'deep', 'target'));
      await assert.rejects(restoreHome(home, file), { code: 'INVALID_INPUT' });
      assert.deepStrictEqual(
        (await listAll(folder())).filter((name) => name !== 'forged.tar.gz'),
        [],
      );
    });
  }

  it('refuses what is no backup: other files, heads, lists', async () => {
    const home = await createHome(path.join(folder(), 'target'));
    const heads = ['{}', 'null', '{', head.replace('"format":1', '"format":2')];
    for (const start of heads) {
      const file = await forge([{ name: good }], start);
      await assert.rejects(restoreHome(home, file), { code: 'INVALID_INPUT' }, start);
    }
    const file = path.join(folder(), 'other');
    for (const bytes of ['', 'text', gzipSync(''), gzipSync('text'.repeat(1_000))]) {
      await writeFile(file, bytes);
      await assert.rejects(restoreHome(home, file), { code: 'INVALID_INPUT' });
    }
    await assert.rejects(restoreHome(home, path.join(folder(), 'absent')));
    assert.deepStrictEqual(await listAll(home.path), []);
  });

  it('lets no path out of the home, whatever it is', () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '', 'sessions', 'users', 'a', 'A:', '\\', '..\\..', 'a\0'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (given) => {
        const name = given.join('/');
        let parts: readonly string[];
        try {
          parts = parseArchivePath(name);
        } catch {
          return;
        }
        assert.ok(parts.every(isPlainName));
        for (const system of [path.posix, path.win32]) {
          const { sep } = system;
          const target = system.join(sep, 'home', ...parts);
          const inside = system.relative(system.join(sep, 'home'), target);
          assert.deepStrictEqual(inside.split(sep), parts);
        }
      }),
    );
  });
});
