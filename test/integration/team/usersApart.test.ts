// A user with another's ids and another's MCP session sees and changes nothing of theirs: every tool, every
// resource, over HTTP.

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { toolsWithoutAgents } from '../../support/offeredTools';
import { resourceTemplates } from '../../../src/mcp/resourceUri';
import { callOk, callTool, openSession } from '../../support/mcpClient';
import { initialize } from '../../support/initialize';
import { addUsers, startTeamServer, type TeamServerProcess } from '../../support/teamServer';
import { useTempFolder } from '../../support/tempFolder';

/** In alice's text, code, variables, title, files and answers; nobody else may ever read it. */
const secret = 'ALICE-SECRET-7719';

interface Theirs {
  /** Of a live session of alice, of one that has ended, and of one that a run opened. */
  readonly ids: readonly string[];
  readonly file: string;
}

/** What bob calls with what is alice's; the code of the error that he must get, or null: his own, empty result. */
const calls: Readonly<
  Record<
    string,
    (theirs: Theirs, id: string) => { args: Record<string, unknown>; code: string | null }
  >
> = {
  rlm_init_context: ({ file }) => ({ args: { context_paths: [file] }, code: 'PATH_NOT_ALLOWED' }),
  rlm_run_repl: (_, id) => ({
    args: { session_id: id, code: 'context' },
    code: 'SESSION_NOT_FOUND',
  }),
  rlm_answer: (_, id) => ({
    args: { session_id: id, answers: [{ id: '1', text: 'x' }] },
    code: 'SESSION_NOT_FOUND',
  }),
  rlm_get_var: (_, id) => ({
    args: { session_id: id, var_name: 'kept' },
    code: 'SESSION_NOT_FOUND',
  }),
  rlm_finalize: (_, id) => ({
    args: { session_id: id, final_text: 'x' },
    code: 'SESSION_NOT_FOUND',
  }),
  rlm_add_context: (_, id) => ({
    args: { session_id: id, context_text: 'x' },
    code: 'SESSION_NOT_FOUND',
  }),
  rlm_fork: (_, id) => ({ args: { session_id: id }, code: 'SESSION_NOT_FOUND' }),
  rlm_execute: ({ file }) => ({
    args: { task: 'look', context_paths: [file] },
    code: 'PATH_NOT_ALLOWED',
  }),
  rlm_analyze: ({ file }) => ({
    args: { question: 'what?', context_paths: [file] },
    code: 'PATH_NOT_ALLOWED',
  }),
  rlm_code: () => ({ args: { description: 'print one' }, code: null }),
  rlm_decompose: () => ({ args: { complex_task: 'do it' }, code: null }),
  rlm_wait: (_, id) => ({ args: { session_id: id, wait_ms: 1 }, code: 'SESSION_NOT_FOUND' }),
  sandbox_exec: () => ({ args: { code: 'print(1)' }, code: null }),
  sandbox_exec_stateful: (_, id) => ({
    args: { sandbox_id: id, code: 'context' },
    code: 'SESSION_NOT_FOUND',
  }),
  sandbox_upload: ({ file }) => ({
    args: { path: 'a', source_path: file },
    code: 'PATH_NOT_ALLOWED',
  }),
  sandbox_download: (_, id) => ({
    args: { sandbox_id: id, path: 'a' },
    code: 'SESSION_NOT_FOUND',
  }),
  sandbox_files: (_, id) => ({ args: { sandbox_id: id }, code: 'SESSION_NOT_FOUND' }),
  sandbox_shell: (_, id) => ({
    args: { sandbox_id: id, command: 'ls' },
    code: 'SESSION_NOT_FOUND',
  }),
  rlm_get_trace: (_, id) => ({ args: { session_id: id }, code: 'SESSION_NOT_FOUND' }),
  search_runs: () => ({ args: { query: 'secret' }, code: null }),
  rlm_list_sessions: () => ({ args: { limit: 200 }, code: null }),
  rlm_status: () => ({ args: {}, code: null }),
};

