// `rlm-companion daytona` over a Daytona of our own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { FakeDaytona } from '../../support/fakeDaytona/fakeDaytona';
import { machineTag } from '../../../src/sandbox/native/owner';
import { FakeCli } from '../../unit/cli/fakeCli';

describe('rlm-companion daytona', () => {
  let fake: FakeDaytona;
  before(async () => (fake = await FakeDaytona.start()));
  after(() => fake.stop());
  beforeEach(() => {
    fake.sandboxes.clear();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const owners = {
      used: `${hostname()}:${process.pid}`,
      left: `${hostname()}:${gone}`,
      other: 'there:1',
    };
    for (const [name, owner] of Object.entries(owners)) {
      fake.addSandbox(name, {
        'rlm-companion': 'session',
        'rlm-companion.owner': owner,
        'rlm-companion.machine': machineTag,
        'rlm-companion.session': `s-${name}`,
      });
    }
    fake.addSandbox('namesake', {
      'rlm-companion': 'session',
      'rlm-companion.owner': `${hostname()}:${gone}`, // of a machine of the same name
      'rlm-companion.machine': '0123456789abcdef',
      'rlm-companion.session': 's-namesake',
    });
    fake.addSandbox('foreign', { project: 'not ours' });
  });
  const run = async (...args: readonly string[]) => {
    const env = { DAYTONA_API_URL: fake.apiUrl, DAYTONA_API_KEY: fake.key };
    const cli = new FakeCli({ env });
    const exitCode = await cli.run('daytona', ...args);
    return { exitCode, output: cli.output.text, errors: cli.errors.text };
  };
  const names = (): readonly string[] =>
    [...fake.sandboxes.values()].map(({ wish }) => wish.name ?? '').sort();

  it('lists those of sessions, with whose they are, and none of others', async () => {
    const { exitCode, output } = await run('list', '--json');
    const { sandboxes } = JSON.parse(output) as { sandboxes: Record<string, unknown>[] }; // our own
    assert.equal(exitCode, 0);
    assert.deepStrictEqual(
      sandboxes.map((one) => [one['session_id'], one['use']]),
      [
        ['s-used', 'in use'],
        ['s-left', 'left'],
        ['s-other', 'elsewhere'],
        ['s-namesake', 'elsewhere'],
      ],
    );
    assert.match((await run('list')).output, /left {2}session s-left/u);
  });

  it('deletes only what was left on this machine, and only when told so', async () => {
    const shown = await run('clean');
    assert.match(shown.output, /s-left/u);
    assert.match(shown.errors, /add --yes/u);
    assert.deepStrictEqual(names(), ['foreign', 'left', 'namesake', 'other', 'used']);
    assert.equal((await run('clean', '--yes')).exitCode, 0);
    assert.deepStrictEqual(names(), ['foreign', 'namesake', 'other', 'used']);
    assert.match((await run('clean', '--yes')).errors, /Nothing was left behind/u);
    await run('clean', '--yes', '--elsewhere');
    assert.deepStrictEqual(names(), ['foreign', 'used']);
  });

  it('lists more than a page of them', async () => {
    for (let count = 0; count < 230; count += 1) {
      fake.addSandbox(`many-${count}`, { 'rlm-companion': 'session' });
    }
    assert.equal((await run('list')).output.trim().split('\n').length, 234);
  });

  it('deletes the others where one cannot be, and names that one', async () => {
    const refused = { method: 'DELETE', path: /sandbox/u, status: 400, message: 'it has forks' };
    fake.faults.push(refused);
    const [, , ...elsewhere] = fake.sandboxes.keys();
    const { exitCode, errors } = await run('clean', '--yes', '--elsewhere');
    assert.notEqual(exitCode, 0);
    assert.match(errors, /Deleted 2\..*1 could not be deleted.*it has forks/su);
    assert.deepStrictEqual(names(), ['foreign', 'left', 'used']);
    assert.equal(elsewhere.length, 3);
  });

  it('says what to do without a key, and with a wrong one, which it does not show', async () => {
    for (const key of ['', 'dtn_wrong_key']) {
      const cli = new FakeCli({ env: { DAYTONA_API_URL: fake.apiUrl, DAYTONA_API_KEY: key } });
      assert.notEqual(await cli.run('daytona', 'list'), 0);
      assert.match(cli.errors.text, /DAYTONA_API_KEY/u);
      assert.ok(!cli.errors.text.includes('dtn_wrong_key'));
    }
  });
});
