// The way of agents to their model: the real Codex through our relay, which alone has the key.

import assert from 'node:assert/strict';
import { readFile, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { callOk } from '../../support/mcpClient';
import { plan, run } from '../../support/plannedModel';
import { listChildren } from '../../support/processTree';
import { type Json, agentModelKey, useAgentEngine } from './agentEngine';

const isLinux = process.platform === 'linux';

describe('the relay of agents', function () {
  this.timeout(120_000);
  const here = useAgentEngine(({ model }) => ({
    provider: () => ({ settings: { model: 'gpt-5.5' }, environment: {}, login: null }),
    readUpstream: async () => ({
      ...{ name: 'Planned', baseUrl: model.url, query: {}, secrets: [agentModelKey] },
      headers: { Authorization: `Bearer ${agentModelKey}` },
      prices: { 'gpt-5.5': { input: 1, cachedInput: 1, output: 1 } },
    }),
    readSecrets: () => [],
  }));

  it('the key is in no argument, environment, file or record, whatever an agent looks at', async () => {
    const look =
      'env; cat /proc/self/environ; for p in /proc/[0-9]*; do cat $p/environ $p/cmdline; done 2>/dev/null | tr "\\0" "\\n"';
    const spawned = await here().spawn([run(look), { say: `done ${'x'.repeat(10)}` }]);
    assert.equal(spawned['status'], 'completed', JSON.stringify(spawned));
    assert.deepStrictEqual(
      [...new Set(here().model.requests.map(({ token }) => token))],
      [agentModelKey],
    );
    const seen = [
      JSON.stringify(spawned),
      JSON.stringify(await here().readTrace(spawned['session_id'])),
      ...here().model.requests.map(({ input }) => input),
      ...(await readFiles(here().folder)),
      ...(isLinux ? await readProcesses() : []),
    ];
    const forms = [agentModelKey, Buffer.from(agentModelKey).toString('base64').slice(0, 24)];
    forms.forEach((form) => assert.equal(seen.join('\n').includes(form), false));
  });

  it('counts tokens and cost, and refuses a call before it is made once the budget is gone', async () => {
    const steps = [run('true'), run('true'), run('true'), { say: 'done' }] as const;
    const free = await here().spawn(steps);
    const read = await callOk(here().client, 'summarize_session', {
      session_id: free['session_id'],
    });
    const { tokens, usd } = read['usage'] as { tokens: number; usd: number };
    assert.ok(tokens > 0 && Math.abs(usd - tokens / 1e6) < 1e-9, JSON.stringify(read['usage']));
    const before = here().model.requests.length;
    const poor = await here().spawn(steps, { limits: { tokens: 5 } });
    assert.equal(here().model.requests.length - before, 1);
    assert.equal(poor['status'], 'terminated', JSON.stringify(poor));
    assert.match(JSON.stringify(poor['events']), /limit tokens/u);
  });

  it('a child’s calls are counted in its parent’s budget, and end with it', async () => {
    const child = plan([run('true'), run('true'), { say: 'Findings: none' }]);
    const spawned = await here().spawn([
      {
        call: 'spawn_agent',
        namespace: 'mcp__rlm',
        args: { profile_id: 'code_reviewer', custom_prompt: child, wait_ms: 60_000 },
      },
      { say: 'done' },
    ]);
    assert.equal(spawned['status'], 'completed', JSON.stringify(spawned));
    const { runs } = await callOk(here().client, 'list_agents', {});
    const [first, second] = (runs as Json[]).map(({ usage }) => (usage as Json)['tokens']);
    assert.ok(Number(second) > Number(first) && Number(first) > 0);
  });
});

async function readFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name));
  return Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
}

/** Arguments and environment of Codex and what it has started. */
async function readProcesses(): Promise<readonly string[]> {
  const pids = await listChildren(process.pid);
  assert.ok(
    (await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/exe`).catch(() => '')))).some(
      (exe) => exe.includes('codex'),
    ),
  );
  return Promise.all(
    pids.flatMap((pid) =>
      ['cmdline', 'environ'].map((name) =>
        readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => ''),
      ),
    ),
  );
}
