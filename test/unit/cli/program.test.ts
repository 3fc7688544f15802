import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { exitCodes } from '../../../src/cli/failure';
import { limitRanges } from '../../../src/core/limits';
import { FakeCli } from './fakeCli';

const commands = ['run', 'ask', 'tour', 'mcp', 'serve', 'sessions', 'trace', 'export', 'status'];

describe('rlm-companion', () => {
  it('tells with help what --help tells, of a command too', async () => {
    for (const [asked, expected] of [
      [['help'], ['--help']],
      [
        ['help', 'run'],
        ['run', '--help'],
      ],
    ] as const) {
      const [cli, other] = [new FakeCli(), new FakeCli()];
      assert.deepStrictEqual([await cli.run(...asked), await other.run(...expected)], [0, 0]);
      assert.equal(cli.output.text + cli.errors.text, other.output.text + other.errors.text);
    }
  });

  it('lists its commands and exit codes with --help', async () => {
    const cli = new FakeCli();
    assert.equal(await cli.run('--help'), 0);
    for (const text of [...commands, '130  interrupted', '--home']) {
      assert.ok(cli.output.text.includes(text), text);
    }
  });

  it('lists in its help and in the README every exit code that it can end with', async () => {
    const cli = new FakeCli();
    await cli.run('--help');
    const readme = await readFile('README.md', 'utf8');
    for (const code of Object.values(exitCodes)) {
      assert.match(cli.output.text, new RegExp(`^  ${code} +\\S`, 'mu'));
      assert.match(readme, new RegExp(`^\\| +${code} \\| \\S`, 'mu'));
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

  const failures: readonly (readonly [readonly string[], number, string])[] = [
    [['trace', '0198', '--json'], 1, 'SESSION_NOT_FOUND'],
    [['sessions', '--json', '--nosuch'], 2, 'INVALID_INPUT'],
    [['sessions', '--json', '--limit', 'x'], 2, 'INVALID_INPUT'],
    [['nosuch', '--json'], 2, 'INVALID_INPUT'],
    [['run', '--json'], 2, 'INVALID_INPUT'],
    [['run', 'a', '--code', '/nowhere/at/all.py', '--json'], 2, 'INVALID_INPUT'],
    [['run', '/data/none.log', '--code', '-', '--json'], 2, 'INVALID_INPUT'],
    [['ask', 'only-a-question', '--json'], 2, 'INVALID_INPUT'],
    [['resume', '0198', '--json'], 1, 'SESSION_NOT_FOUND'],
    [['fork', '0198', '--json'], 1, 'SESSION_NOT_FOUND'],
  ];
  for (const [args, exitCode, code] of failures) {
    it(`tells the error as JSON: ${args.join(' ')}`, async () => {
      const cli = new FakeCli({ input: '' });
      assert.equal(await cli.run(...args), exitCode);
      const { error } = JSON.parse(cli.output.text) as { error: Record<string, string> }; // ours
      assert.deepStrictEqual(Object.keys(error), ['code', 'message', 'next_step']);
      assert.equal(error['code'], code);
      assert.notEqual(cli.errors.text, '');
    });
  }

  it('says what an unknown command or option may have been meant as', async () => {
    for (const [args, meant] of [
      [['sesions'], 'sessions'],
      [['run', 'a', '--max-step', '3'], '--max-steps'],
      [['trace', 'a', '--form', '3'], '--from'],
      [['status', '--jsn'], '--json'],
    ] as const) {
      const cli = new FakeCli();
      assert.equal(await cli.run(...args), 2);
      assert.match(cli.errors.text, new RegExp(`Did you mean ${meant}\\?`, 'u'));
    }
  });

  it('takes every guardrail of the contract wherever a session is opened', async () => {
    const flags = Object.keys(limitRanges).map(
      (name) => `--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)} `,
    );
    for (const command of ['run', 'ask', 'fork']) {
      const cli = new FakeCli();
      assert.equal(await cli.run(command, '--help'), 0);
      const missing = flags.filter((flag) => !cli.output.text.includes(flag));
      assert.deepStrictEqual(missing, [], command);
    }
  });

  it('hands every guardrail it is given to the session', async () => {
    const given = Object.entries(limitRanges).map(([name, { max }]) => [name, max - 1] as const);
    const args = given.flatMap(([name, value]) => [
      `--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`,
      String(value),
    ]);
    const cli = new FakeCli({ files: { '/data/a.log': 'x' }, input: '1' });
    const run = ['run', '/data/a.log', '--language', 'javascript', '--json'];
    assert.equal(await cli.run(...run, ...args), 0);
    const { summaries } = await cli.traces.listSummaries({ status: null, limit: 1, cursor: null });
    assert.deepStrictEqual(summaries[0]?.limits, Object.fromEntries(given));
  });

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
