// `rlm-companion kubernetes` over a cluster of our own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { type FakeCluster, startFakeCluster } from '../../support/fakeKubernetes/fakeCluster';
import { machineTag } from '../../../src/sandbox/native/owner';
import { FakeCli } from '../../unit/cli/fakeCli';

describe('rlm-companion kubernetes', () => {
  let cluster: FakeCluster;
  before(async () => (cluster = await startFakeCluster()));
  after(() => cluster.fake.stop());
  beforeEach(() => {
    cluster.fake.pods.clear();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const owners = {
      used: `${hostname()}:${process.ppid}`,
      earlier: `${hostname()}:${process.pid}`, // this number was another process's before
      left: `${hostname()}:${gone}`,
      other: 'there:1',
    };
    const name = { 'app.kubernetes.io/name': 'rlm-companion-session' };
    for (const [id, owner] of Object.entries(owners)) {
      const labels = { ...name, 'rlm.session': `s-${id}`, 'rlm.engine': 'e' };
      cluster.fake.addPod(id, labels, {
        'rlm-companion/owner': owner,
        'rlm-companion/machine': machineTag,
      });
    }
    cluster.fake.addPod('foreign', { 'app.kubernetes.io/name': 'web' });
  });
  const run = async (...args: readonly string[]) => {
    const cli = new FakeCli({ env: { KUBECONFIG: cluster.kubeconfig } });
    const exitCode = await cli.run('kubernetes', ...args);
    return { exitCode, output: cli.output.text, errors: cli.errors.text };
  };
  const names = (): readonly string[] => [...cluster.fake.pods.keys()].sort();

  it('lists those of sessions, with whose they are, and none of others', async () => {
    const { exitCode, output } = await run('list', '--json');
    const { pods } = JSON.parse(output) as { pods: Record<string, unknown>[] }; // our own
    assert.equal(exitCode, 0);
    assert.deepStrictEqual(
      pods.map((one) => [one['session_id'], one['use']]),
      [
        ['s-used', 'in use'],
        ['s-earlier', 'left'],
        ['s-left', 'left'],
        ['s-other', 'elsewhere'],
      ],
    );
  });

  it('deletes only what was left on this machine, and only when told so', async () => {
    const shown = await run('clean');
    assert.match(shown.errors, /add --yes/u);
    assert.equal(names().length, 5);
    assert.equal((await run('clean', '--yes')).exitCode, 0);
    assert.deepStrictEqual(names(), ['foreign', 'other', 'used']);
    await run('clean', '--yes', '--elsewhere');
    assert.deepStrictEqual(names(), ['foreign', 'used']);
  });

  it('lists more than a page of them', async () => {
    for (let count = 0; count < 230; count += 1) {
      cluster.fake.addPod(`many-${count}`, { 'app.kubernetes.io/name': 'rlm-companion-session' });
    }
    assert.equal((await run('list')).output.trim().split('\n').length, 234);
  });

  it('says what to do without a cluster, and with a wrong token, which it does not show', async () => {
    const cli = new FakeCli({ env: { KUBECONFIG: '/no/such/file' } });
    assert.notEqual(await cli.run('kubernetes', 'list'), 0);
    assert.match(cli.errors.text, /KUBECONFIG/u);
    const old = cluster.fake.token;
    cluster.fake.token = 'another';
    const { errors } = await run('list');
    assert.match(errors, /answered 401/u);
    assert.ok(!errors.includes(old));
    cluster.fake.token = old;
  });
});
