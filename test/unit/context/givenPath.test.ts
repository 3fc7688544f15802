import assert from 'node:assert/strict';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { toRlmError } from '../../../src/core/errors';
import {
  createFixture,
  type Fixture,
  isError,
  linkOrSkip,
  runUnprivileged,
} from './contextFixture';

describe('paths given to the context reader', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
    await fixture.write({
      'a.txt': 'a',
      'src/main.ts': 'main',
      '../outside/secret.txt': 'secret',
      '../root-evil/secret.txt': 'secret',
    });
  });

  afterEach(() => fixture.dispose());

  it('must lie inside an allowed folder, by whole segments', async () => {
    const outside = [
      '../outside/secret.txt',
      'src/../../outside/secret.txt',
      `${fixture.root}-evil/secret.txt`,
      `${fixture.root}/../outside`,
      '..',
      '../outside/*.txt',
      pathToFileURL(path.join(fixture.outside, 'secret.txt')).href,
      '/',
    ];
    for (const given of outside) {
      await assert.rejects(
        fixture.read(given),
        isError('PATH_NOT_ALLOWED', fixture.root, '--root', 'workspace'),
        given,
      );
    }
  });

  it('do not tell whether anything exists outside', async () => {
    await assert.rejects(fixture.read('../outside/none.txt'), isError('PATH_NOT_ALLOWED'));
    await assert.rejects(fixture.read('../nowhere/none.txt'), isError('PATH_NOT_ALLOWED'));
  });

  it('are refused when links lead them outside', async function () {
    await linkOrSkip(this, fixture.outside, path.join(fixture.root, 'link'));
    for (const given of ['link', 'link/secret.txt', 'link/none.txt', 'link/*.txt']) {
      await assert.rejects(fixture.read(given), isError('PATH_NOT_ALLOWED'), given);
    }
  });

  it('may lead through links that stay inside', async function () {
    await linkOrSkip(this, path.join(fixture.root, 'src'), path.join(fixture.root, 'link'));
    assert.deepStrictEqual((await fixture.read('link/main.ts')).sources, [
      ['link/main.ts', 'main'],
    ]);
  });

  it('are allowed through a root that is itself a link', async function () {
    const link = path.join(fixture.top, 'link');
    await linkOrSkip(this, fixture.root, link);
    const options = { roots: () => [link], baseFolder: link };
    assert.deepStrictEqual((await fixture.read('a.txt', options)).sources, [['a.txt', 'a']]);
    const absolute = path.join(fixture.root, 'a.txt');
    assert.deepStrictEqual((await fixture.read(absolute, options)).sources, [['a.txt', 'a']]);
  });

  it('are refused as missing with near matches', async () => {
    const src = path.join(fixture.root, 'src');
    await assert.rejects(
      fixture.read('src/mian.ts'),
      isError('INVALID_INPUT', 'src/mian.ts', `Did you mean ${path.join(src, 'main.ts')}?`),
    );
    await assert.rejects(fixture.read('scr/main.ts'), isError('INVALID_INPUT', `mean ${src}?`));
    await assert.rejects(fixture.read('entirely-else'), isError('INVALID_INPUT', 'Check the path'));
    for (const given of ['a.txt, b.txt', 'a.txt,src/main.ts', 'none.txt; a.txt', 'a.txt\nb.txt']) {
      await assert.rejects(fixture.read(given), isError('INVALID_INPUT', '["a.txt", "b.txt"]'));
    }
    await assert.rejects(fixture.read('a.txt/below'), isError('INVALID_INPUT', 'does not exist'));
  });

  it('are refused when they are no paths at all', async () => {
    for (const given of ['', '  ', 'a.txt\0.png', 'file:///a%00b', 'file://%', 'x'.repeat(5_000)]) {
      await assert.rejects(fixture.read(given), isError('INVALID_INPUT'), JSON.stringify(given));
    }
  });

  it('with trailing dots never reach outside', async () => {
    for (const given of ['a.txt.', '.../outside/secret.txt', 'src/...', 'a.txt/..../x']) {
      const outcome = await fixture.read(given).then(
        ({ sources }) => sources.map(([, text]) => text).join(),
        (error: unknown) => toRlmError(error).code,
      );
      // Windows drops trailing dots of a name, other systems keep them.
      assert.ok(['a', 'INVALID_INPUT'].includes(outcome), `${given}: ${outcome}`);
    }
  });

  it('are refused when a link runs in a circle', async function () {
    await linkOrSkip(this, path.join(fixture.root, 'loop'), path.join(fixture.root, 'loop'));
    await assert.rejects(fixture.read('loop'), isError('INVALID_INPUT', 'loop of links'));
  });

  it('are refused when a file or folder named directly cannot be read', async function () {
    if (process.platform === 'win32') {
      this.skip(); // permissions there are not modes
    }
    await mkdir(path.join(fixture.root, 'closed'));
    await chmod(path.join(fixture.root, 'a.txt'), 0o000);
    await chmod(path.join(fixture.root, 'closed'), 0o000);
    await runUnprivileged(async () => {
      for (const given of ['a.txt', 'closed', 'closed/x.txt', 'closed/*.txt']) {
        await assert.rejects(fixture.read(given), isError('INVALID_INPUT', 'EACCES'), given);
      }
    });
    await chmod(path.join(fixture.root, 'closed'), 0o755);
  });

  it('are globs only when no such file is there', async () => {
    const options = { maxFiles: 10 };
    await fixture.write({ 'app/[id]/page.ts': 'route', 'app/i/page.ts': 'other' });
    assert.deepStrictEqual((await fixture.read('app/[id]/page.ts', options)).sources, [
      ['app/[id]/page.ts', 'route'],
    ]);
    assert.deepStrictEqual((await fixture.read('app/[id]/*.ts', options)).sources, [
      ['app/[id]/page.ts', 'route'],
    ]);
    assert.deepStrictEqual((await fixture.read('app/[ij]/page.ts', options)).sources, [
      ['app/i/page.ts', 'other'],
    ]);
  });

  it('are refused when they name a device', async function () {
    if (process.platform === 'win32') {
      this.skip(); // it has no device files
    }
    await symlink('/dev/null', path.join(fixture.root, 'null'));
    await assert.rejects(
      fixture.read('null', { roots: () => ['/'] }),
      isError('INVALID_INPUT', 'a device'),
    );
  });
});
