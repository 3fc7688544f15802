import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { RequestLedger, type SendResult } from '../../../src/join/requestLedger';

const isRepeatable = ({ method }: JSONRPCRequest): boolean => method !== 'tools/call';
const request = (id: number, method: string): JSONRPCRequest => ({ jsonrpc: '2.0', id, method });

const results: readonly SendResult[] = ['delivered', 'refused', 'busy', 'undelivered', 'unknown'];
const isLoss = (result: SendResult): boolean => result === 'undelivered' || result === 'unknown';

/** A pipe over the ledger, with servers that are numbers, and what the client has heard. */
class Model {
  readonly ledger = new RequestLedger<number>(isRepeatable);
  readonly answers = new Map<number, number>();
  readonly cancelled = new Set<number>();
  readonly received: number[] = [];
  readonly deliveredTo = new Map<number, Set<number>>();
  #server = 0;

  get server(): number {
    return this.#server;
  }

  receive(method: string): void {
    const id = this.received.length;
    this.received.push(id);
    this.ledger.receive(request(id, method));
    this.ledger.release(id);
  }

  /** Sends the next that waits, with `result`; a server that is lost makes room for the next one. */
  send(result: SendResult): void {
    const next = this.ledger.next(this.#server);
    if (!next) {
      return;
    }
    const server = this.#server;
    const id = Number(next.id);
    this.ledger.startSending(id, server);
    if (result === 'delivered' || result === 'unknown') {
      const servers = this.deliveredTo.get(id) ?? new Set();
      this.deliveredTo.set(id, servers.add(server));
    }
    if (isLoss(result)) {
      this.lose();
    }
    const verdict = this.ledger.finishSending(id, server, result);
    if (verdict === 'refuse' || verdict === 'fail') {
      this.#hear(id);
    }
  }

  /** An answer of any server, also of one that is gone or never had the request. */
  answer(id: number, server: number): void {
    if (this.ledger.settle(id, server)) {
      assert.equal(server, this.#server, 'an answer of a server that is gone was passed on');
      assert.ok(this.deliveredTo.get(id)?.has(server), 'nobody had asked that server');
      this.#hear(id);
    }
  }

  /** A server says that it ends and has given up a request: any server, of any request. */
  giveUp(id: number, server: number): void {
    if (!this.ledger.retry(id, server)) {
      this.answer(id, server);
    }
  }

  cancel(id: number): void {
    if (!this.answers.has(id)) {
      this.cancelled.add(id);
    }
    this.ledger.drop(id);
  }

  lose(): void {
    const lost = this.#server;
    this.#server += 1;
    this.ledger.lose(lost).forEach(({ id }) => this.#hear(Number(id)));
  }

  #hear(id: number): void {
    assert.ok(!this.cancelled.has(id), 'a cancelled request was answered');
    this.answers.set(id, (this.answers.get(id) ?? 0) + 1);
  }

  /** To the end: the last server takes and answers all that is left. */
  finish(): void {
    for (let rounds = 0; this.ledger.unanswered.length > 0; rounds += 1) {
      assert.ok(rounds < 1_000, 'a request is never answered');
      this.send('delivered');
      this.received.forEach((id) => this.answer(id, this.#server));
    }
  }
}

const event = fc.oneof(
  fc.record({
    kind: fc.constant('receive' as const),
    method: fc.constantFrom('ping', 'tools/list', 'tools/call'),
  }),
  fc.record({ kind: fc.constant('send' as const), result: fc.constantFrom(...results) }),
  fc.record({
    kind: fc.constant('answer' as const),
    id: fc.nat({ max: 12 }),
    back: fc.nat({ max: 2 }),
  }),
  fc.record({
    kind: fc.constant('giveUp' as const),
    id: fc.nat({ max: 12 }),
    back: fc.nat({ max: 2 }),
  }),
  fc.record({ kind: fc.constant('cancel' as const), id: fc.nat({ max: 12 }) }),
  fc.record({ kind: fc.constant('lose' as const) }),
);

describe('RequestLedger', () => {
  it('after any order of events every request has one answer, or was cancelled and has none', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const model = new Model();
        for (const one of events) {
          switch (one.kind) {
            case 'receive':
              model.receive(one.method);
              break;
            case 'send':
              model.send(one.result);
              break;
            case 'answer':
              model.answer(one.id, Math.max(0, model.server - one.back));
              break;
            case 'giveUp':
              model.giveUp(one.id, Math.max(0, model.server - one.back));
              break;
            case 'cancel':
              if (one.id < model.received.length) {
                model.cancel(one.id);
              }
              break;
            case 'lose':
              model.lose();
              break;
          }
        }
        model.finish();
        const heard = model.received.map((id) => [id, model.answers.get(id) ?? 0]);
        const wanted = model.received.map((id) => [id, model.cancelled.has(id) ? 0 : 1]);
        assert.deepStrictEqual(heard, wanted);
      }),
      { numRuns: 1_000 },
    );
  });

  it('a call that may have been acted on is sent to one server only, whatever happens', () => {
    const calls = fc.array(
      event.filter((one) => one.kind !== 'cancel'),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(calls, (events) => {
        const model = new Model();
        for (const one of events) {
          if (one.kind === 'receive') {
            model.receive('tools/call');
          } else if (one.kind === 'send') {
            model.send(one.result);
          } else if (one.kind === 'giveUp') {
            model.giveUp(one.id, Math.max(0, model.server - one.back));
          } else if (one.kind === 'lose') {
            model.lose();
          }
        }
        model.finish();
        assert.ok([...model.deliveredTo.values()].every((servers) => servers.size === 1));
      }),
    );
  });

  it('sends in the client’s order, also what is asked again', () => {
    const ledger = new RequestLedger<string>(isRepeatable);
    [1, 2, 3].forEach((id) => {
      ledger.receive(request(id, 'tools/list'));
      ledger.release(id);
    });
    const sendAll = (server: string): unknown[] => {
      const order: unknown[] = [];
      for (let next = ledger.next(server); next; next = ledger.next(server)) {
        order.push(next.id);
        ledger.startSending(next.id, server);
        ledger.finishSending(next.id, server, 'delivered');
      }
      return order;
    };
    assert.deepStrictEqual(sendAll('a'), [1, 2, 3]);
    assert.deepStrictEqual(ledger.lose('a'), []);
    assert.deepStrictEqual(sendAll('b'), [1, 2, 3]);
  });

  it('waits for room at a busy server, and lets pings pass', () => {
    const ledger = new RequestLedger<string>(isRepeatable);
    const receive = (id: number, method: string): void => {
      ledger.receive(request(id, method));
      ledger.release(id);
    };
    const send = (result: SendResult): unknown => {
      const next = ledger.next('a');
      if (!next) {
        return null;
      }
      ledger.startSending(next.id, 'a');
      return [next.id, ledger.finishSending(next.id, 'a', result)];
    };
    receive(1, 'tools/call');
    assert.deepStrictEqual(send('delivered'), [1, 'nothing']);
    receive(2, 'tools/call');
    assert.deepStrictEqual(send('busy'), [2, 'wait']);
    receive(3, 'tools/call');
    receive(4, 'ping');
    assert.deepStrictEqual(send('delivered'), [4, 'nothing']);
    assert.deepStrictEqual(send('delivered'), null);
    assert.equal(ledger.settle(1, 'a')?.id, 1);
    assert.deepStrictEqual(send('delivered'), [2, 'nothing']);
    assert.deepStrictEqual(send('delivered'), [3, 'nothing']);
  });

  it('refuses at a busy server where no answer of its own would make room', () => {
    const ledger = new RequestLedger<string>(isRepeatable);
    ledger.receive(request(1, 'tools/call'));
    ledger.release(1);
    ledger.startSending(1, 'a');
    assert.equal(ledger.finishSending(1, 'a', 'busy'), 'refuse');
    assert.deepStrictEqual(ledger.unanswered, []);
  });

  it('holds a request back until what came before it has been passed on', () => {
    const ledger = new RequestLedger<string>(isRepeatable);
    ledger.receive(request(1, 'tools/list'));
    assert.equal(ledger.next('a'), null);
    ledger.release(1);
    assert.equal(ledger.next('a')?.id, 1);
  });
});
