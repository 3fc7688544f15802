// What the clean-up at the start of an engine leaves alone, with real processes.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { canFindLeftovers, listLeftovers } from '../../../src/agents/codex/leftovers';
import { runMark } from '../../../src/agents/codex/threadConfig';
import { endOrphanProcesses } from '../../../src/runtime/agentOrphans';
import { heldElsewhere } from '../../../src/core/traceStore';
import { createProfile, createSpawn, FakeAgents, settle } from '../../support/fakeAgents';

describe('processes that a run of a gone engine has', function () {
  let child: ChildProcess;
  let id: string;
  let fakes: FakeAgents;

  beforeEach(async function () {
    if (!canFindLeftovers) {
      this.skip();
    }
    fakes = new FakeAgents(2, [createProfile()]);
    const run = await fakes.runs.spawn(createSpawn(), { kind: 'person' });
    await settle();
    await run.end('terminated', 'Stopped.');
    id = run.id;
    child = spawn('sh', ['-c', 'echo ready; exec sleep 600'], {
      env: { ...process.env, [runMark]: id },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    assert.ok(child.stdout);
    await once(child.stdout, 'data');
  });

  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await fakes.runs.close();
  });

  const clean = (log: string[]) =>
    endOrphanProcesses({
      ...{ traces: fakes.traces, worktrees: '/nowhere' },
      isEngineAlive: async () => false,
      log: (line) => void log.push(line),
    });

  it('are ended where nobody goes on with it', async () => {
    const log: string[] = [];
    const gone = once(child, 'exit');
    await clean(log);
    await gone;
    assert.deepStrictEqual([log.length, fakes.counts.sinks], [1, 0]);
  });

  it('are left alone where another engine goes on with it', async () => {
    fakes.traces.reopenTrace = () => Promise.reject(heldElsewhere('holds'));
    const log: string[] = [];
    await clean(log);
    assert.deepStrictEqual([await listLeftovers(id), log], [[child.pid], []]);
  });
});
