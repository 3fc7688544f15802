import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AgentSlots } from '../../../../src/core/agent/agentSlots';
import { settle } from '../../../support/fakeAgents';

interface Taken {
  readonly id: string;
  readonly parent: Taken | null;
  readonly abort: AbortController;
  slot: { dispose(): void } | null;
  /** Its turn has ended: nobody waits for it. */
  isResting: boolean;
  isOver: boolean;
}

class Play {
  readonly all: Taken[] = [];

  constructor(readonly slots: AgentSlots) {}

  get working(): readonly Taken[] {
    return this.all.filter(({ isOver }) => !isOver);
  }

  start(parent: Taken | null): void {
    const taken: Taken = {
      ...{ id: `run-${this.all.length}`, parent, abort: new AbortController() },
      ...{ slot: null, isResting: false, isOver: false },
    };
    this.all.push(taken);
    const taker = {
      sessionId: taken.id,
      parentSessionId: parent?.id ?? null,
      onPlace: () => undefined,
    };
    this.slots.take(taken.abort.signal, taker).then(
      (slot) => {
        taken.slot = slot;
      },
      () => undefined,
    );
  }

  end(one: Taken): void {
    one.isOver = true;
    one.abort.abort();
    one.slot?.dispose();
  }

  rest(one: Taken): void {
    if (one.slot) {
      one.isResting = true;
      one.slot.dispose();
    }
  }

  /** One that waits for no child, and so ends by itself. */
  findNext(): Taken | undefined {
    const active = this.working.filter(({ isResting }) => !isResting);
    return active.length === 0
      ? this.working[0]
      : active.find((one) => one.slot !== null && !active.some(({ parent }) => parent === one));
  }
}

describe('the slots of agents', () => {
  it('runs that wait for their children always leave one of them running, whoever came first', async () => {
    const order = fc.array(fc.tuple(fc.nat(9), fc.nat(3)), { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), order, async (count, steps) => {
        const play = new Play(new AgentSlots(count));
        for (const [pick, kind] of steps) {
          const one = play.working[pick % Math.max(1, play.working.length)];
          if (kind === 0 || !one) {
            play.start(null);
          } else if (kind === 1) {
            play.start(one);
          } else if (kind === 2) {
            play.end(one); // also a parent whose children go on
          } else {
            play.rest(one); // its children go on
          }
          await settle();
          assert.ok(play.slots.taken <= count);
        }
        while (play.working.length > 0) {
          const next = play.findNext();
          assert.ok(next, 'each waits for another');
          play.end(next);
          await settle();
        }
        assert.deepStrictEqual([play.slots.taken, play.slots.waiting], [0, 0]);
      }),
      { numRuns: 100 },
    );
  });
});
