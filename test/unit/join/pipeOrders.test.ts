// The pipe under events in any order: whatever comes and goes, no request is lost or answered twice.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { Pipe } from '../../../src/join/pipe';
import { FakeClient, FakeServer } from './fakeServer';

const held = ['tools/call', 'tools/list'];

const event = fc.oneof(
  fc.record({ kind: fc.constant('request' as const), method: fc.constantFrom('ping', ...held) }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('answer' as const), which: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('ask' as const) }),
  fc.record({ kind: fc.constant('start' as const) }),
  fc.record({ kind: fc.constant('end' as const) }),
  fc.record({ kind: fc.constant('fill' as const), isFull: fc.boolean() }),
  fc.record({ kind: fc.constant('settle' as const) }),
);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const idOf = (message: JSONRPCMessage): unknown => ('id' in message ? message.id : undefined);
const isRequest = (message: JSONRPCMessage): boolean => 'method' in message && 'id' in message;
const isAnswer = (message: JSONRPCMessage): boolean => !('method' in message);

class World {
  readonly client = new FakeClient();
  readonly all: FakeServer[] = [];
  readonly requested: number[] = [];
  readonly cancelled = new Set<number>();
  readonly pipe: Pipe;
  #asks = 0;
  /** Engines that run, the longest running first. */
  #engines: FakeServer[] = [];

  constructor() {
    this.#start();
    const local = new FakeServer('local');
    this.pipe = new Pipe({
      client: this.client,
      findEngines: async () =>
        this.#engines.map(({ name }) => ({
          engineId: name,
          pid: 1,
          url: new URL('http://127.0.0.1:1/mcp'),
          token: 'token',
          file: name,
        })),
      connect: ({ engineId }) => this.all.find(({ name }) => name === engineId) ?? local,
      openLocal: async () => local,
      readOnlyTools: new Set(),
      log: () => undefined,
    });
  }

  #start(): void {
    const engine = new FakeServer(`engine-${this.all.length}`);
    held.forEach((method) => engine.silent.add(method));
    this.all.push(engine);
    this.#engines.push(engine);
  }

  async run(events: readonly (typeof event extends fc.Arbitrary<infer E> ? E : never)[]) {
    for (const one of events) {
      switch (one.kind) {
        case 'request':
          this.requested.push(this.client.request(one.method));
          break;
        case 'cancel':
          this.#cancel(one.which);
          break;
        case 'answer':
          this.#answer(one.which);
          break;
        case 'ask':
          this.#engines[0]?.receive({ jsonrpc: '2.0', id: this.#asks++, method: 'roots/list' });
          break;
        case 'start':
          this.#start();
          break;
        case 'end':
          await this.#engines.shift()?.close();
          break;
        case 'fill':
          this.all.forEach((engine) => (engine.isFull = one.isFull));
          break;
        case 'settle':
          await turn();
          break;
      }
    }
  }

  /** A request that has no answer yet is cancelled; another one may be answered at any moment. */
  #cancel(which: number): void {
    const id = this.requested[which];
    if (id !== undefined && !this.#heard(id)) {
      this.cancelled.add(id);
      this.client.notify('notifications/cancelled', { requestId: id });
    }
  }

  /** Every engine that was sent it answers, also one that is gone. */
  #answer(which: number): void {
    const id = this.requested[which];
    for (const engine of this.all) {
      if (engine.sent.some((message) => isRequest(message) && idOf(message) === id)) {
        engine.receive({ jsonrpc: '2.0', id, result: { by: engine.name } } as JSONRPCMessage); // id was sent
      }
    }
  }

  #heard(id: number): number {
    return this.client.sent.filter((one) => isAnswer(one) && idOf(one) === id).length;
  }

  /** All engines end; what is left is answered by the pipe itself or by the local server. */
  async finish(): Promise<void> {
    this.all.forEach((engine) => (engine.isFull = false));
    for (const engine of this.#engines.splice(0)) {
      await engine.close();
    }
    const open = this.requested.filter((id) => !this.cancelled.has(id));
    await Promise.all(open.map((id) => this.client.answerTo(id)));
    await this.client.answerTo(this.client.request('ping'));
  }

  counts(): readonly (readonly [number, number])[] {
    return this.requested.map((id) => [id, this.#heard(id)] as const);
  }
}

describe('Pipe, under events in any order', () => {
  it('answers each request once, and none that was cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
        const world = new World();
        await world.pipe.start();
        await world.client.begin();
        await world.run(events);
        await world.finish();
        for (const [id, count] of world.counts()) {
          assert.ok(world.cancelled.has(id) ? count <= 1 : count === 1, `${id}: ${count} answers`);
        }
        const asked = world.client.sent.filter(isRequest).map(idOf);
        assert.equal(new Set(asked).size, asked.length, 'two requests of servers share an id');
        await world.pipe.close();
      }),
      { numRuns: 300 },
    );
  });
});
