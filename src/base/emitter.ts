// Announces what has already changed. A listener that throws does not stop the others.

import { type Disposable, toDisposable } from './disposable';

export type Listen<T> = (listener: (value: T) => void) => Disposable;

export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => void>();

  /** Subscribe; dispose the result to unsubscribe. */
  readonly event: Listen<T> = (listener) => {
    this.#listeners.add(listener);
    return toDisposable(() => this.#listeners.delete(listener));
  };

  get listenerCount(): number {
    return this.#listeners.size;
  }

  fire(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch {
        // The change has happened; a broken listener must not undo it for the rest.
      }
    }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
