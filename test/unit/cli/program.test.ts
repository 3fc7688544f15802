import assert from 'node:assert/strict';
import { FakeCli } from './fakeCli';

const commands = ['run', 'ask', 'tour', 'mcp', 'serve', 'sessions', 'trace', 'export', 'status'];

describe('rlm-companion', () => {
  it('lists its commands and exit codes with --help', async () => {
    const cli = new FakeCli();
    assert.equal(await cli.run('--help'), 0);
    for (const text of [...commands, '130  interrupted', '--home']) {
      assert.ok(cli.output.text.includes(text), text);
    }
  });

  for (const command of commands) {
    it(`shows an example in the help of ${command}`, async () => {
      const cli = new FakeCli();
      assert.equal(await cli.run(command, '--help'), 0);
      assert.match(cli.output.text, new RegExp(`Examples?:\\n[^]*\\$ .*${command}`, 'u'));
    });
  }

  it('prints the version', async () => {
    const cli = new FakeCli();
    assert.equal(await cli.run('--version'), 0);
    assert.equal(cli.output.text, '1.2.3\n');
  });

  const wrong: readonly (readonly string[])[] = [
    [],
    ['nosuch'],
    ['run'],
    ['run', 'a', '--max-steps', '0'],
    ['run', 'a', '--max-steps', '1.5'],
    ['run', 'a', '--language', 'ruby'],
    ['run', 'a', '--code', '/nowhere/at/all.py'],
    ['ask'],
    ['ask', 'only-a-question'],
    ['ask', 'a', 'why?', '--max-iterations', '101'],
    ['serve', '--port', '70000'],
    ['sessions', '--status', 'odd'],
    ['sessions', 'extra'],
    ['trace'],
    ['trace', 'a', '--from', '3', '--to', '2'],
    ['export', 'a'],
    ['export', 'a', '--format', 'pdf'],
    ['tour', '--language', 'javascript'],
    ['tour', '--code', 'a.py'],
  ];
  for (const args of wrong) {
    it(`ends with 2 and says why on stderr: ${args.join(' ') || '(nothing)'}`, async () => {
      const cli = new FakeCli();
      assert.equal(await cli.run(...args), 2);
      assert.equal(cli.output.text, '');
      assert.notEqual(cli.errors.text, '');
    });
  }

  it('says what to do next when something fails', async () => {
    const cli = new FakeCli();
    assert.equal(await cli.run('trace', '0198'), 1);
    assert.match(cli.errors.text, /^SESSION_NOT_FOUND: .*\nNext: .*sessions/u);
  });

  it('knows --home before and after the command', async () => {
    for (const args of [
      ['--home', '/h', 'status'],
      ['status', '--home', '/h'],
    ]) {
      const cli = new FakeCli({ cwd: '/' });
      await cli.run(...args);
      assert.match(cli.engineOptions?.home ?? '', /^(?:[A-Z]:\\|\/)h$/u);
    }
  });
});
