import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

import { type StdioServing, serveStdio } from '../../../src/mcp/stdio';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { callTool, createClient, openSession } from '../../support/mcpClient';
import { mcpFlows } from '../../support/mcpFlows';

/** The client's end of the two streams. */
function createStreamTransport(input: PassThrough, output: PassThrough): Transport {
  const buffer = new ReadBuffer();
  const transport: Transport = {
    start: async () => {
      output.on('data', (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message; message = buffer.readMessage()) {
          transport.onmessage?.(message);
        }
      });
    },
    send: async (message) => void input.write(serializeMessage(message)),
    close: async () => {
      input.end();
      transport.onclose?.();
    },
  };
  return transport;
}

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

  it('ends on a line that is too long', async () => {
    stdin.write(Buffer.alloc(16_000_001, 'x'));
    await serving.closed;
  });

  it('goes on after a line that is no message', async () => {
    stdin.write('this is not JSON\n');
    stdin.write('{"jsonrpc":"2.0","id":7,"method":"ping"}\n');
    const [line] = (await once(stdout, 'data')) as [Buffer];
    assert.deepStrictEqual(JSON.parse(line.toString()), { result: {}, jsonrpc: '2.0', id: 7 });
  });
});
