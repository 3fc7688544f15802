// Ownership: who creates a resource registers it here and disposes it once.

export interface Disposable {
  dispose(): void;
}

/** Disposes its members in reverse order; after `dispose`, late arrivals are disposed at once. */
export class DisposableStore implements Disposable {
  readonly #members = new Set<Disposable>();
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  add<T extends Disposable>(member: T): T {
    if (this.#disposed) {
      disposeQuietly(member);
    } else {
      this.#members.add(member);
    }
    return member;
  }

  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    const members = [...this.#members].reverse();
    this.#members.clear();
    for (const member of members) {
      disposeQuietly(member);
    }
  }
}

export function toDisposable(dispose: () => void): Disposable {
  let done = false;
  return {
    dispose() {
      if (!done) {
        done = true;
        dispose();
      }
    },
  };
}

function disposeQuietly(member: Disposable): void {
  try {
    member.dispose();
  } catch {
    // One failing member must not keep the others alive.
  }
}
