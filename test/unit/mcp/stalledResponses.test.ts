import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';

import { StalledResponses } from '../../../src/mcp/stalledResponses';

class FakeResponse extends EventEmitter {
  isDestroyed = false;
  writableLength = 0;
  readonly socket = { writableLength: 0, bytesWritten: 0 };

  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

describe('stalledResponses', () => {
  const limits = { maxWaitingBytes: 1_000, stalledMs: 60_000 };

  const add = (stalled: StalledResponses): FakeResponse => {
    const response = new FakeResponse();
    stalled.add(response as unknown as ServerResponse, 0); // what is used of one
    return response;
  };

  it('leaves alone what waits for nothing, however long', () => {
    const stalled = new StalledResponses(limits);
    const response = add(stalled);
    [60_001, 3_600_000].forEach((now) => stalled.sweep(now));
    assert.deepStrictEqual([response.isDestroyed, stalled.count], [false, 1]);
  });

  it('ends a response of which nothing has left for too long, and no slow one', () => {
    const stalled = new StalledResponses(limits);
    const [dead, slow] = [add(stalled), add(stalled)];
    for (const { socket } of [dead, slow]) {
      socket.writableLength = 500;
      socket.bytesWritten = 600; // handed over, of which 100 have left
    }
    stalled.sweep(1_000);
    slow.socket.writableLength = 499;
    stalled.sweep(50_000);
    stalled.sweep(61_001);
    assert.deepStrictEqual([dead.isDestroyed, slow.isDestroyed, stalled.count], [true, false, 1]);
  });

  it('ends a response at once for which too much waits', () => {
    const stalled = new StalledResponses(limits);
    const response = add(stalled);
    response.writableLength = 1_001;
    stalled.sweep(1);
    assert.deepStrictEqual([response.isDestroyed, stalled.count], [true, 0]);
  });
});
