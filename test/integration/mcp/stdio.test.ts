import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';

import { type StdioServing, serveStdio } from '../../../src/mcp/stdio';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { assertEnded, callTool, createClient, openSession } from '../../support/mcpClient';
import { mcpFlows } from '../../support/mcpFlows';
import { createStreamTransport } from '../../support/streamTransport';

describe('stdio', () => {
  let engine: FakeEngine;
  let stdin: PassThrough;
  let stdout: PassThrough;
  let serving: StdioServing;

  beforeEach(() => {
    engine = createFakeEngine();
    stdin = new PassThrough();
    stdout = new PassThrough();
    serving = serveStdio(engine, { stdin, stdout });
  });

  afterEach(async () => {
    serving.dispose();
    await serving.closed;
    await engine.close();
  });

  const connect = async () => {
    const client = createClient();
    await client.connect(createStreamTransport(stdin, stdout));
    await client.listTools();
    return client;
  };

  it('serves a client, one JSON message a line', async () => {
    const client = await connect();
    for (const flow of mcpFlows) {
      await flow.run(client, 'javascript');
    }
  });

  it('cancels running steps and ends when its input ends', async () => {
    const client = await connect();
    const id = await openSession(client);
    const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
    const call = callTool(client, 'rlm_run_repl', { session_id: id, code: 'sleep(60000)' });
    const rejected = assert.rejects(call);
    await slept;
    await client.close();
    await Promise.all([rejected, serving.closed]);
    const session = await engine.sessions.findSession(id);
    await session.finalize({ text: 'x' }, new AbortController().signal);
    assert.deepStrictEqual(session.summary.usage.steps, 1);
    assert.deepStrictEqual(engine.traces.listenerCount, 0);
  });

  it('answers what is open before it ends, and what comes meanwhile', async () => {
    const client = await connect();
    const id = await openSession(client);
    const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
    const calls = ['sleep(60000)', '1'].map((code) =>
      assertEnded(callTool(client, 'rlm_run_repl', { session_id: id, code })),
    );
    await slept;
    stdout.cork(); // the client is slow to take the answers
    serving.dispose();
    calls.push(assertEnded(callTool(client, 'rlm_status')));
    setImmediate(() => stdout.uncork());
    await Promise.all([...calls, serving.closed]);
  });

  it('ends in bounded time when nobody takes the answers', async () => {
    const client = await connect();
    const id = await openSession(client);
    const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
    void callTool(client, 'rlm_run_repl', { session_id: id, code: 'sleep(60000)' }).catch(
      () => undefined,
    );
    await slept;
    stdout.cork();
    serving.dispose();
    await serving.closed;
    await client.close();
  });

  it('answers what is open when its input ends, as its output may still be read', async () => {
    const client = await connect();
    const id = await openSession(client);
    const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
    const call = callTool(client, 'rlm_run_repl', { session_id: id, code: 'sleep(60000)' });
    await slept;
    stdin.end();
    await assertEnded(call);
    await serving.closed;
  });

  it('ends when its output breaks, without an uncaught error', async () => {
    const client = await connect();
    stdout.destroy(new Error('EPIPE'));
    await serving.closed;
    await client.close();
  });

  it('ends when it is disposed, any number of times', async () => {
    serving.dispose();
    serving.dispose();
    await serving.closed;
  });

  /** The next replies on stdout: id and code, or 'ok' for a result. */
  const readReplies = async (count: number): Promise<readonly (readonly [unknown, unknown])[]> => {
    const replies: [unknown, unknown][] = [];
    for await (const line of createInterface({ input: stdout })) {
      const { id, error } = JSON.parse(line) as { id: unknown; error?: { code: number } }; // JSON-RPC
      replies.push([id, error?.code ?? 'ok']);
      if (replies.length === count) {
        break;
      }
    }
    return replies;
  };

  it('answers a line that is no message, and goes on with the next', async () => {
    const lines = [
      'this is not JSON',
      '{"jsonrpc":"2.0","id":1}',
      '{"id":"b","method":"ping"}',
      '['.repeat(200),
      '',
      '{"jsonrpc":"2.0","id":7,"method":"ping"}',
    ];
    const replies = readReplies(5);
    stdin.write(lines.map((line) => `${line}\n`).join(''));
    assert.deepStrictEqual(await replies, [
      [null, -32700],
      [1, -32600],
      ['b', -32600],
      [null, -32600],
      [7, 'ok'],
    ]);
  });

  it('answers a line that is too long without keeping it, and goes on with the next', async () => {
    const replies = readReplies(2);
    stdin.write(Buffer.alloc(16_000_001, 'x'));
    stdin.write('\n{"jsonrpc":"2.0","id":7,"method":"ping"}\n');
    assert.deepStrictEqual(await replies, [
      [null, -32600],
      [7, 'ok'],
    ]);
  });

  it('answers a request that is too large under its id, wherever that stands', async () => {
    const replies = readReplies(4);
    const long = 'x'.repeat(16_000_001);
    const parts = [
      `{"jsonrpc":"2.0","id":"first","method":"ping","params":{"a":"${long}`,
      '"}}\n',
      `{"method":"ping","params":{"a":"${long}\\",\\"id\\":9}`,
      '"},"jsonrpc":"2.0","id":2}\n',
      `{"jsonrpc":"2.0","id":3,"result":{"a":"${long}"}}\n`,
      '[{"jsonrpc":"2.0","id":4,"method":"ping"},{"id":5},{"jsonrpc":"2.0","id":6,"method":"ping"}]\n',
    ];
    parts.forEach((part) => stdin.write(part));
    assert.deepStrictEqual(await replies, [
      ['first', -32600],
      [2, -32600],
      [4, -32600],
      [5, -32600],
    ]);
  });

  it('answers requests before initialize under their ids, and what it does not know at any time', async () => {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'raw', version: '1' },
    };
    const requests = [
      { id: 1, method: 'server/discover' },
      { id: 2, method: 'tools/list' },
      { id: 3, method: 'ping' },
      { id: 4, method: 'initialize', params },
      { id: 5, method: 'server/discover' },
    ];
    const replies = readReplies(5);
    for (const request of requests) {
      stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`);
    }
    assert.deepStrictEqual(
      new Map(await replies),
      new Map<unknown, unknown>([
        [1, -32601],
        [2, -32600],
        [3, 'ok'],
        [4, 'ok'],
        [5, -32601],
      ]),
    );
  });
});
