import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  createFixture,
  type Fixture,
  isError,
  linkOrSkip,
  runUnprivileged,
} from './contextFixture';

describe('folders and globs', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
  });

  afterEach(() => fixture.dispose());

  async function readNames(given: string, options = {}): Promise<readonly string[]> {
    return (await fixture.read(given, options)).sources.map(([name]) => name);
  }

  it('come in code-unit order of their paths, hidden files included', async () => {
    await fixture.write({ 'a/x': '', 'a.txt': '', B: '', é: '', '.hidden/y': '', 'a/é/z': '' });
    assert.deepStrictEqual(await readNames('.'), ['.hidden/y', 'B', 'a.txt', 'a/x', 'a/é/z', 'é']);
  });

  it('keep odd names: backslash, newline, brackets', async function () {
    if (process.platform === 'win32') {
      this.skip(); // such names cannot exist there
    }
    await fixture.write({ 'we\\ird/[x]\n.txt': 'x' });
    assert.deepStrictEqual(await readNames('.'), ['we\\ird/[x]\n.txt']);
  });

  it('leave out .git and node_modules, and say so', async () => {
    await fixture.write({ '.git/config': '', 'node_modules/x/i.js': '', 'a.js': '' });
    const { sources, skipped } = await fixture.read('.');
    assert.deepStrictEqual(
      { sources, skipped },
      {
        sources: [['a.js', '']],
        skipped: [
          { path: '.git', reason: 'read only when named itself' },
          { path: 'node_modules', reason: 'read only when named itself' },
        ],
      },
    );
    assert.deepStrictEqual(await readNames('**/*.js'), ['a.js']);
  });

  it('read .git and node_modules when the path points inside', async () => {
    await fixture.write({ '.git/config': '', 'node_modules/x/i.js': '', '.gitignore': 'node_*' });
    assert.deepStrictEqual(await readNames('.git'), ['.git/config']);
    assert.deepStrictEqual(await readNames('node_modules/x'), ['node_modules/x/i.js']);
    assert.deepStrictEqual(await readNames('node_modules/**/*.js'), ['node_modules/x/i.js']);
  });

  it('follow .gitignore with negation, nesting and anchors', async () => {
    await fixture.write({
      '.gitignore': '*.log\n!keep.log\n/top.txt\nbuild/\n# comment\n',
      'a.log': '',
      'keep.log': '',
      'top.txt': '',
      'sub/top.txt': '',
      'sub/.gitignore': '!a.log\n/here.txt\n!build/\n',
      'sub/a.log': '',
      'sub/b.log': '',
      'sub/here.txt': '',
      'sub/deep/here.txt': '',
      'sub/deep/a.log': '',
      'sub/build/x': '',
      'build/x': '',
    });
    const { sources, skipped } = await fixture.read('.');
    assert.deepStrictEqual(
      sources.map(([name]) => name),
      [
        '.gitignore',
        'keep.log',
        'sub/.gitignore',
        'sub/a.log',
        'sub/build/x',
        'sub/deep/a.log',
        'sub/deep/here.txt',
        'sub/top.txt',
      ],
    );
    assert.deepStrictEqual(
      skipped.map((skip) => [skip.path, skip.reason]),
      [
        ['a.log', 'ignored by *.log in .gitignore'],
        ['build', 'ignored by build/ in .gitignore'],
        ['sub/b.log', 'ignored by *.log in .gitignore'],
        ['sub/here.txt', 'ignored by /here.txt in .gitignore'],
        ['top.txt', 'ignored by /top.txt in .gitignore'],
      ],
    );
  });

  it('follow .gitignore files of the folders above, and take a pattern at its word', async () => {
    await fixture.write({
      'repo/.git/HEAD': '',
      'repo/.gitignore': '*.log\n/sub/dist/\n',
      'repo/sub/a.log': '',
      'repo/sub/dist/b.log': '',
      'repo/sub/deep/c.log': '',
      'repo/sub/deep/.gitignore': 'd.txt\n',
      'repo/sub/deep/d.txt': '',
    });
    const { sources, skipped } = await fixture.read('repo/sub');
    assert.deepStrictEqual(
      sources.map(([name]) => name),
      ['repo/sub/deep/.gitignore'],
    );
    assert.deepStrictEqual(
      skipped.map((skip) => [skip.path, skip.reason]),
      [
        ['repo/sub/a.log', 'ignored by *.log in .gitignore'],
        ['repo/sub/deep/c.log', 'ignored by *.log in .gitignore'],
        ['repo/sub/deep/d.txt', 'ignored by d.txt in .gitignore'],
        ['repo/sub/dist', 'ignored by /sub/dist/ in .gitignore'],
      ],
    );
    assert.deepStrictEqual(await readNames('repo/sub/*.log'), ['repo/sub/a.log']);
    const all = await fixture.read('repo/**/*.log');
    assert.deepStrictEqual(
      all.sources.map(([name]) => name),
      ['repo/sub/a.log', 'repo/sub/deep/c.log'],
    );
    assert.deepStrictEqual(all.skipped, [
      { path: 'repo/sub/dist', reason: 'ignored by /sub/dist/ in .gitignore' },
    ]);
  });

  /** Rules at the top, with or without a repository, against a folder that is named itself. */
  const namedFolders: readonly (readonly [
    rules: string,
    named: string,
    read: readonly string[],
  ])[] = [
    ['*.tmp', 'logs/app', ['a.txt', 'deep/b.txt']],
    ['logs/', 'logs/app', ['a.txt', 'c.tmp', 'deep/b.txt', 'deep/d.tmp']],
    ['logs/\n*.tmp', 'logs/app', ['a.txt', 'deep/b.txt']],
    ['app/\n*.tmp', 'logs/app', ['a.txt', 'deep/b.txt']],
    ['logs/app/*', 'logs/app', ['a.txt', 'c.tmp', 'deep/b.txt', 'deep/d.tmp']],
    ['**/app/**', 'logs/app', ['a.txt', 'c.tmp', 'deep/b.txt', 'deep/d.tmp']],
    ['logs/*\n!logs/keep', 'logs/app', ['a.txt', 'c.tmp', 'deep/b.txt', 'deep/d.tmp']],
    ['*\n!*/\n!*.txt', 'logs/app', ['a.txt', 'deep/b.txt']],
    ['*\n!*.txt', 'logs/app', ['a.txt', 'c.tmp', 'deep/b.txt', 'deep/d.tmp']],
    ['deep', 'logs/app', ['a.txt', 'c.tmp']],
    ['/logs/app/deep/d.tmp', 'logs/app', ['a.txt', 'c.tmp', 'deep/b.txt']],
    ['logs/app/deep/', 'logs/app', ['a.txt', 'c.tmp']],
    ['*.tmp', 'logs/app/**/*', ['a.txt', 'deep/b.txt']],
    ['*.tmp', 'logs/app/**/*.tmp', ['c.tmp', 'deep/d.tmp']],
    ['deep/', 'logs/app/**/*.txt', ['a.txt']],
  ];
  for (const [rules, named, read] of namedFolders) {
    for (const kind of ['a repository', 'a folder that may be read']) {
      it(`read of ${named} in ${kind} with ${JSON.stringify(rules)} only ${read.join(', ')}, and name the rest`, async () => {
        const files = ['a.txt', 'c.tmp', 'deep/b.txt', 'deep/d.tmp'];
        await fixture.write({
          '.gitignore': rules,
          ...(kind === 'a repository' ? { '.git/HEAD': '' } : {}),
          ...Object.fromEntries(files.map((file) => [`logs/app/${file}`, ''])),
        });
        const { sources, skipped } = await fixture.read(named);
        assert.deepStrictEqual(
          sources.map(([name]) => name),
          read.map((file) => `logs/app/${file}`),
        );
        const unread = files
          .filter(
            (file) =>
              !read.includes(file) &&
              (!named.includes('*') || file.endsWith(named.slice(-4)) || named.endsWith('/*')),
          )
          .map((file) => `logs/app/${file}`);
        const untold = unread.filter(
          (file) => !skipped.some(({ path: told }) => file === told || file.startsWith(`${told}/`)),
        );
        assert.deepStrictEqual(untold, []);
        const all = await fixture.read(named.replace(/\/\*.*$/u, ''), { includeIgnored: true });
        assert.deepStrictEqual(all.sources.length, files.length);
      });
    }
  }

  it('read what rules rule out when told to, and say how when they are not', async () => {
    await fixture.write({
      '.gitignore': '*.log\nout/\n',
      'a.log': '',
      'out/b.txt': '',
      'c.txt': '',
    });
    const { sources } = await fixture.read('.', { includeIgnored: true });
    assert.deepStrictEqual(
      sources.map(([name]) => name),
      ['.gitignore', 'a.log', 'c.txt', 'out/b.txt'],
    );
    const { warnings } = await fixture.read('.');
    assert.deepStrictEqual(
      warnings.map((warning) => warning.includes('include_ignored')),
      [true, true],
    );
    assert.deepStrictEqual(await readNames('*.log'), ['a.log']);
    await assert.rejects(fixture.read('**/b.txt'), isError('INVALID_INPUT'));
  });

  const long = `${'x'.repeat(1_001)}*`;
  for (const [name, tree, told] of [
    ['a long line', { '.gitignore': `a.log\n${long}\n` }, ['.gitignore', 'a line']],
    ['long lines', { '.gitignore': `${long}\n!${long}\n# ${long}` }, ['.gitignore', '2 lines']],
    ['one below', { 'sub/.gitignore': long, 'sub/a': '' }, ['sub/.gitignore', 'a line']],
    ['too large a file', { '.gitignore': '#\n'.repeat(600_000) }, ['.gitignore', 'over 1.0 MB']],
    ['a folder of the name', { '.gitignore/x': '' }, ['.gitignore', 'no file']],
  ] as const) {
    it(`say that ${name} of rules was not followed`, async () => {
      await fixture.write({ '.git/HEAD': '', 'a.txt': '', ...tree });
      for (const given of ['.', '**/*']) {
        const { warnings } = await fixture.read(given);
        assert.deepStrictEqual(warnings.length, 1, warnings.join('\n'));
        assert.ok(
          told.every((word) => warnings[0]?.includes(word)),
          warnings[0],
        );
        assert.match(warnings[0] ?? '', /not followed/u);
      }
      assert.deepStrictEqual((await fixture.read('.', { includeIgnored: true })).warnings, []);
    });
  }

  it('say so of the folders above, too', async () => {
    await fixture.write({ '.git/HEAD': '', '.gitignore': long, 'sub/a.txt': '' });
    assert.match((await fixture.read('sub')).warnings.join(), /^\.gitignore: has a line/u);
  });

  it('tell at most 40 kinds of doubt, and of long paths the end', async () => {
    const rules = Array.from({ length: 60 }, (_one, at) => `x${at}`);
    const names = Object.fromEntries(rules.map((rule) => [rule, '']));
    await fixture.write({ '.gitignore': rules.join('\n'), ...names, 'a.txt': '' });
    const { warnings } = await fixture.read('.');
    assert.deepStrictEqual([warnings.length, warnings.at(-1)?.startsWith('20 more')], [41, true]);
  });

  it('refuse patterns that could take for ever', async () => {
    await fixture.write({ 'a.txt': '' });
    for (const pattern of [
      '*a*a*a*a*b',
      `${'**/'.repeat(6)}x`,
      '+(a|*)b',
      'a'.repeat(1_001) + '*',
    ]) {
      await assert.rejects(fixture.read(pattern), isError('INVALID_INPUT', 'wildcards'));
    }
  });

  it('read an ignored folder that is named itself', async () => {
    await fixture.write({ '.git/HEAD': '', '.gitignore': 'out/\n', 'out/a.txt': '' });
    assert.deepStrictEqual(await readNames('out'), ['out/a.txt']);
  });

  it('treat globs like folders, dot files only where the pattern names them', async () => {
    await fixture.write({
      '.gitignore': '*.gen.ts\n',
      'a.ts': '',
      '.b.ts': '',
      '.config/c.ts': '',
      'src/d.ts': '',
      'src/e.gen.ts': '',
      'src/deep/f.ts': '',
    });
    assert.deepStrictEqual(await readNames('*.ts'), ['a.ts']);
    assert.deepStrictEqual(await readNames('**/*.ts'), ['a.ts', 'src/d.ts', 'src/deep/f.ts']);
    assert.deepStrictEqual(await readNames('**/.*.ts'), ['.b.ts']);
    assert.deepStrictEqual(await readNames('.config/*'), ['.config/c.ts']);
    assert.deepStrictEqual(await readNames('src/{d,deep/f}.ts'), ['src/d.ts', 'src/deep/f.ts']);
    const absolute = path.join(fixture.root, 's*', '*.ts');
    assert.deepStrictEqual((await fixture.read(absolute)).skipped, [
      { path: 'src/e.gen.ts', reason: 'ignored by *.gen.ts in .gitignore' },
    ]);
  });

  it('cannot be globbed to the outside', async () => {
    await fixture.write({ 'a/x.txt': '', '../outside/secret.txt': 'secret' });
    for (const given of ['*/../../outside/*', '{a,../outside}/*.txt', '@(a|..)/../outside/*']) {
      const names = await readNames(given).catch((error: unknown) => {
        assert.ok(isError('PATH_NOT_ALLOWED')(error) || isError('INVALID_INPUT')(error), given);
        return [];
      });
      assert.deepStrictEqual(
        names.filter((name) => name.includes('secret')),
        [],
      );
    }
  });

  it('skip links that lead outside or nowhere', async function () {
    await fixture.write({ 'a.txt': 'a', '../outside/secret.txt': 'secret' });
    await linkOrSkip(this, fixture.outside, path.join(fixture.root, 'folder'));
    await linkOrSkip(
      this,
      path.join(fixture.outside, 'secret.txt'),
      path.join(fixture.root, 'file'),
    );
    await linkOrSkip(this, path.join(fixture.root, 'gone'), path.join(fixture.root, 'dangling'));
    const { sources, skipped } = await fixture.read('.');
    assert.deepStrictEqual(sources, [['a.txt', 'a']]);
    assert.deepStrictEqual(
      skipped.map(({ path: name, reason }) => [name, reason.split(':')[0]]),
      [
        ['dangling', 'a link that leads nowhere'],
        ['file', 'a link that leads outside the folders that may be read'],
        ['folder', 'a link that leads outside the folders that may be read'],
      ],
    );
  });

  it('end where links run in circles', async function () {
    await fixture.write({ 'a/x.txt': 'x', 'b/y.txt': 'y' });
    const at = (name: string): string => path.join(fixture.root, name);
    await linkOrSkip(this, at('b'), at('a/to-b'));
    await linkOrSkip(this, at('a'), at('b/to-a'));
    await linkOrSkip(this, fixture.root, at('a/up'));
    assert.deepStrictEqual(await readNames('.'), ['a/x.txt', 'b/y.txt']);
    assert.deepStrictEqual(await readNames('**/*.txt'), ['a/x.txt', 'b/y.txt']);
  });

  it('follow links inside the roots, and read a file once that is reached twice', async function () {
    await fixture.write({ 'docs/a.txt': 'a', 'shared/b.txt': 'b', 'shared/.gitignore': '*.tmp' });
    await fixture.write({ 'shared/c.tmp': '', 'docs/node_modules/d.txt': '' });
    const at = (name: string): string => path.join(fixture.root, name);
    await linkOrSkip(this, at('shared'), at('docs/linked'));
    await linkOrSkip(this, at('docs/a.txt'), at('docs/0.txt'));
    await linkOrSkip(this, at('docs/node_modules'), at('docs/modules'));
    assert.deepStrictEqual(await readNames('docs'), [
      'docs/a.txt',
      'docs/linked/.gitignore',
      'docs/linked/b.txt',
    ]);
  });

  it('skip what cannot be read, with the reason', async function () {
    if (process.platform === 'win32') {
      this.skip(); // permissions there are not modes
    }
    await fixture.write({ 'a.txt': 'a', 'b.txt': 'b', 'closed/c.txt': 'c' });
    await mkdir(path.join(fixture.root, 'sub'));
    await chmod(path.join(fixture.root, 'b.txt'), 0o000);
    await chmod(path.join(fixture.root, 'closed'), 0o000);
    const { sources, skipped } = await runUnprivileged(() => fixture.read('.'));
    await chmod(path.join(fixture.root, 'closed'), 0o755);
    assert.deepStrictEqual(sources, [['a.txt', 'a']]);
    assert.deepStrictEqual(skipped, [
      { path: 'b.txt', reason: 'not readable: no permission (EACCES)' },
      { path: 'closed', reason: 'not readable: no permission (EACCES)' },
    ]);
  });
});
