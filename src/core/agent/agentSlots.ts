// How many agents run at one time. Who waits is served in the order he came, and is told his place. A run lends its slot
// to one of its children at a time, so that runs that wait for their children cannot keep these from running.

import { onAbort } from '../../base/abort';
import type { Disposable } from '../../base/disposable';
import { cancelledError } from '../errors';

interface Slot extends Disposable {
  /** Whose slot this one is for the time; null: one of those that are counted. */
  lender: Slot | null;
  /** Who has it from this one. */
  borrower: Slot | null;
}

/** The run that wants a slot; its parent lends its own where no other is free. */
export interface SlotTaker {
  readonly sessionId: string;
  readonly parentSessionId: string | null;
  /** Its place in line, from 1; null when its turn has come. */
  readonly onPlace: (place: number | null) => void;
}

interface Waiting {
  readonly taker: SlotTaker;
  readonly start: (slot: Slot) => void;
}

export class AgentSlots {
  readonly #count: number;
  #taken = 0;
  readonly #waiting: Waiting[] = [];
  /** By the run that holds it. */
  readonly #held = new Map<string, Slot>();

  constructor(count: number) {
    this.#count = count;
  }

  /** Those that are counted; slots that are lent are not. */
  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Dispose the result to give the slot back. @throws RlmError 'CANCELLED' */
  async take(signal: AbortSignal, taker: SlotTaker): Promise<Disposable> {
    if (signal.aborted) {
      throw cancelledError('Waiting for a free agent');
    }
    if (this.#taken < this.#count) {
      this.#taken += 1;
      return this.#create(taker, null);
    }
    const lender = this.#findLender(taker);
    return lender ? this.#create(taker, lender) : this.#wait(signal, taker);
  }

  /** Null: its parent has no slot, or has lent it already. */
  #findLender({ parentSessionId }: SlotTaker): Slot | null {
    const held = parentSessionId === null ? undefined : this.#held.get(parentSessionId);
    return held?.borrower === null ? held : null;
  }

  #create({ sessionId }: SlotTaker, lender: Slot | null): Slot {
    let isGivenBack = false;
    const slot: Slot = {
      lender,
      borrower: null,
      dispose: () => {
        if (!isGivenBack) {
          isGivenBack = true;
          this.#held.delete(sessionId);
          this.#giveBack(slot);
        }
      },
    };
    if (lender) {
      lender.borrower = slot;
    }
    this.#held.set(sessionId, slot);
    this.#lend(sessionId, slot); // a child of it may wait already
    return slot;
  }

  #wait(signal: AbortSignal, taker: SlotTaker): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        taker,
        start: (slot) => {
          aborting.dispose();
          taker.onPlace(null);
          resolve(slot);
        },
      };
      this.#waiting.push(waiting);
      taker.onPlace(this.#waiting.length);
      const aborting = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        this.#tellPlaces();
        reject(cancelledError('Waiting for a free agent'));
      });
    });
  }

  /** A slot goes to who waits longest, without being free in between. */
  #giveBack({ lender, borrower }: Slot): void {
    if (borrower) {
      borrower.lender = lender; // who has it keeps it, in place of the one who lent it
      if (lender) {
        lender.borrower = borrower;
      }
    } else if (lender) {
      lender.borrower = null;
      const [holder] = [...this.#held].find(([, slot]) => slot === lender) ?? [];
      if (holder !== undefined) {
        this.#lend(holder, lender);
      }
    } else if (!this.#startNext(() => true, null)) {
      this.#taken -= 1;
    }
  }

  #lend(sessionId: string, slot: Slot): void {
    this.#startNext(({ taker }) => taker.parentSessionId === sessionId, slot);
  }

  /** False: none waits for such a slot. */
  #startNext(isFor: (waiting: Waiting) => boolean, lender: Slot | null): boolean {
    const at = this.#waiting.findIndex(isFor);
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (!next) {
      return false;
    }
    next.start(this.#create(next.taker, lender));
    this.#tellPlaces();
    return true;
  }

  #tellPlaces(): void {
    this.#waiting.forEach(({ taker }, index) => taker.onPlace(index + 1));
  }
}
