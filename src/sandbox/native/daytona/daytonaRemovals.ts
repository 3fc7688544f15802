// Deletes sandboxes that are let go of. Daytona refuses to while a sandbox still starts, and one whose making was
// given up may come to be later: so it is tried again for some minutes.

import { DaytonaError } from './daytonaHttp';
import type { DaytonaApi } from './daytonaApi';

/** Before each attempt. What is not deleted by then stops and is deleted by itself. */
const delaysMs = [0, 300, 1_500, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 60_000, 60_000];
/** So many attempts find nothing before one counts as never made, where nobody knows. */
const unsureAttempts = 6;
/** The key was taken back: it will not be taken later. */
const hopeless: readonly (number | null)[] = [401, 403];

type Api = Pick<DaytonaApi, 'deleteSandbox'>;

export interface Removal {
  readonly idOrName: string;
  /** Its making was asked for, and nobody knows whether it is made. */
  readonly isUnsure?: boolean;
}

export class DaytonaRemovals {
  readonly #sleep: (ms: number) => Promise<void>;
  /** Under way, by id or name. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(sleep: (ms: number) => Promise<void>) {
    this.#sleep = sleep;
  }

  /** Nobody waits for it. */
  begin(api: Api, removal: Removal): void {
    const { idOrName } = removal;
    if (!this.#running.has(idOrName)) {
      const removed = this.#remove(api, removal).finally(() => this.#running.delete(idOrName));
      this.#running.set(idOrName, removed);
    }
  }

  /** Once all that was begun is deleted, or given up. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #remove(api: Api, { idOrName, isUnsure = false }: Removal): Promise<void> {
    for (const [attempt, delayMs] of delaysMs.entries()) {
      if (delayMs > 0) {
        await this.#sleep(delayMs);
      }
      const mayComeToBe = isUnsure && attempt + 1 < unsureAttempts;
      try {
        const isDeleted = await api.deleteSandbox(idOrName);
        if (isDeleted || !mayComeToBe) {
          return;
        }
      } catch (thrown) {
        if (thrown instanceof DaytonaError && hopeless.includes(thrown.status)) {
          return;
        }
      }
    }
  }
}
