import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { useTempFolder } from '../../../support/tempFolder';
import { FakeCli } from '../fakeCli';

describe('the command profiles', () => {
  const folder = useTempFolder();
  const createCli = (): FakeCli => new FakeCli({ cwd: folder() });

  it('lists those that come with the program', async () => {
    const cli = createCli();
    assert.equal(await cli.run('profiles', 'list'), 0);
    const ids = cli.output.text
      .trimEnd()
      .split('\n')
      .map((row) => row.split(/\s/u)[0]);
    assert.deepStrictEqual(ids, [
      'ID',
      'code_reviewer',
      'data_migration',
      'generalist',
      'test_writer',
    ]);
  });

  it('shows one as it is when merged', async () => {
    const cli = createCli();
    assert.equal(await cli.run('profiles', 'show', 'code_reviewer'), 0);
    assert.match(cli.output.text, /sandbox +read-only, without network/u);
    assert.equal(await createCli().run('profiles', 'show', 'nobody'), 1);
  });

  it('new writes one that is right, and never over one that is there', async () => {
    await mkdir(path.join(folder(), 'profiles'), { recursive: true });
    const cli = createCli();
    assert.equal(await cli.run('profiles', 'new', 'mine', '--extends', 'test_writer'), 0);
    const file = cli.output.text.trim();
    assert.match(await readFile(file, 'utf8'), /extends: test_writer/u);
    assert.equal(await createCli().run('profiles', 'validate', file), 0);
    assert.notEqual(await createCli().run('profiles', 'new', 'mine'), 0);
  });

  it('new writes nothing for what is no id', async () => {
    for (const id of [
      '../x',
      'a/b',
      '/tmp/x',
      'A',
      'a b',
      '',
      '..',
      'é',
      'a.yaml',
      'x'.repeat(65),
    ]) {
      const cli = createCli();
      assert.equal(await cli.run('profiles', 'new', id), 2, id);
      assert.equal(cli.output.text, '');
    }
    assert.deepStrictEqual(await readdir(folder()), []);
  });

  it('validate tells file, line and key of each fault, and fails', async () => {
    const file = path.join(folder(), 'wrong.yaml');
    await writeFile(file, 'title: A\nsandbx: none\nlimits: { tokens: x }\n');
    const cli = createCli();
    assert.equal(await cli.run('profiles', 'validate', file), 1);
    assert.match(cli.errors.text, /wrong\.yaml:2: sandbx/u);
    assert.match(cli.errors.text, /wrong\.yaml:3: limits\.tokens/u);
  });

  it('validate without files fails where a workspace’s profile would widen the user’s', async () => {
    await mkdir(path.join(folder(), '.rlm', 'profiles'), { recursive: true });
    await writeFile(path.join(folder(), '.rlm', 'profiles', 'generalist.yaml'), 'network: true\n');
    const cli = createCli();
    assert.equal(await cli.run('profiles', 'validate'), 1);
    assert.match(cli.errors.text, /network would be wider/u);
    assert.match(cli.output.text, /3 right, 1 wrong/u);
  });
});
