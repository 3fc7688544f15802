import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { HttpConnections } from '../../../src/mcp/httpConnections';

const maxConnections = 6;
const maxStrangers = 3;

/** A socket by its number, with what the model knows of it. */
class FakeSocket extends EventEmitter {
  isClosed = false;
  isKnown = false;
  readonly responses: EventEmitter[] = [];

  destroy(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.emit('close');
    }
  }
}

describe('HttpConnections', () => {
  let connections: HttpConnections;
  let sockets: FakeSocket[];

  beforeEach(() => {
    connections = new HttpConnections({ maxConnections, maxStrangers });
    sockets = [];
  });

  const connect = (): FakeSocket => {
    const socket = new FakeSocket();
    sockets.push(socket);
    connections.add(socket as unknown as Socket); // only its events and `destroy` are used
    return socket;
  };
  const request = (socket: FakeSocket): EventEmitter => {
    const response = new EventEmitter();
    socket.isKnown = true;
    socket.responses.push(response);
    connections.use(
      socket as unknown as Socket, // as above
      response as unknown as ServerResponse, // only its end is waited for
    );
    return response;
  };
  const open = (): readonly number[] =>
    sockets.flatMap((socket, index) => (socket.isClosed ? [] : [index]));

  it('lets the stranger that has waited longest make room for the next', () => {
    for (let count = 0; count < 5; count += 1) {
      connect();
    }
    assert.deepStrictEqual(open(), [2, 3, 4]);
  });

  it('keeps a client that is known, however many strangers come', () => {
    request(connect()).emit('close');
    for (let count = 0; count < 20; count += 1) {
      connect();
    }
    assert.deepStrictEqual(open(), [0, 18, 19, 20]);
  });

  it('lets a known client’s idle connection make room when all places are taken, never a busy one', () => {
    const [busy, idle] = [connect(), connect()];
    request(busy);
    request(idle).emit('close');
    for (let count = 2; count < maxConnections; count += 1) {
      request(connect());
    }
    connect();
    assert.deepStrictEqual(open(), [0, 2, 3, 4, 5, 6]);
  });

  it('lets one that has been refused make room, though it still sends', () => {
    for (let count = 0; count < maxConnections; count += 1) {
      const response = request(connect());
      Object.assign(response, count === 2 ? { headersSent: true, statusCode: 429 } : {});
    }
    connect();
    assert.deepStrictEqual(open(), [0, 1, 3, 4, 5, 6]);
  });

  it('after any events: the bounds hold, and no busy connection was closed', () => {
    const step = fc.tuple(
      fc.constantFrom('connect', 'request', 'answered', 'gone'),
      fc.nat({ max: 30 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        connections = new HttpConnections({ maxConnections, maxStrangers });
        sockets = [];
        for (const [what, which] of steps) {
          const alive = sockets.filter((one) => !one.isClosed);
          const socket = alive[which % Math.max(1, alive.length)];
          const busyBefore = alive.filter((one) => one.responses.length > 0);
          if (what === 'connect') {
            connect();
          } else if (what === 'request' && socket) {
            request(socket);
          } else if (what === 'answered') {
            socket?.responses.pop()?.emit('close');
          } else if (what === 'gone' && socket) {
            socket.destroy();
            socket.responses.splice(0).forEach((response) => response.emit('close'));
          }
          const live = sockets.filter((one) => !one.isClosed);
          assert.ok(live.filter((one) => !one.isKnown).length <= maxStrangers);
          const busy = live.filter((one) => one.responses.length > 0).length;
          assert.ok(live.length <= Math.max(maxConnections, busy));
          assert.ok(what === 'gone' || busyBefore.every((one) => !one.isClosed));
        }
      }),
    );
  });
});
