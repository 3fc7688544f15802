// Agents in containers: the real Codex behind the real podman, a planned model on this machine's loopback.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ContainerBoxes } from '../../../src/agents/boxes/containerBoxes';
import { toBoxName } from '../../../src/core/agent/agentBoxes';
import type { ThreadRequest } from '../../../src/core/agent/agentDriver';
import { findRuntime } from '../../../src/sandbox/native/container/runtimeCli';
import { findLack, testImage } from '../../support/backends';
import { requireCodex } from '../../support/codex';
import { type PlannedModel, patch, plan, run, startPlannedModel } from '../../support/plannedModel';
import { CodexAgents } from './codexAgents';

describe('agents in containers', function () {
  this.timeout(120_000);
  let agents: CodexAgents;
  let model: PlannedModel;

  before(async function () {
    const codex = await requireCodex(this);
    const lack = findLack('container');
    if (lack !== null) {
      if (process.env['CI']) {
        throw new Error(`Agents in containers cannot be tested: ${lack}.`);
      }
      process.stderr.write(`      agents in containers are not tested: ${lack}\n`);
      this.skip();
    }
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-boxes-')));
    model = await startPlannedModel();
    const boxes = new ContainerBoxes({
      readImage: async () => testImage,
      findRuntime: () => findRuntime('podman'),
      label: 'rlm-companion.test=boxes',
    });
    agents = new CodexAgents(codex, folder, model, {}, model.url, boxes, null);
  });
  after(async () => {
    if (agents) {
      await agents.end();
      await model.close();
      await untilGone();
      await rm(agents.folder, { recursive: true, force: true, maxRetries: 3 });
    }
  });

  const listContainers = (): string =>
    execFileSync(
      'podman',
      ['ps', '--all', '--quiet', '--filter', 'label=rlm-companion.test=boxes'],
      {
        encoding: 'utf8',
      },
    ).trim();
  async function untilGone(): Promise<void> {
    while (listContainers() !== '') {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function toInside(
    writes = true,
    more: Partial<ThreadRequest> = {},
  ): Promise<ThreadRequest> {
    const request = agents.toRequest({ sandbox: 'external' }, more);
    await mkdir(request.cwd, { recursive: true });
    return { ...request, inside: { folder: request.cwd, writes } };
  }

  it('work in the folder they are given, and in nothing else', async () => {
    const request = await toInside();
    await writeFile(path.join(agents.folder, 'secret.txt'), 'secret');
    const agent = await agents.start(request);
    const look = [
      'echo by command > command.txt',
      `ls ${agents.folder}; cat ${agents.folder}/secret.txt`,
      'touch /usr/x; ls -A /sys/class/net',
      'python3 -c "import socket; socket.create_connection((\'1.1.1.1\', 53), 2)" 2>&1 | tail -1',
      'cat /proc/1/environ /proc/self/environ | tr "\\0" "\\n" | cut -d= -f1 | sort -u',
      'id -u; grep -E "CapEff|NoNewPrivs" /proc/self/status; mount | grep -c overlay',
    ].join('; ');
    const ended = await agent.turn(
      plan([run(look), patch('*** Add File: patched.txt\n+by patch'), { say: 'done' }]),
    );
    assert.equal(ended.status, 'completed', JSON.stringify(agent.happened));
    const [command] = agent.all('commandEnded');
    assert.ok(command);
    const { output } = command;
    assert.doesNotMatch(output, /^secret$/mu);
    assert.match(output, /secret\.txt: No such file/u);
    assert.match(output, /\/usr\/x.*Read-only file system/u);
    assert.match(output, /^lo$/mu);
    assert.doesNotMatch(output, /^eth|^tap/mu);
    assert.match(output, /Network is unreachable/u);
    assert.doesNotMatch(output, /KEY|SECRET|DOCKER|XDG/u);
    assert.match(output, /CapEff:\s0000000000000000/u);
    assert.match(output, /NoNewPrivs:\s1/u);
    assert.equal(await readFile(path.join(request.cwd, 'command.txt'), 'utf8'), 'by command\n');
    assert.equal(await readFile(path.join(request.cwd, 'patched.txt'), 'utf8'), 'by patch\n');
    const [patched] = agent.all('patchEnded');
    assert.equal(patched?.patch.changes[0]?.path, path.join(request.cwd, 'patched.txt'));
    assert.ok((await agent.thread.stop()).isCertain);
    await untilGone();
  });

  it('change nothing where they only read', async () => {
    const request = await toInside(false);
    const agent = await agents.start(request);
    await agent.turn(plan([run('echo x > made.txt'), { say: 'done' }]));
    assert.match(agent.all('commandEnded')[0]?.output ?? '', /Read-only file system/u);
    assert.deepStrictEqual(await readdir(request.cwd), []);
    await agent.thread.stop();
    await untilGone();
  });

  it('are stopped with all that they have started', async () => {
    const request = await toInside();
    const agent = await agents.start(request);
    await agent.say(plan([run('setsid sleep 1000 & sleep 1000'), { say: 'never' }]));
    await agents.untilRunning(request, 2);
    const report = await agent.thread.stop();
    assert.ok(report.isCertain, JSON.stringify(report));
    await untilGone();
    assert.deepStrictEqual(await agents.listLeft(), []);
  });

  it('are gone when the engine is, and go on where they were', async () => {
    const request = await toInside();
    const agent = await agents.start(request);
    await agent.turn(plan([run('echo one > one.txt'), { say: 'first' }]));
    const { threadId } = agent.thread;
    agents.driver.dispose();
    await untilGone();
    agents.renew();
    const resumed = await agents.resume(threadId, request);
    const ended = await resumed.turn(plan([run('cat one.txt'), { say: 'second' }]));
    assert.equal(ended.status, 'completed');
    assert.equal(resumed.all('commandEnded')[0]?.output, 'one\n');
    assert.match(JSON.stringify(model.requests.at(-1)?.input), /first/u);
    await resumed.thread.stop();
    await untilGone();
  });

  it('end with what takes them down, and that is told', async () => {
    const agent = await agents.start(await toInside());
    await agent.say(plan([run('sleep 1000'), { say: 'never' }]));
    await agent.until('commandStarted');
    execFileSync('podman', ['kill', toBoxName(agents.runIds.at(-1) ?? '')], { stdio: 'ignore' });
    const { reason } = await agent.until('exited');
    assert.equal(reason, 'process ended');
    await untilGone();
  });

  for (const [what, change, message] of [
    ['with a network', { permissions: { network: true } }, /has no network/u],
    [
      'whose model is elsewhere',
      {
        configuration: {
          model_provider: 'far',
          'model_providers.far.base_url': 'https://x.example',
        },
      },
      /holds no key and has no network/u,
    ],
  ] as const) {
    it(`are refused ${what}`, async () => {
      const request = await toInside();
      const permissions = {
        ...request.permissions,
        ...('permissions' in change ? change.permissions : {}),
      };
      const given = { ...request, ...change, permissions };
      await assert.rejects(agents.start(given), message);
      assert.equal(listContainers(), '');
      assert.equal(
        existsSync(path.join(agents.folder, 'home', 'agents', 'boxes', request.runId)),
        false,
      );
    });
  }

  it('are refused where there is no such image, with the command that gets it', async () => {
    const boxes = new ContainerBoxes({
      readImage: async () => 'localhost/none:such',
      findRuntime: () => findRuntime('podman'),
      label: 'rlm-companion.test=boxes',
    });
    const other = new CodexAgents(agents.codex, agents.folder, model, {}, model.url, boxes, null);
    await assert.rejects(other.start(await toInside()), (error: Error & { nextStep?: string }) => {
      assert.match(error.message, /no image localhost\/none:such/u);
      assert.match(error.nextStep ?? '', /podman pull/u);
      return true;
    });
    await other.end();
  });
});
