// Resources, prompts and completions that there are where agents are.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { AgentEvent } from '../../../src/core/event';
import { noUsage } from '../../../src/core/limits';
import { createAgentOpened } from '../../support/arbitraryAgentEvents';
import { createProfile, FakeAgents } from '../../support/fakeAgents';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { connectClient } from '../../support/mcpClient';
import { createOpened } from '../../support/sampleTrace';

const runId = '0198c0de-0000-7000-8000-00000000a001';
const header = { at: 1, step: 1, status: 'running', usage: noUsage } as const;
const noted: AgentEvent = {
  ...header,
  ...{ kind: 'agent.noted', by: 'user', note: 'Look at the login', tags: ['login'] },
};

describe('resources and prompts of agents', () => {
  let engine: FakeEngine;
  let agents: FakeAgents;
  let client: Client;

  beforeEach(async () => {
    const description = 'For {{task}} and $& of reviews';
    agents = new FakeAgents(2, [
      createProfile({ id: 'reviewer', title: 'Reviewer', description, goalset: ['Find faults'] }),
      createProfile({ id: 'rlm' }),
    ]);
    engine = { ...createFakeEngine(), agents: agents.runs };
    const opened = createAgentOpened({ sessionId: runId });
    for (const traces of [engine.traces, agents.traces]) {
      traces.addForeignTrace(runId, [opened, noted]);
    }
    engine.traces.addForeignTrace('session-1', [createOpened({ sessionId: 'session-1' })]);
    client = await connectClient(engine);
  });
  afterEach(async () => {
    await client.close();
    await engine.close();
  });

  async function read(uri: string): Promise<Record<string, unknown>> {
    const [content] = (await client.readResource({ uri })).contents;
    assert.ok(content && 'text' in content && typeof content.text === 'string');
    return JSON.parse(content.text) as Record<string, unknown>;
  }

  async function render(name: string, args: Record<string, string>): Promise<string> {
    const { messages } = await client.getPrompt({ name, arguments: args });
    const content = messages[0]?.content;
    assert.ok(content?.type === 'text');
    return content.text;
  }

  it('lists the profiles, and reads them', async () => {
    const uris = (await client.listResources()).resources.map(({ uri }) => uri);
    assert.ok(uris.includes('rlm://profiles'));
    const { profiles, broken_profiles: broken } = await read('rlm://profiles');
    assert.deepStrictEqual(
      [(profiles as { profile_id: string }[]).map((one) => one.profile_id), broken],
      [['reviewer', 'rlm'], []],
    );
  });

  it('tells in a run’s own resource what happened, by the number of each event', async () => {
    const { timeline, total_events: total } = await read(`rlm://sessions/${runId}`);
    assert.deepStrictEqual(
      [total, timeline],
      [
        2,
        [
          {
            id: `${runId}:1`,
            at: new Date(1).toISOString(),
            action: 'note',
            status: 'running',
            title: 'Note #login',
            detail: 'Look at the login',
          },
        ],
      ],
    );
    assert.deepStrictEqual((await read('rlm://sessions/session-1'))['timeline'], undefined);
  });

  it('reads the checklist of a run, and refuses what is none', async () => {
    const { session_id: id, items, done } = await read(`rlm://checklists/${runId}`);
    assert.deepStrictEqual([id, Array.isArray(items), done], [runId, true, 0]);
    for (const wrong of [
      'rlm://checklists/no-such-run',
      'rlm://checklists/session-1',
      'rlm://checklists/',
    ]) {
      await assert.rejects(read(wrong), { code: -32002 }, wrong);
    }
  });

  it('offers a prompt for each profile, but under no other prompt’s name, and one for one more', async () => {
    const names = (await client.listPrompts()).prompts.map(({ name }) => name);
    assert.deepStrictEqual(names, ['rlm', 'rlm_audit', 'reviewer', 'additional_agent']);
  });

  it('puts what is given into a prompt as it is', async () => {
    const task = 'Why {{description}} and $&?';
    const text = await render('reviewer', { task, folder: '/srv/a' });
    for (const part of [
      task,
      'profile_id reviewer',
      'working_dir /srv/a',
      '- Find faults',
      'For {{task}} and $& of reviews',
    ]) {
      assert.ok(text.includes(part), part);
    }
    const more = await render('additional_agent', { task, profile_id: 'reviewer' });
    assert.ok(more.includes(task) && more.includes('Take the profile reviewer.'));
    await assert.rejects(render('reviewer', {}), /task/u);
  });

  it('completes profiles, runs and sessions', async () => {
    const complete = async (
      ref: Parameters<Client['complete']>[0]['ref'],
      name: string,
      value: string,
    ) => (await client.complete({ ref, argument: { name, value } })).completion.values;
    const additional = { type: 'ref/prompt', name: 'additional_agent' } as const;
    assert.deepStrictEqual(
      [
        await complete(additional, 'profile_id', 're'),
        await complete({ type: 'ref/resource', uri: 'rlm://checklists/{id}' }, 'id', ''),
        (await complete({ type: 'ref/resource', uri: 'rlm://sessions/{id}' }, 'id', '')).toSorted(),
      ],
      [['reviewer'], [runId], [runId, 'session-1'].toSorted()],
    );
  });
});
