// That stop stops, and what is left when the process of the real Codex dies.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SandboxMode } from '../../../src/core/agent/agentDriver';
import { patch, plan, run } from '../../support/plannedModel';
import { useCodexAgents } from './codexAgents';

const sleepers = '(setsid sleep 600 &); nohup sleep 601 & echo on; sleep 602';

describe('an agent of Codex that is stopped', function () {
  this.timeout(120_000);
  const agents = useCodexAgents();

  for (const sandbox of [
    'workspace-write',
    'danger-full-access',
  ] as const satisfies SandboxMode[]) {
    it(`leaves no process, in sandbox ${sandbox}`, async () => {
      const names = ['a', 'b', 'c', 'd'];
      const running = await Promise.all(
        names.map(async () => {
          const request = agents().toRequest({ sandbox });
          const agent = await agents().start(request);
          await agent.say(plan([run(sleepers), { say: 'Never.' }]));
          await agents().untilRunning(request, 3);
          await agent.until('commandStarted');
          return agent;
        }),
      );
      const reports = await Promise.all(running.map(({ thread }) => thread.stop()));
      assert.deepStrictEqual(
        reports.map(({ isCertain, measures }) => [isCertain, measures.includes('process killed')]),
        names.map(() => [true, false]),
      );
      assert.deepStrictEqual(await agents().listLeft(), []);
      for (const agent of running) {
        assert.deepStrictEqual(
          [
            agent.all('commandEnded').map(({ status }) => status),
            agent.all('turnEnded').map(({ status }) => status),
            agent.kinds().at(-1),
          ],
          [['interrupted'], ['interrupted'], 'exited'],
        );
        await assert.rejects(agent.say('More.'), { code: 'BACKEND_UNAVAILABLE' });
      }
    });
  }

  it('is resumed with what it knew and what it may', async () => {
    const request = agents().toRequest({ writableRoots: [agents().folder] });
    const first = await agents().start(request);
    await first.turn(plan([{ say: 'Known.' }]));
    await first.thread.stop();
    const again = await agents().resume(first.thread.threadId, request);
    await again.turn(plan([{ say: 'Again.' }]));
    assert.deepStrictEqual(
      [again.thread.effective, agents().model.requests.at(-1)?.input.includes('Known.')],
      [first.thread.effective, true],
    );
  });

  it('is not there when there is no such thread', async () => {
    const request = agents().toRequest();
    await assert.rejects(agents().resume('01a1fbad-61fb-7000-8000-000000000000', request), {
      code: 'AGENT_NOT_FOUND',
    });
  });
});

describe('an agent of Codex whose process is killed', function () {
  this.timeout(120_000);
  const agents = useCodexAgents();

  it('is told as interrupted, and goes on in a new process with the same walls and a whole record', async () => {
    const outside = path.join(agents().folder, 'outside.txt');
    const request = agents().toRequest({ approvals: 'on-request' });
    const first = await agents().start(request);
    await first.say(plan([run('sleep 600'), { say: 'Never.' }]));
    await agents().untilRunning(request, 1);
    await first.until('commandStarted');
    const { pid } = await agents().driver.readStatus();
    process.kill(pid ?? 0, 'SIGKILL');
    await first.until('exited');
    assert.deepStrictEqual(first.kinds().slice(-3), ['commandEnded', 'turnEnded', 'exited']);
    const again = await agents().resume(first.thread.threadId, request);
    const ended = await again.turn(
      plan([
        patch('*** Add File: b.txt\n+x'),
        run(`echo x > ${outside}`),
        patch('*** Update File: none.txt\n@@\n-x\n+y'),
        { call: 'no_such_tool', args: {} },
        run('echo fine'),
        { say: 'Done.' },
      ]),
    );
    const told = [
      ...again.all('commandEnded'),
      ...again.all('patchEnded'),
      ...again.all('unlistedCall'),
    ];
    assert.deepStrictEqual(
      [ended.status, existsSync(outside), told.length, again.all('unlistedCall').length >= 2],
      ['completed', false, 5, true],
    );
    assert.equal(readFileSync(path.join(request.cwd, 'b.txt'), 'utf8'), 'x\n');
    assert.equal(again.happened.at(-1)?.kind, 'turnEnded');
  });

  it('is resumed by another engine', async () => {
    const request = agents().toRequest();
    const first = await agents().start(request);
    await first.turn(plan([{ say: 'Known.' }]));
    await agents().end();
    const other = agents().again();
    try {
      const again = await other.resume(first.thread.threadId, request);
      const { status } = await again.turn(plan([{ say: 'Again.' }]));
      assert.equal(status, 'completed');
    } finally {
      await other.end();
    }
  });
});

describe('twenty agents of Codex', function () {
  this.timeout(180_000);
  const agents = useCodexAgents();

  it('work at once in one process, and are stopped at once', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `w${at}`);
    const requests = names.map(() => agents().toRequest());
    const all = await Promise.all(requests.map((request) => agents().start(request)));
    const ended = await Promise.all(
      all.map((agent, at) =>
        agent.turn(
          plan([
            run(`echo from-${at}`),
            patch(`*** Add File: a.txt\n+agent ${at}`),
            { say: `${at}` },
          ]),
        ),
      ),
    );
    assert.deepStrictEqual(
      all.map((agent, at) => [
        ended[at]?.status,
        agent.all('commandEnded')[0]?.output,
        readFileSync(path.join(agent.thread.effective.cwd, 'a.txt'), 'utf8'),
        agent.all('message')[0]?.text,
      ]),
      names.map((_, at) => ['completed', `from-${at}\n`, `agent ${at}\n`, `${at}`]),
    );
    await Promise.all(
      all.map(async (agent, at) => {
        await agent.say(plan([run('sleep 600'), { say: 'Never.' }]));
        await agent.until('commandStarted', ({ command }) => command.includes('sleep'));
        const request = requests[at];
        assert.ok(request);
        await agents().untilRunning(request, 1);
      }),
    );
    const { threads } = await agents().driver.readStatus();
    const reports = await Promise.all(all.map(({ thread }) => thread.stop()));
    assert.deepStrictEqual(
      [threads, reports.every(({ isCertain }) => isCertain), await agents().listLeft()],
      [20, true, []],
    );
  });
});
