import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { RlmError } from '../../../src/core/errors';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { callError, callOk, callTool, connectClient, openSession } from '../../support/mcpClient';

describe('search_runs', () => {
  let engine: FakeEngine;
  let client: Client;

  beforeEach(async () => {
    engine = createFakeEngine();
    client = await connectClient(engine);
  });
  afterEach(async () => {
    await client.close();
    await engine.close();
  });

  const search = (args: Record<string, unknown>) => callOk(client, 'search_runs', args);
  const readIds = (payload: Record<string, unknown>): unknown[] =>
    (payload['hits'] as { id: unknown }[]).map(({ id }) => id);

  it('finds steps by code and output, with where they are and why', async () => {
    const id = await openSession(client, { context_text: 'x', title: 'About zebras' });
    await callOk(client, 'rlm_run_repl', { session_id: id, code: 'let zebra = 1' });
    const payload = await search({ query: 'zebra unicorn', kind: 'run_repl' });
    const [hit, ...others] = payload['hits'] as Record<string, unknown>[];
    assert.deepStrictEqual(others, []);
    assert.deepStrictEqual(
      [hit?.['id'], hit?.['session_id'], hit?.['session_title'], hit?.['why'], payload['total']],
      [`${id}:3`, id, 'About zebras', '1 of 2 words: zebra', 1],
    );
    assert.match(String(hit?.['text']), /let zebra = 1/u);
  });

  it('says how many more there are, and pages through them', async () => {
    const id = await openSession(client, { context_text: 'x' });
    for (let step = 0; step < 5; step += 1) {
      await callOk(client, 'rlm_run_repl', { session_id: id, code: `zebra(${step})` });
    }
    const first = await search({ query: 'zebra', limit: 2 });
    const second = await search({ query: 'zebra', limit: 9, cursor: first['next_cursor'] });
    assert.deepStrictEqual([first['more'], second['more'], second['next_cursor']], [3, 0, null]);
    assert.deepStrictEqual(new Set([first, second].flatMap(readIds)).size, 5);
  });

  it('gives the newest without words, by session, status and time', async () => {
    const id = await openSession(client, { context_text: 'x' });
    await openSession(client, { context_text: 'y' });
    const ids = readIds(await search({ session_id: id, limit: 50 }));
    assert.ok(ids.length > 0 && ids.every((one) => String(one).startsWith(id)));
    const none = [
      await search({ status: 'finalized' }),
      await search({ until: '2001-01-01T00:00:00Z' }),
      await search({ tags: ['red'] }),
      await search({ profile_id: 'generalist' }),
    ];
    assert.deepStrictEqual(
      none.map((payload) => payload['total']),
      [0, 0, 0, 0],
    );
  });

  it('has a readable form', async () => {
    const id = await openSession(client, { context_text: 'x', title: 'About *zebras*' });
    const { text } = await callTool(client, 'search_runs', {
      ...{ query: 'zebras', session_id: id, response_format: 'markdown' },
    });
    assert.match(text, /^## 1 found\n\n### `[\w-]+:0` About \\\*zebras\\\*/u);
  });

  it('names what is wrong with its arguments', async () => {
    const wrong: readonly Record<string, unknown>[] = [
      { kind: 'walk' },
      { cursor: 'x' },
      { since: 'yesterday' },
      { limit: 0 },
      { query: 'x'.repeat(1_001) },
    ];
    for (const args of wrong) {
      const { code, message } = await callError(client, 'search_runs', args);
      assert.deepStrictEqual(code, 'INVALID_INPUT');
      assert.ok(message.includes(Object.keys(args)[0] ?? ''), message);
    }
    const { code } = await callError(client, 'search_runs', { session_id: 'no-such-one' });
    assert.deepStrictEqual(code, 'SESSION_NOT_FOUND');
  });

  it('says what is missing where there is no index', async () => {
    engine.search.search = async () => {
      throw new RlmError('BACKEND_UNAVAILABLE', 'No SQLite.', { nextStep: 'Run it with Node 22.' });
    };
    assert.deepStrictEqual(await callError(client, 'search_runs'), {
      ...{ code: 'BACKEND_UNAVAILABLE', message: 'No SQLite.', next_step: 'Run it with Node 22.' },
    });
  });

  it('is part of the status', async () => {
    const { index } = await callOk(client, 'rlm_status');
    assert.deepStrictEqual(Object(index), {
      ...{ works: true, state: 'ready', detail: '0 entries' },
      ...{ sessions: 0, entries: 0, bytes: 0, unreadable_lines: 0 },
    });
  });
});