describe('users of one server', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let server: TeamServerProcess;
  let tokens: Record<'alice' | 'bob', string>;
  let alice: Client;
  let bob: Client;
  let theirs: Theirs;

  beforeEach(async () => {
    const roots = { alice: path.join(folder(), 'alice'), bob: path.join(folder(), 'bob') };
    for (const root of Object.values(roots)) {
      await mkdir(root);
    }
    const file = path.join(roots.alice, 'notes.txt');
    await writeFile(file, `${secret}\n`);
    tokens = await addUsers(folder(), {
      alice: { roots: [roots.alice] },
      bob: { roots: [roots.bob] },
    });
    server = await startTeamServer({ folder: folder() });
    alice = await server.connect(tokens.alice);
    bob = await server.connect(tokens.bob);
    const given = { context_paths: [file], title: secret };
    const live = await openSession(alice, given);
    await callOk(alice, 'rlm_run_repl', { session_id: live, code: `kept = context` });
    const ended = await openSession(alice, given);
    await callOk(alice, 'rlm_run_repl', { session_id: ended, code: `kept = context` });
    await callOk(alice, 'rlm_finalize', { session_id: ended, final_text: secret });
    const fork = await callOk(alice, 'rlm_fork', { session_id: live });
    theirs = { ids: [live, ended, String(fork['session_id'])], file };
  });

  afterEach(async () => {
    assert.deepStrictEqual(await server.stop(), 0);
  });

  /** What alice's own view of everything holds. */
  const readAll = async (client: Client): Promise<string> => {
    const listed = await callOk(client, 'rlm_list_sessions', { limit: 200 });
    const traces: unknown[] = [];
    for (const id of theirs.ids) {
      traces.push(await callOk(client, 'rlm_get_trace', { session_id: id }));
    }
    return JSON.stringify([listed, traces]);
  };

  it('the table has every tool and template that there is', () => {
    assert.deepStrictEqual(
      Object.keys(calls).sort(),
      toolsWithoutAgents.map(({ name }) => name).sort(),
    );
  });

  it('no tool shows or changes what is another’s, by any of its names', async () => {
    const before = await readAll(alice);
    assert.ok(before.includes(secret));
    for (const { name, alias } of toolsWithoutAgents) {
      for (const called of alias === null ? [name] : [name, alias]) {
        for (const id of theirs.ids) {
          const call = calls[name]?.(theirs, id);
          assert.ok(call, name);
          const reply = await callTool(bob, called, call.args);
          const all = reply.text + JSON.stringify(reply.payload);
          const error = reply.payload['error'] as { code: string } | undefined; // the output schema
          assert.deepStrictEqual(error?.code ?? null, call.code, `${called}: ${reply.text}`);
          assert.equal(all.includes(secret), false, called);
          if (call.code === null) {
            theirs.ids.forEach((own) => assert.equal(all.includes(own), false, called));
          }
        }
      }
    }
    assert.deepStrictEqual(await readAll(alice), before);
  });

  it('no agents are offered', async () => {
    const listed = await bob.listTools();
    assert.deepStrictEqual(
      listed.tools.map(({ name }) => name).sort(),
      toolsWithoutAgents.map(({ name }) => name).sort(),
    );
    await assert.rejects(bob.callTool({ name: 'list_agents', arguments: {} }), /Unknown tool/u);
  });

  it('no list, resource, template or completion shows it', async () => {
    const { resources } = await bob.listResources();
    assert.deepStrictEqual(
      resources.map(({ uri }) => uri),
      ['rlm://status', 'rlm://sessions'],
    );
    const { resources: own } = await alice.listResources();
    assert.equal(own.length > resources.length, true);
    for (const uri of ['rlm://status', 'rlm://sessions']) {
      const text = JSON.stringify(await bob.readResource({ uri }));
      [secret, ...theirs.ids].forEach((part) => assert.equal(text.includes(part), false, uri));
    }
    const { resourceTemplates: listed } = await alice.listResourceTemplates();
    const offered = new Set(listed.map(({ uriTemplate }) => uriTemplate)); // users have no agents
    for (const template of Object.values(resourceTemplates).filter((one) => offered.has(one))) {
      for (const id of theirs.ids) {
        const uri = template.replace('{id}', id).replace('{name}', 'kept');
        assert.ok(await alice.readResource({ uri }), uri);
        await assert.rejects(bob.readResource({ uri }), { code: -32002 }, uri);
        await assert.rejects(bob.subscribeResource({ uri }), { code: -32002 }, uri);
      }
      const ref = { type: 'ref/resource', uri: template } as const;
      const argument = { name: 'id', value: '' };
      const { completion } = await bob.complete({ ref, argument });
      assert.deepStrictEqual(completion.values, [], template);
      assert.equal((await alice.complete({ ref, argument })).completion.values.length, 3);
    }
    const audit = { name: 'rlm_audit', arguments: { session_id: theirs.ids[0] ?? '' } };
    await assert.rejects(bob.getPrompt(audit), { code: -32602 });
    assert.ok(JSON.stringify(await alice.getPrompt(audit)).includes(secret));
  });

  it('status counts nobody else', async () => {
    const { sessions_by_status: counts, ...status } = await callOk(bob, 'rlm_status');
    assert.deepStrictEqual([...new Set(Object.values(counts ?? {}))], [0]);
    const read = (all: Record<string, unknown>) => {
      const sandbox = all['sandbox'] as {
        live_sandboxes: number;
        backends: readonly Record<string, unknown>[];
      }; // the output schema
      const counts = sandbox.backends.map((one) => one['live'] ?? 0);
      return [all['live_sessions'], sandbox.live_sandboxes, ...new Set(counts)];
    };
    assert.deepStrictEqual(read(status), [0, 0, 0]);
    assert.notDeepStrictEqual(read(await callOk(alice, 'rlm_status')), [0, 0, 0]);
    assert.deepStrictEqual(status['allowed_roots'], [path.join(folder(), 'bob')]);
  });

  it('no notification tells of what another does', async () => {
    const heard: string[] = [];
    const listen = (client: Client, who: string): void => {
      for (const schema of [
        ResourceListChangedNotificationSchema,
        ResourceUpdatedNotificationSchema,
      ]) {
        client.setNotificationHandler(schema, () => void heard.push(who));
      }
    };
    listen(bob, 'bob');
    const told = new Promise<void>((resolve) => {
      alice.setNotificationHandler(ResourceListChangedNotificationSchema, () => resolve());
    });
    await bob.subscribeResource({ uri: 'rlm://sessions' });
    await openSession(alice);
    await told;
    await callOk(bob, 'rlm_list_sessions'); // what came before is heard before this is answered
    assert.deepStrictEqual(heard, []);
  });

  it('another’s MCP session is as one that does not exist', async () => {
    const send = (token: string, method: string, headers: Record<string, string>, body?: object) =>
      fetch(server.url, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      });
    const opened = await send(tokens.alice, 'POST', {}, initialize);
    await opened.text();
    const id = opened.headers.get('mcp-session-id') ?? '';
    const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };
    const read = async (token: string, method: string, session: string) => {
      const body = method === 'POST' ? ping : undefined;
      const response = await send(token, method, { 'Mcp-Session-Id': session }, body);
      return [response.status, (await response.text()).replaceAll(session, '')];
    };
    for (const method of ['POST', 'GET', 'DELETE']) {
      const foreign = await read(tokens.bob, method, id);
      assert.deepStrictEqual(foreign, await read(tokens.bob, method, crypto.randomUUID()));
      assert.deepStrictEqual(foreign[0], 404);
    }
    assert.deepStrictEqual((await read(tokens.alice, 'POST', id))[0], 200);
  });

  it('what is recorded lies in the user’s own folder, with the id of the request in the log', async () => {
    const [id = ''] = theirs.ids;
    const home = path.join(folder(), 'home');
    const trace = path.join(home, 'users', 'alice', 'sessions', id, 'trace.jsonl');
    const events = (await readFile(trace, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { kind: string; request_id?: string; user?: string }); // our own
    assert.deepStrictEqual([...new Set(events.map(({ user }) => user))], ['alice']);
    assert.deepStrictEqual(
      events.map(({ kind, request_id: request }) => [kind, typeof request]),
      [
        ['session.opened', 'string'],
        ['context.loaded', 'string'],
        ['step.started', 'string'],
        ['step.finished', 'string'],
      ],
    );
    const logged = server
      .errors()
      .split('\n')
      .filter((line) => line.includes(events[2]?.request_id ?? '-'))
      .map((line) => JSON.parse(line) as Record<string, unknown>); // a line is one JSON object
    assert.deepStrictEqual(
      logged
        .map(({ event, user, tool, rpc_method: method }) => [event, user, tool ?? method])
        .sort(),
      [
        ['call', 'alice', 'rlm_run_repl'],
        ['request', 'alice', 'tools/call'],
      ],
    );
  });
});
