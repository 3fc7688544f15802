import assert from 'node:assert/strict';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema,
  ErrorCode as RpcErrorCode,
  type JSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { isEndedAnswer, toEndedAnswer } from '../../../src/mcp/endedAnswer';
import type { JoinableEngine } from '../../../src/join/joinableEngines';
import { Pipe } from '../../../src/join/pipe';
import { FakeClient, FakeServer } from './fakeServer';

interface ToolError {
  readonly code: string;
  readonly next_step: string;
}

const call = { name: 'rlm_run_repl', arguments: { session_id: 'x', code: '1' } };

describe('Pipe', () => {
  let client: FakeClient;
  let engines: FakeServer[];
  let local: FakeServer;
  let opened: string[];
  let lines: string[];
  let pipe: Pipe;

  beforeEach(async () => {
    client = new FakeClient();
    engines = [];
    local = new FakeServer('local');
    opened = [];
    lines = [];
    pipe = new Pipe({
      client,
      findEngines: async () => engines.map(toEngine),
      connect: ({ engineId }) => {
        opened.push(engineId);
        const engine = engines.find(({ name }) => name === engineId);
        assert.ok(engine);
        return engine;
      },
      openLocal: async () => {
        opened.push('local');
        return local;
      },
      readOnlyTools: new Set(['rlm_get_var']),
      log: (line) => lines.push(line),
    });
    await pipe.start();
  });

  afterEach(() => pipe.close());

  const lose = async (server: FakeServer): Promise<void> => {
    engines = engines.filter((engine) => engine !== server);
    await server.close();
  };

  it('passes on what the engine says of itself, and every request and answer', async () => {
    const engine = new FakeServer('first');
    engines = [engine];
    const hello = await client.begin();
    assert.deepStrictEqual((hello as { serverInfo: object }).serverInfo, {
      name: 'first',
      version: '1',
    });
    const id = client.request('tools/call', call);
    assert.deepStrictEqual(await client.answerTo(id), { by: 'first' });
    assert.deepStrictEqual((await engine.untilMethod('tools/call')).params, call);
    assert.deepStrictEqual(opened, ['first']);
  });

  it('stays alone when no engine can be joined, and says why', async () => {
    const mute = new FakeServer('gone');
    mute.failure = new StreamableHTTPError(401, 'unauthorized');
    engines = [mute];
    await client.begin();
    assert.deepStrictEqual(await client.answerTo(client.request('tools/list')), { by: 'local' });
    assert.deepStrictEqual(opened, ['gone', 'local']);
    assert.match(lines.join('\n'), /Not joined: .*unauthorized/u);
  });

  it('keeps the order of what the client says', async () => {
    engines = [new FakeServer('first')];
    await client.begin();
    client.request('tools/call', call);
    client.notify('notifications/cancelled', { requestId: 1 });
    await client.answerTo(client.request('ping'));
    const methods = engines[0]?.sent.map((one) => ('method' in one ? one.method : ''));
    assert.deepStrictEqual(methods, [
      'initialize',
      'notifications/initialized',
      'tools/call',
      'notifications/cancelled',
      'ping',
    ]);
  });

  it('answers a call that was running with an error, and goes on with the next engine', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('ping'));
    first.silent.add('tools/call');
    const id = client.request('tools/call', call);
    await first.untilMethod('tools/call');
    await lose(first);
    const { isError, structuredContent } = CallToolResultSchema.parse(await client.answerTo(id));
    const { code, next_step: nextStep } = Object(structuredContent?.['error']) as ToolError; // its shape
    assert.deepStrictEqual([isError, code], [true, 'BACKEND_UNAVAILABLE']);
    assert.match(nextStep, /rlm_get_trace/u);
    assert.deepStrictEqual(await client.answerTo(client.request('tools/call', call)), {
      by: 'second',
    });
  });

  it('asks again a call of a tool that changes nothing', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    first.silent.add('tools/call');
    const id = client.request('tools/call', { name: 'rlm_get_var' });
    await first.untilMethod('tools/call');
    await lose(first);
    assert.deepStrictEqual(await client.answerTo(id), { by: 'second' });
  });

  it('asks the next engine what only reads when one says that it ends, and passes on what it says of calls', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('ping'));
    ['tools/call', 'tools/list'].forEach((method) => first.silent.add(method));
    const reads = [
      client.request('tools/list'),
      client.request('tools/call', { name: 'rlm_get_var' }),
    ];
    const written = client.request('tools/call', call);
    await first.until((one) => 'id' in one && one.id === written);
    const open = first.sent.filter(
      (one) => 'method' in one && 'id' in one && first.silent.has(one.method),
    );
    open.forEach((one) => first.receive(toEndedAnswer(one as JSONRPCRequest))); // as just filtered
    const { isError } = CallToolResultSchema.parse(await client.answerTo(written));
    await lose(first);
    assert.deepStrictEqual(
      [isError, ...(await Promise.all(reads.map((id) => client.answerTo(id))))],
      [true, { by: 'second' }, { by: 'second' }],
    );
  });

  it('answers what is open when it is closed itself, each request once', async () => {
    const engine = new FakeServer('first');
    engine.silent.add('tools/call').add('tools/list');
    engines = [engine];
    await client.begin();
    const ids = [client.request('tools/call', call), client.request('tools/list')];
    await engine.until((one) => 'id' in one && one.id === ids.at(-1));
    await pipe.close();
    ids.forEach((id) => engine.receive({ jsonrpc: '2.0', id, result: { by: 'late' } }));
    const answers = client.sent.filter((one) => 'id' in one && ids.includes(Number(one.id)));
    assert.deepStrictEqual(
      answers.map((one) => ('method' in one ? null : isEndedAnswer(one))),
      [true, true],
    );
  });

  it('answers every one of many calls in flight once, by error or by the next engine', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('ping'));
    ['tools/call', 'tools/list', 'logging/setLevel'].forEach((method) => first.silent.add(method));
    const ids = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0
        ? client.request('tools/call', call)
        : client.request(index % 3 === 1 ? 'tools/list' : 'logging/setLevel'),
    );
    await first.until((one) => 'id' in one && one.id === ids.at(-1));
    await lose(first);
    ids.forEach((id) => first.receive({ jsonrpc: '2.0', id, result: { by: 'the dead' } }));
    const answers = await Promise.all(ids.map((id) => client.answerTo(id)));
    await client.answerTo(client.request('ping'));
    const kinds = answers.map((answer) => {
      const { by, isError, code } = answer as { by?: string; isError?: boolean; code?: number };
      return by ?? (isError ? 'tool error' : code);
    });
    assert.deepStrictEqual(
      kinds,
      ids.map((_, index) => ['tool error', 'second', RpcErrorCode.ConnectionClosed][index % 3]),
    );
    const told = client.sent.flatMap((one) => (!('method' in one) && 'id' in one ? [one.id] : []));
    assert.equal(new Set(told).size, told.length);
  });

  it('waits with a call that a busy engine has no room for, and lets all else pass', async () => {
    const first = new FakeServer('first');
    engines = [first];
    await client.begin();
    await client.answerTo(client.request('ping'));
    first.silent.add('tools/call');
    const running = client.request('tools/call', call);
    await first.until((one) => 'id' in one && one.id === running);
    first.isFull = true;
    const waiting = [client.request('tools/call', call), client.request('tools/call', call)];
    assert.deepStrictEqual(await client.answerTo(client.request('ping')), { by: 'first' });
    first.receive({ jsonrpc: '2.0', id: 5, method: 'sampling/createMessage' });
    const asked = await client.untilMethod('sampling/createMessage');
    client.receive({ jsonrpc: '2.0', id: asked.id, result: { text: 'x' } });
    await first.until((one) => 'result' in one && one.id === 5);
    assert.ok(waiting.every((id) => !first.sent.some((one) => 'id' in one && one.id === id)));
    first.isFull = false;
    first.silent.delete('tools/call');
    first.receive({ jsonrpc: '2.0', id: running, result: { by: 'first' } });
    for (const id of waiting) {
      assert.deepStrictEqual(await client.answerTo(id), { by: 'first' });
    }
  });

  it('tells a server that its request was answered by something it refused', async () => {
    const first = new FakeServer('first');
    engines = [first];
    await client.begin();
    await client.answerTo(client.request('ping'));
    first.receive({ jsonrpc: '2.0', id: 5, method: 'sampling/createMessage' });
    const asked = await client.untilMethod('sampling/createMessage');
    first.refuses = (message) => 'result' in message;
    client.receive({ jsonrpc: '2.0', id: asked.id, result: { text: 'x' } });
    const told = await first.until((one) => 'error' in one && one.id === 5);
    assert.match('error' in told ? told.error.message : '', /too large/u);
  });

  it('introduces the client to the next engine as it did itself, with its capabilities', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('ping'));
    await lose(first);
    await client.answerTo(client.request('ping'));
    const hello = async (server: FakeServer) => (await server.untilMethod('initialize')).params;
    assert.deepStrictEqual(await hello(second), await hello(first));
    assert.ok('sampling' in Object((await hello(second))?.['capabilities']));
  });

  it('asks again what only reads', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    first.silent.add('tools/list');
    const id = client.request('tools/list');
    await first.untilMethod('tools/list');
    await lose(first);
    assert.deepStrictEqual(await client.answerTo(id), { by: 'second' });
  });

  it('takes a call elsewhere that was never delivered', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('ping'));
    first.failure = new StreamableHTTPError(404, 'There is no such MCP session.');
    assert.deepStrictEqual(await client.answerTo(client.request('tools/call', call)), {
      by: 'second',
    });
  });

  it('passes a refusal of one message on, and keeps the engine', async () => {
    const first = new FakeServer('first');
    engines = [first];
    await client.begin();
    await client.answerTo(client.request('ping'));
    first.failure = new StreamableHTTPError(413, 'The body is too large.');
    const error = (await client.answerTo(client.request('tools/call', call))) as {
      message: string;
    };
    assert.match(error.message, /too large/u);
    first.failure = null;
    assert.deepStrictEqual(await client.answerTo(client.request('ping')), { by: 'first' });
  });

  it('sets the next engine up as the last one was, and tells the client what may have changed', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('resources/subscribe', { uri: 'rlm://sessions' }));
    await client.answerTo(client.request('resources/subscribe', { uri: 'rlm://status' }));
    await client.answerTo(client.request('resources/unsubscribe', { uri: 'rlm://status' }));
    await lose(first);
    await client.untilMethod('notifications/resources/updated');
    const seen = second.sent.map((one) => ('method' in one ? [one.method, one.params] : []));
    assert.deepStrictEqual(seen.slice(1), [
      ['notifications/initialized', undefined],
      ['resources/subscribe', { uri: 'rlm://sessions' }],
    ]);
    assert.deepStrictEqual(
      client.notifications.map(({ method, params }) => [method, params]),
      [
        ['notifications/resources/list_changed', undefined],
        ['notifications/resources/updated', { uri: 'rlm://sessions' }],
      ],
    );
  });

  it('does not join an engine that speaks another version than the client was told', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second', '2024-11-05')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('ping'));
    await lose(first);
    assert.deepStrictEqual(await client.answerTo(client.request('ping')), { by: 'local' });
    assert.match(lines.join('\n'), /speaks MCP 2024-11-05/u);
  });

  it('does not go back to an engine that broke off before it answered anything', async () => {
    engines = [new FakeServer('first')];
    await client.begin();
    await engines[0]?.close();
    assert.deepStrictEqual(await client.answerTo(client.request('ping')), { by: 'local' });
    assert.deepStrictEqual(opened, ['first', 'local']);
  });

  it('passes requests of the server to the client, and each answer to the server that asked', async () => {
    const [first, second] = [new FakeServer('first'), new FakeServer('second')];
    engines = [first, second];
    await client.begin();
    await client.answerTo(client.request('ping'));
    first.receive({ jsonrpc: '2.0', id: 0, method: 'roots/list' });
    const asked = await client.untilMethod('roots/list');
    client.receive({ jsonrpc: '2.0', id: asked.id, result: { roots: [] } });
    await client.answerTo(client.request('ping'));
    assert.deepStrictEqual(first.sent.at(-2), {
      jsonrpc: '2.0',
      id: 0,
      result: { roots: [] },
    });

    first.receive({ jsonrpc: '2.0', id: 1, method: 'sampling/createMessage' });
    const late = await client.untilMethod('sampling/createMessage');
    await lose(first);
    const cancelled = await client.untilMethod('notifications/cancelled');
    assert.deepStrictEqual(cancelled.params?.['requestId'], late.id);
    client.receive({ jsonrpc: '2.0', id: late.id, result: {} });
    assert.deepStrictEqual(await client.answerTo(client.request('ping')), { by: 'second' });
    assert.ok(second.sent.every((one) => 'method' in one));
  });

  it('passes on the cancelling of a request of the server under the client’s number for it', async () => {
    engines = [new FakeServer('first')];
    await client.begin();
    await client.answerTo(client.request('ping'));
    engines[0]?.receive({ jsonrpc: '2.0', id: 7, method: 'sampling/createMessage' });
    engines[0]?.receive({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 7 },
    });
    const asked = await client.untilMethod('sampling/createMessage');
    const cancelled = await client.untilMethod('notifications/cancelled');
    assert.deepStrictEqual(cancelled.params, { requestId: asked.id });
  });

  it('passes progress on as it is', async () => {
    engines = [new FakeServer('first')];
    await client.begin();
    const params = { progressToken: 3, progress: 1, message: 'half' };
    engines[0]?.receive({ jsonrpc: '2.0', method: 'notifications/progress', params });
    assert.deepStrictEqual((await client.untilMethod('notifications/progress')).params, params);
  });

  it('gives no answer to a call that the client has cancelled', async () => {
    const first = new FakeServer('first');
    first.silent.add('tools/call');
    engines = [first];
    await client.begin();
    await client.answerTo(client.request('ping'));
    const id = client.request('tools/call', call);
    client.notify('notifications/cancelled', { requestId: id });
    await client.answerTo(client.request('ping'));
    first.receive({ jsonrpc: '2.0', id, result: {} });
    await lose(first);
    await client.answerTo(client.request('ping'));
    assert.ok(client.sent.every((one) => 'method' in one || one.id !== id));
  });

  it('refuses requests before the client has begun, but for a ping', async () => {
    assert.deepStrictEqual(await client.answerTo(client.request('ping')), {});
    const error = (await client.answerTo(client.request('tools/list'))) as { code: number };
    assert.equal(error.code, RpcErrorCode.InvalidRequest);
    assert.deepStrictEqual(opened, []);
  });

  it('ends the engine’s side when the client goes, after what it still said', async () => {
    const first = new FakeServer('first');
    engines = [first];
    await client.begin();
    client.request('tools/call', call);
    await client.close();
    await pipe.closed;
    assert.ok(first.isClosed);
    assert.ok(first.sent.some((one) => 'method' in one && one.method === 'tools/call'));
  });

  it('ends with the reason when there is no server at all', async () => {
    const lonely = new FakeClient();
    const failing = new Pipe({
      client: lonely,
      findEngines: async () => [],
      connect: () => local,
      openLocal: () => Promise.reject(new Error('no home')),
      readOnlyTools: new Set(),
      log: () => undefined,
    });
    await failing.start();
    const begun = lonely.begin();
    await assert.rejects(failing.closed, /no home/u);
    assert.match(((await begun) as { message: string }).message, /no home/u);
    assert.ok(lonely.isClosed);
  });
});

function toEngine({ name }: FakeServer): JoinableEngine {
  return {
    engineId: name,
    pid: 1,
    url: new URL('http://127.0.0.1:1/mcp'),
    token: 'token',
    file: `/home/engines/${name}.json`,
  };
}
