// Deletes places on other machines that are let go of. A server may refuse to while a place still starts, and one whose
// making was given up may come to be later: so it is tried again for some minutes.

/** Before each attempt. What is not deleted by then ends by itself. */
const delaysMs = [0, 300, 1_500, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 60_000, 60_000];
/** So many attempts find nothing before one counts as never made, where nobody knows. */
const unsureAttempts = 6;

export interface Removal {
  /** By which it is known while it is under way. */
  readonly name: string;
  /** False: there is none of it. */
  readonly remove: () => Promise<boolean>;
  /** Its making was asked for, and nobody knows whether it is made. */
  readonly isUnsure?: boolean;
  /** Of what `remove` has thrown: it would be refused later too. */
  readonly isHopeless: (thrown: unknown) => boolean;
}

export class Removals {
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #running = new Map<string, Promise<void>>();

  constructor(sleep: (ms: number) => Promise<void>) {
    this.#sleep = sleep;
  }

  /** Nobody waits for it. */
  begin(removal: Removal): void {
    const { name } = removal;
    if (!this.#running.has(name)) {
      const removed = this.#remove(removal).finally(() => this.#running.delete(name));
      this.#running.set(name, removed);
    }
  }

  /** Once all that was begun is deleted, or given up. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #remove({ remove, isUnsure = false, isHopeless }: Removal): Promise<void> {
    for (const [attempt, delayMs] of delaysMs.entries()) {
      if (delayMs > 0) {
        await this.#sleep(delayMs);
      }
      const mayComeToBe = isUnsure && attempt + 1 < unsureAttempts;
      try {
        const isDeleted = await remove();
        if (isDeleted || !mayComeToBe) {
          return;
        }
      } catch (thrown) {
        if (isHopeless(thrown)) {
          return;
        }
      }
    }
  }
}
