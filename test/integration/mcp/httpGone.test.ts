// Clients that leave at the worst moment: nothing of them may stay open in the server, for it counts what is open.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type net from 'node:net';
import { type HttpServing, listenHttp } from '../../../src/mcp/http';
import { TokenAccess, type AccessVerdict } from '../../../src/mcp/httpAccess';
import type { HttpCounts } from '../../../src/mcp/httpObserver';
import { initialize } from '../../support/initialize';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { connectRaw } from '../../support/rawSocket';

const token = 'a-token-of-at-least-22-characters';
const initializeText = JSON.stringify(initialize);
const maxConnections = 3;

/** One client that does nothing. */
const resting = {
  mcpSessions: 1,
  openCalls: 0,
  openResponses: 0,
  bodyBytes: 0,
  certificate: null,
};

describe('a client that leaves', () => {
  let engine: FakeEngine;
  let serving: HttpServing;
  let counts: HttpCounts | undefined;
  /** `asked`: whose token is looked up. `ended`: a request is over for the server. */
  let events: EventEmitter;
  let answers: ((go: true) => void)[];
  let isHeld: boolean;
  let ended: number;

  beforeEach(async () => {
    engine = createFakeEngine();
    events = new EventEmitter();
    answers = [];
    isHeld = false;
    ended = 0;
    const access = new TokenAccess(engine, token);
    serving = await listenHttp(
      {
        readStanding: () => access.readStanding(),
        identify: async (given): Promise<AccessVerdict> => {
          if (isHeld) {
            const go = new Promise<true>((resolve) => answers.push(resolve));
            events.emit('asked');
            await go;
          }
          return access.identify(given);
        },
      },
      {
        limits: { maxConnections, maxStrangers: maxConnections },
        operations: {
          findFaults: async () => [],
          describeResource: () => null,
          writeMetrics: async (given) => {
            counts = given;
            return '';
          },
        },
        observer: {
          callEnded: () => undefined,
          requestEnded: () => {
            ended += 1;
            events.emit('ended');
          },
        },
      },
    );
  });

  afterEach(async () => {
    await serving.dispose();
    await engine.close();
  });

  const untilEnded = async (count: number): Promise<void> => {
    while (ended < count) {
      await once(events, 'ended');
    }
  };

  const request = (start: string, body = '', more: readonly string[] = []): string =>
    [
      `${start} HTTP/1.1`,
      `Host: 127.0.0.1:${serving.port}`,
      `Authorization: Bearer ${token}`,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
      ...more,
      ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
      '',
      body,
    ].join('\r\n');

  const readAll = (socket: net.Socket, until: RegExp): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (until.test(text)) {
          resolve(text);
        }
      });
    });

  const openMcpSession = async (): Promise<string> => {
    const socket = await connectRaw(serving.port);
    socket.write(request('POST /mcp', initializeText));
    const text = await readAll(socket, /"id":1\}\n\n$/u);
    socket.destroy();
    await untilEnded(1);
    return /^mcp-session-id: (.*)$/imu.exec(text)?.[1] ?? '';
  };

  /** A connection is let in, and what the server says is open. */
  const readCounts = async (): Promise<HttpCounts | undefined> => {
    const socket = await connectRaw(serving.port);
    socket.write(request('GET /metrics'));
    await readAll(socket, /200 OK/u);
    socket.destroy();
    return counts;
  };

  const starts = ['GET /mcp', 'POST /mcp', 'DELETE /mcp', 'GET /metrics'];
  for (const start of starts) {
    it(`while its token is checked leaves nothing open, after ${start}`, async () => {
      const id = await openMcpSession();
      isHeld = true;
      for (let index = 0; index < maxConnections; index += 1) {
        const socket = await connectRaw(serving.port);
        const asked = once(events, 'asked');
        const body = start.startsWith('POST')
          ? '{"jsonrpc":"2.0","id":7,"method":"tools/list"}'
          : '';
        socket.write(request(start, body, [`Mcp-Session-Id: ${id}`]));
        await asked;
        socket.destroy();
        await untilEnded(index + 2);
      }
      isHeld = false;
      counts = undefined;
      answers.forEach((answer) => answer(true));
      assert.deepStrictEqual(await readCounts(), resting);
    });
  }

  it('with requests that wait behind another leaves none of them open', async () => {
    const id = await openMcpSession();
    const socket = await connectRaw(serving.port);
    const more = [`Mcp-Session-Id: ${id}`];
    const call = '{"jsonrpc":"2.0","id":7,"method":"tools/list"}';
    socket.write(request('GET /mcp', '', more) + request('POST /mcp', call, more).repeat(2));
    await readAll(socket, /200 OK/u);
    socket.destroy();
    await untilEnded(4);
    assert.deepStrictEqual(await readCounts(), resting);
  });
});
