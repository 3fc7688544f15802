// How many agents run at one time. Who waits is served in the order he came, and is told his place.

import { onAbort } from '../../base/abort';
import { type Disposable, toDisposable } from '../../base/disposable';
import { cancelledError } from '../errors';

interface Waiting {
  readonly start: () => void;
  readonly onPlace: (place: number | null) => void;
}

export class AgentSlots {
  readonly #count: number;
  #taken = 0;
  readonly #waiting: Waiting[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Dispose the result to give the slot back. `onPlace`: from 1; null when the turn has come.
   * @throws RlmError 'CANCELLED'
   */
  async take(signal: AbortSignal, onPlace: (place: number | null) => void): Promise<Disposable> {
    if (signal.aborted) {
      throw cancelledError('Waiting for a free agent');
    }
    if (this.#taken >= this.#count) {
      await this.#wait(signal, onPlace);
    } else {
      this.#taken += 1;
    }
    return toDisposable(() => this.#giveBack());
  }

  #wait(signal: AbortSignal, onPlace: (place: number | null) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        onPlace,
        start: () => {
          aborting.dispose();
          onPlace(null);
          resolve();
        },
      };
      this.#waiting.push(waiting);
      onPlace(this.#waiting.length);
      const aborting = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        this.#tellPlaces();
        reject(cancelledError('Waiting for a free agent'));
      });
    });
  }

  /** The slot goes to who waits longest, without being free in between. */
  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next) {
      next.start();
      this.#tellPlaces();
    } else {
      this.#taken -= 1;
    }
  }

  #tellPlaces(): void {
    this.#waiting.forEach(({ onPlace }, index) => onPlace(index + 1));
  }
}
