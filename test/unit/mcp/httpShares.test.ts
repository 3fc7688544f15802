import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import type { Disposable } from '../../../src/base/disposable';
import type { Caller } from '../../../src/mcp/httpAccess';
import { HttpShares } from '../../../src/mcp/httpShares';

const limits = { openRequests: 3, openCalls: 2, bodyBytes: 100 };
const maxBodyBytes = 40;
/** Less than two callers may have at most. */
const maxBodiesBytes = 150;

/** Of which only id and limits are read. */
const createCaller = (id: string, isLimited = true): Caller =>
  ({ id, limits: isLimited ? limits : null }) as unknown as Caller;

const announce = (bytes: number | null): IncomingMessage =>
  ({ headers: bytes === null ? {} : { 'content-length': String(bytes) } }) as IncomingMessage; // all that is read

describe('httpShares', () => {
  it('holds each caller to its own share, whatever comes and goes', () => {
    const step = fc.record({
      who: fc.constantFrom('a', 'b'),
      what: fc.constantFrom('request', 'closed', 'body', 'read'),
      bytes: fc.option(fc.nat({ max: 200 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const shares = new HttpShares(maxBodiesBytes);
        const open = { a: [] as EventEmitter[], b: [] as EventEmitter[] };
        const bodies = {
          a: [] as { bytes: number; room: Disposable }[],
          b: [] as { bytes: number; room: Disposable }[],
        };
        for (const { who, what, bytes } of steps) {
          const caller = createCaller(who);
          if (what === 'request') {
            const response = new EventEmitter();
            const isFull = open[who].length >= limits.openRequests;
            const refusal = shares.beginRequest(caller, response as unknown as ServerResponse); // its end is waited for
            assert.deepStrictEqual(refusal?.status, isFull ? 429 : undefined);
            open[who].push(...(refusal ? [] : [response]));
          } else if (what === 'closed') {
            open[who].pop()?.emit('close');
          } else if (what === 'body') {
            const wanted = Math.min(bytes ?? maxBodyBytes, maxBodyBytes);
            const held = bodies[who].reduce((sum, one) => sum + one.bytes, 0);
            const room = shares.beginBody(caller, announce(bytes), maxBodyBytes);
            const all = [...bodies.a, ...bodies.b].reduce((sum, one) => sum + one.bytes, 0);
            const isOwnFull = held + wanted > limits.bodyBytes;
            const isFull = all + wanted > maxBodiesBytes;
            assert.deepStrictEqual(
              'status' in room ? room.status : null,
              isOwnFull ? 429 : isFull ? 503 : null,
            );
            assert.equal(shares.bodyBytes, isOwnFull || isFull ? all : all + wanted);
            bodies[who].push(...('status' in room ? [] : [{ bytes: wanted, room }]));
          } else {
            bodies[who].shift()?.room.dispose();
          }
        }
      }),
    );
  });

  it('bounds nothing for the machine’s own user', () => {
    const shares = new HttpShares(maxBodyBytes);
    const caller = createCaller('owner', false);
    for (let count = 0; count < 300; count += 1) {
      const response = new EventEmitter() as unknown as ServerResponse; // as above
      assert.deepStrictEqual(shares.beginRequest(caller, response), null);
      assert.equal('status' in shares.beginBody(caller, announce(null), maxBodyBytes), false);
    }
  });
});
