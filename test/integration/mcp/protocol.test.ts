// What a client sees beside tools: handshake, progress, cancellation, resources, prompts, completion.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  type Progress,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { callOk, callTool, connectClient, openSession } from '../../support/mcpClient';
import { toList } from '../../support/mcpFlows';
import { createOpened, createSampleTrace, sampleSessionId } from '../../support/sampleTrace';

describe('MCP protocol', () => {
  let engine: FakeEngine;
  let client: Client;

  beforeEach(async () => {
    engine = createFakeEngine({ answer: (prompt) => `re: ${prompt}` });
    client = await connectClient(engine, { progress: { heartbeatMs: 1 } });
  });

  afterEach(async () => {
    await client.close();
    await engine.close();
  });

  it('introduces itself with what it can do', () => {
    assert.deepStrictEqual(client.getServerVersion(), {
      name: 'rlm-companion',
      title: 'RLM Companion',
      version: '0.1.0',
    });
    assert.deepStrictEqual(client.getServerCapabilities(), {
      tools: {},
      resources: { subscribe: true, listChanged: true },
      prompts: {},
      completions: {},
    });
    assert.match(client.getInstructions() ?? '', /rlm_init_context[^]*rlm_finalize/u);
  });

  describe('progress and cancellation', () => {
    it('reading a context reports bytes', async () => {
      const updates: Progress[] = [];
      await callOk(
        client,
        'rlm_init_context',
        { context_text: 'x'.repeat(500_000), language: 'javascript' },
        { onprogress: (update) => updates.push(update) },
      );
      assert.deepStrictEqual(updates[0], { progress: 65_536, message: '65.5 KB read' });
    });

    it('a running step beats, and no beat comes after its answer', async () => {
      const id = await openSession(client);
      const sandbox = engine.sandboxes[0];
      assert.ok(sandbox);
      const updates: Progress[] = [];
      const step = await callOk(
        client,
        'rlm_run_repl',
        { session_id: id, code: 'sleep(60000)' },
        {
          onprogress: (update) => {
            updates.push(update);
            if (updates.length === 3) {
              sandbox.wake();
            }
          },
        },
      );
      assert.deepStrictEqual(step['error'], null);
      assert.match(updates[0]?.message ?? '', /^step 1 running, 0 s$/u);
      const values = updates.map(({ progress }) => progress);
      assert.deepStrictEqual(
        values,
        values.toSorted((a, b) => a - b),
      );
    });

    it('a cancelled step is interrupted, and its session goes on', async () => {
      const id = await openSession(client);
      await callOk(client, 'rlm_run_repl', { session_id: id, code: 'x = 1' });
      const controller = new AbortController();
      engine.sandboxes[0]?.onDidSleep(() => controller.abort());
      await assert.rejects(
        callTool(
          client,
          'rlm_run_repl',
          { session_id: id, code: 'sleep(60000)' },
          { signal: controller.signal },
        ),
      );
      const next = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'x + 1' });
      assert.deepStrictEqual([next['step_index'], next['result']], [3, '2']);
      const trace = await callOk(client, 'rlm_get_trace', {
        session_id: id,
        from_step: 2,
        to_step: 2,
      });
      const detail = toList(trace['events']).at(-1)?.['detail'] as Record<string, unknown>;
      assert.deepStrictEqual(detail['interrupted'], 'cancelled');
    });

    it('a client that goes away cancels its steps and leaves no listener', async () => {
      const id = await openSession(client);
      const listeners = engine.traces.listenerCount;
      const other = await connectClient(engine);
      assert.deepStrictEqual(engine.traces.listenerCount, listeners + 1);
      const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
      const call = callTool(other, 'rlm_run_repl', { session_id: id, code: 'sleep(60000)' });
      const rejected = assert.rejects(call);
      await slept;
      await other.close();
      await rejected;
      assert.deepStrictEqual(engine.traces.listenerCount, listeners);
      await callOk(client, 'rlm_run_repl', { session_id: id, code: '1' });
    });
  });

  describe('resources', () => {
    it('lists status, sessions and each session, newest first, in pages of 50', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 60; index += 1) {
        const sessionId = `s${index}`;
        ids.unshift(`rlm://sessions/${sessionId}`);
        engine.traces.addForeignTrace(sessionId, [createOpened({ sessionId })]);
      }
      const first = await client.listResources();
      const second = await client.listResources({ cursor: first.nextCursor });
      assert.deepStrictEqual(
        [...first.resources, ...second.resources].map(({ uri }) => uri),
        ['rlm://status', 'rlm://sessions', ...ids],
      );
      assert.deepStrictEqual([first.resources.length, second.nextCursor], [52, undefined]);
      await assert.rejects(client.listResources({ cursor: 'x' }), { code: -32602 });
    });

    it('lists the templates', async () => {
      const { resourceTemplates } = await client.listResourceTemplates();
      assert.deepStrictEqual(
        resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        [
          'rlm://sessions/{id}',
          'rlm://sessions/{id}/trace',
          'rlm://sessions/{id}/files',
          'rlm://sessions/{id}/vars/{name}',
        ],
      );
    });

    it('reads every kind', async () => {
      const id = await openSession(client);
      await callOk(client, 'rlm_run_repl', { session_id: id, code: 'o = [1]; s = "text"' });
      const read = async (uri: string) => {
        const [content] = (await client.readResource({ uri })).contents;
        assert.ok(content && 'text' in content && content.uri === uri);
        return [content.mimeType, content.text] as const;
      };
      const parse = async (uri: string) =>
        JSON.parse((await read(uri))[1]) as Record<string, unknown>;
      assert.deepStrictEqual((await parse('rlm://status'))['version'], '0.1.0');
      assert.deepStrictEqual(
        toList((await parse('rlm://sessions'))['sessions'])[0]?.['session_id'],
        id,
      );
      const session = await parse(`rlm://sessions/${id}`);
      assert.deepStrictEqual(
        [session['status'], toList(session['contexts']).length],
        ['active', 1],
      );
      assert.deepStrictEqual(
        toList((await parse(`rlm://sessions/${id}/trace`))['events']).length,
        2,
      );
      assert.deepStrictEqual(await read(`rlm://sessions/${id}/vars/o`), [
        'application/json',
        '[1]',
      ]);
      assert.deepStrictEqual(await read(`rlm://sessions/${id}/vars/s`), ['text/plain', 'text']);
    });

    it('an unknown one is -32002 with its uri, to read and to subscribe', async () => {
      const id = await openSession(client);
      const uris = [
        'rlm://nope',
        'rlm://sessions/none',
        'rlm://sessions/none/trace',
        `rlm://sessions/${id}/vars/none`,
      ];
      for (const uri of uris) {
        await assert.rejects(client.readResource({ uri }), { code: -32002, data: { uri } });
      }
      await assert.rejects(client.subscribeResource({ uri: 'rlm://sessions/none' }), {
        code: -32002,
      });
    });

    it('tells of changes to what was subscribed to, coalesced, and of new sessions', async () => {
      const id = await openSession(client);
      const updated: string[] = [];
      const uris = [`rlm://sessions/${id}`, `rlm://sessions/${id}/trace`, 'rlm://sessions'];
      for (const uri of uris) {
        await client.subscribeResource({ uri });
      }
      await client.unsubscribeResource({ uri: 'rlm://sessions' });
      const other = await connectClient(engine);
      const told = new Promise<void>((resolve) => {
        client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
          updated.push(params.uri);
          if (updated.length === 2) {
            resolve();
          }
        });
      });
      for (let step = 0; step < 5; step += 1) {
        await callOk(other, 'rlm_run_repl', { session_id: id, code: 'x = 1' });
      }
      await told;
      assert.deepStrictEqual(updated, uris.slice(0, 2));
      const listed = new Promise<void>((resolve) => {
        client.setNotificationHandler(ResourceListChangedNotificationSchema, () => resolve());
      });
      engine.traces.addForeignTrace(sampleSessionId, createSampleTrace());
      await listed;
      await other.close();
    });

    it('tells of a session that was deleted: that the list changed, and who subscribed to it', async () => {
      engine.traces.addForeignTrace(sampleSessionId, createSampleTrace());
      const uri = `rlm://sessions/${sampleSessionId}`;
      await client.subscribeResource({ uri });
      const told = new Promise<string>((resolve) => {
        client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
          resolve(params.uri),
        );
      });
      const known = new Promise<void>((resolve) => {
        client.setNotificationHandler(ResourceListChangedNotificationSchema, () => resolve());
      });
      await callOk(client, 'rlm_list_sessions');
      engine.traces.addForeignTrace(sampleSessionId, createSampleTrace()); // known from here on
      await Promise.all([told, known]);
      const [updated, listed] = [
        new Promise<string>((resolve) => {
          client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
            resolve(params.uri),
          );
        }),
        new Promise<void>((resolve) => {
          client.setNotificationHandler(ResourceListChangedNotificationSchema, () => resolve());
        }),
      ];
      await engine.traces.deleteTrace(sampleSessionId);
      await listed;
      assert.equal(await updated, uri);
    });
  });

  describe('completion', () => {
    it('completes session ids by prefix, and variables of the last step', async () => {
      const id = await openSession(client);
      await openSession(client);
      await callOk(client, 'rlm_run_repl', { session_id: id, code: 'count = 1; other = 2' });
      await callOk(client, 'rlm_run_repl', { session_id: id, code: 'llm_query("hi")' });
      const ask = async (
        ref: { type: 'ref/resource'; uri: string } | { type: 'ref/prompt'; name: string },
        name: string,
        value: string,
        given?: Record<string, string>,
      ) => {
        const context = given ? { context: { arguments: given } } : {};
        const argument = { name, value };
        return (await client.complete({ ref, argument, ...context })).completion.values;
      };
      const variable = {
        type: 'ref/resource',
        uri: 'rlm://sessions/{id}/vars/{name}',
      } as const;
      assert.deepStrictEqual((await ask(variable, 'id', '')).length, 2);
      assert.deepStrictEqual(await ask(variable, 'id', id), [id]);
      assert.deepStrictEqual(await ask(variable, 'name', 'co', { id }), ['context', 'count']);
      assert.deepStrictEqual(await ask(variable, 'name', 'co', { id: 'none' }), []);
      const audit = { type: 'ref/prompt', name: 'rlm_audit' } as const;
      assert.deepStrictEqual(await ask(audit, 'session_id', id), [id]);
      assert.deepStrictEqual(await ask(audit, 'nothing', ''), []);
    });
  });

  describe('prompts', () => {
    const readText = async (name: string, args: Record<string, string>) => {
      const { messages } = await client.getPrompt({ name, arguments: args });
      const content = messages[0]?.content;
      assert.ok(messages.length === 1 && content?.type === 'text');
      return content.text;
    };

    it('are listed with their arguments', async () => {
      const { prompts } = await client.listPrompts();
      assert.deepStrictEqual(
        prompts.map(({ name, arguments: args }) => [name, args?.map((one) => one.name)]),
        [
          ['rlm', ['question', 'paths']],
          ['rlm_audit', ['session_id']],
        ],
      );
    });

    it('rlm puts in the question as it is, and the paths', async () => {
      const question = 'Why $& and {{where}}?';
      const text = await readText('rlm', { question, paths: 'logs, a `b`.txt' });
      assert.ok(text.includes(`\n\n${question}\n\n`));
      assert.ok(text.includes('The context: `logs`, ``a `b`.txt``.'));
      assert.ok((await readText('rlm', { question })).includes('Find out from the conversation'));
    });

    it('rlm_audit embeds the trace, closed off and bounded', async () => {
      engine.traces.addForeignTrace(sampleSessionId, createSampleTrace());
      const text = await readText('rlm_audit', { session_id: sampleSessionId });
      assert.match(text, /```\n[^]*step 2 run_repl error[^]*\n```$/u);
    });

    it('wrong names and arguments are said to be so', async () => {
      const wrong: [string, Record<string, string>, RegExp][] = [
        ['nope', {}, /rlm, rlm_audit/u],
        ['rlm', {}, /question/u],
        ['rlm', { question: 'x', bogus: 'y' }, /bogus/u],
        ['rlm_audit', { session_id: 'none' }, /none/u],
      ];
      for (const [name, args, message] of wrong) {
        await assert.rejects(client.getPrompt({ name, arguments: args }), {
          code: -32602,
          message,
        });
      }
    });
  });

  it('logs nothing to stdout', async () => {
    const written: unknown[] = [];
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (chunk) => written.push(chunk) > 0;
    try {
      await callTool(client, 'rlm_run_repl', { session_id: 'none', code: '1' });
    } finally {
      process.stdout.write = write;
    }
    assert.deepStrictEqual(written, []);
  });
});
