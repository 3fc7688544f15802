// Whether a server can do its work: its home can be written, and a sandbox starts. Probes share one answer for a while.

interface ReadinessParts {
  /** Rejects when the home cannot be written. */
  readonly checkStore: () => Promise<void>;
  /** Rejects when no sandbox starts. */
  readonly checkSandbox: () => Promise<void>;
  /** Null: the file of users can be read, or there is none. */
  readonly readUserFault: () => Promise<string | null>;
  readonly now: () => number;
}

/** Anybody may probe: each look costs a sandbox. */
const keptMs = 10_000;

export class Readiness {
  readonly #parts: ReadinessParts;
  #last: { readonly at: number; readonly faults: Promise<readonly string[]> } | null = null;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** What is wrong, in words that tell nothing of the machine or of anybody. */
  findFaults(): Promise<readonly string[]> {
    const now = this.#parts.now();
    if (!this.#last || now - this.#last.at >= keptMs) {
      this.#last = { at: now, faults: this.#look() };
    }
    return this.#last.faults;
  }

  async #look(): Promise<readonly string[]> {
    const { checkStore, checkSandbox, readUserFault } = this.#parts;
    const [store, sandbox, users] = await Promise.allSettled([
      checkStore(),
      checkSandbox(),
      readUserFault(),
    ]);
    const areUsersRead = users.status === 'fulfilled' && users.value === null;
    return [
      ...(store.status === 'rejected' ? ['The home folder cannot be written.'] : []),
      ...(sandbox.status === 'rejected' ? ['No sandbox starts.'] : []),
      ...(areUsersRead ? [] : ['The file of users cannot be read.']),
    ];
  }
}
