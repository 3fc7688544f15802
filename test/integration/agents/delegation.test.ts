// Agents that spawn agents by our own server: the real Codex over a planned model.

import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { AgentServers } from '../../../src/runtime/agentServers';
import { callOk } from '../../support/mcpClient';
import { patch, plan, type PlannedStep, run } from '../../support/plannedModel';
import { type Json, useAgentEngine } from './agentEngine';

const ask = (call: string, args: Json): PlannedStep => ({ call, args, namespace: 'mcp__rlm' });

const spawnChild = (steps: readonly PlannedStep[], more: Json = {}): PlannedStep =>
  ask('spawn_agent', {
    ...{ profile_id: 'code_reviewer', custom_prompt: plan(steps), wait_ms: 60_000 },
    ...more,
  });

describe('delegation', function () {
  this.timeout(120_000);
  const here = useAgentEngine();

  async function readCalls(sessionId: unknown): Promise<readonly Json[]> {
    const events = await here().readTrace(sessionId);
    return events.filter(({ action }) => action === 'tool').map(({ detail }) => detail as Json); // of the tool's own schema
  }

  it('an agent spawns a child, which sees its work, waits for it and reads its summary', async () => {
    const spawned = await here().spawn([
      patch('*** Add File: new.txt\n+of the parent'),
      spawnChild([run('cat new.txt'), { say: 'Findings: none in new.txt.' }]),
      ask('summarize_session', { session_id: '{{session_id}}' }),
      { say: 'Reviewed.' },
    ]);
    assert.equal(spawned['status'], 'completed', JSON.stringify(spawned));
    const read = await callOk(here().client, 'summarize_session', {
      session_id: spawned['session_id'],
    });
    const children = read['children'] as Json[]; // of the tool's own schema
    assert.deepStrictEqual(
      children.map(({ profile_id: id, status }) => [id, status]),
      [['code_reviewer', 'completed']],
    );
    const childId = children[0]?.['session_id'];
    const child = await callOk(here().client, 'summarize_session', { session_id: childId });
    assert.match(String(child['summary']), /Findings: none in new\.txt\./u);
    const ran = (await here().readTrace(childId)).filter(({ action }) => action === 'command');
    assert.match(JSON.stringify(ran), /"of the parent\\n"/u);
    const [, summarized] = await readCalls(spawned['session_id']);
    assert.match(String(summarized?.['output']), /Findings: none in new\.txt\./u);
    const { runs } = await callOk(here().client, 'list_agents', {});
    assert.deepStrictEqual(
      (runs as Json[]).map((one) => one['parent_session_id']), // newest first
      [spawned['session_id'], null],
    );
    const usage = read['usage'] as Json;
    assert.equal(usage['children'], 1);
    assert.ok(Number(usage['tokens']) > Number((child['usage'] as Json)['tokens']));
  });

  it('an agent has the tools of its profile, and sees and stops no run but those below it', async () => {
    const other = await here().spawn([{ say: 'SOMEONE ELSE' }]);
    const id = other['session_id'];
    const spawned = await here().spawn([
      ask('summarize_session', { session_id: id }),
      ask('terminate_session', { session_id: id }),
      ask('agent_message', { session_id: id, text: 'hello' }),
      ask('log_context', { session_id: id, note: 'hello' }),
      ask('spawn_agent', { resume_session_id: id, custom_prompt: 'hello' }),
      ask('list_agents', {}),
      spawnChild([{ say: 'Findings: none.' }], { profile_id: 'data_migration' }),
      spawnChild([{ say: 'Findings: none.' }], { flags: { sandbox: 'workspace-write' } }),
      { say: 'done' },
    ]);
    assert.equal(spawned['status'], 'completed', JSON.stringify(spawned));
    const calls = await readCalls(spawned['session_id']);
    const outputs = calls.map((event) => String(event['output']));
    assert.deepStrictEqual(
      outputs.map((output) => /[A-Z]+_[A-Z_]+/u.exec(output)?.[0] ?? 'ok'),
      [
        ...Array<string>(5).fill('AGENT_NOT_FOUND'),
        ...['ok', 'GUARDRAIL_STOPPED', 'INVALID_INPUT'],
      ],
    );
    assert.equal(outputs.join('').includes('SOMEONE ELSE'), false);
    const listed = JSON.parse(String(outputs[5])) as { structuredContent: { runs: Json[] } }; // of our tool's own schema
    assert.deepStrictEqual(
      listed.structuredContent.runs.map(({ session_id: one }) => one),
      [spawned['session_id']],
    );
  });

  it('a connection offers the tools of its run’s profile alone, and closes with the run', async () => {
    const { engine } = here();
    const offered: Record<string, readonly string[]> = {};
    for (const profile of ['code_reviewer', 'generalist']) {
      const { session_id: id } = await here().spawn([{ say: 'Findings: none' }], {
        profile_id: profile,
      });
      const found = engine.agents?.find(String(id));
      assert.ok(found && engine.agents);
      const { agents } = engine;
      const servers = new AgentServers({ readEngine: () => engine, readRuns: () => agents });
      const opened = await servers.open(found.opened);
      const { reached } = opened?.server ?? {};
      assert.ok(opened && reached?.kind === 'http');
      const connect = async (headers: Readonly<Record<string, string>>) => {
        const client = new Client({ name: 'agent', version: '1' });
        const url = new URL(reached.url);
        await client.connect(
          new StreamableHTTPClientTransport(url, { requestInit: { headers } }), // its types are laxer
        );
        return client;
      };
      await assert.rejects(connect({}), /bearer token/u);
      await assert.rejects(connect({ Authorization: `Bearer ${'x'.repeat(43)}` }), /bearer token/u);
      const client = await connect(reached.headers);
      const { tools } = await client.listTools();
      offered[profile] = tools.map(({ name }) => name).sort();
      assert.deepStrictEqual(Object.keys(client.getServerCapabilities() ?? {}), ['tools']);
      opened.dispose();
      await assert.rejects(client.listTools(), /bearer token/u);
      await client.close();
      await servers.dispose();
    }
    assert.deepStrictEqual(offered, {
      code_reviewer: ['log_context', 'summarize_session'],
      generalist: [
        ...['agent_message', 'list_agents', 'log_context', 'spawn_agent'],
        ...['summarize_session', 'terminate_session'],
      ],
    });
  });

  it('the token of a run is in no file, and opens nothing once the run has ended', async () => {
    await writeFile(path.join(here().repository, 'b.txt'), 'x');
    const { session_id: id } = await here().spawn([
      run('env; cat /proc/self/environ'),
      { say: 'done' },
    ]);
    await callOk(here().client, 'terminate_session', { session_id: id });
    const names = await readdir(here().home, { recursive: true, withFileTypes: true });
    for (const name of names.filter((one) => one.isFile())) {
      const text = await readFile(path.join(name.parentPath, name.name), 'latin1');
      assert.doesNotMatch(text, /Bearer [\w-]{20}/u, name.name);
    }
  });
});
