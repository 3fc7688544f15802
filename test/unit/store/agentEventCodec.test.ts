import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyEvent, createSummary } from '../../../src/core/summary';
import { decodeEvent, encodeEvent } from '../../../src/store/traceCodec';
import {
  agentKinds,
  arbitraryAgentEvent,
  createAgentOpened,
} from '../../support/arbitraryAgentEvents';
import { createOpened } from '../../support/sampleTrace';

function readBack(event: Parameters<typeof encodeEvent>[0]): unknown {
  const line = encodeEvent(event);
  return decodeEvent(line.subarray(0, -1));
}

describe('events of agent runs on disk', () => {
  it('an agent run is opened as it was, and a session with a REPL too', () => {
    for (const opened of [createAgentOpened(), createOpened()]) {
      assert.deepStrictEqual(readBack(opened), opened);
    }
  });

  it('an opening that is neither the one nor the other is no event', () => {
    const neither = { ...createAgentOpened(), agent: undefined };
    assert.equal(readBack(neither as never), undefined); // the type forbids it
  });

  for (const kind of agentKinds) {
    it(`${kind} is read as it was written`, () => {
      fc.assert(
        fc.property(arbitraryAgentEvent(kind), (event) => {
          assert.deepStrictEqual(readBack(event), event);
        }),
        { numRuns: 50 },
      );
    });
  }

  it('its last event says all that a list shows of a run', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...agentKinds).chain(arbitraryAgentEvent), { minLength: 1 }),
        (events) => {
          const opened = createSummary(createAgentOpened());
          const last = events.at(-1);
          assert.ok(last);
          assert.deepStrictEqual(events.reduce(applyEvent, opened), applyEvent(opened, last));
        },
      ),
      { numRuns: 50 },
    );
  });
});
