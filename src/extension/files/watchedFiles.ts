// Which files of sandboxes the editor watches, and what was told of them last. Each is looked at by one check at a time.

import { type Disposable, toDisposable } from '../../base/disposable';

/** What must be the same for a file to be the same; `gone`: it is not there, or its sandbox is not. The editor looks itself whether one that was unknown has changed. */
export type FileState = 'unknown' | 'gone' | `${number}/${number}`;

interface Watched {
  watchers: number;
  state: FileState;
}

interface Looking {
  /** Null: it is not to be looked at now. */
  readonly look: (key: string) => Promise<FileState> | null;
  readonly onChange: (key: string, before: FileState, now: FileState) => void;
}

export class WatchedFiles {
  readonly #watched = new Map<string, Watched>();
  readonly #asked: Looking[] = [];
  #isChecking = false;

  /** As often as it is watched; the last who stops ends it. */
  watch(key: string): Disposable {
    const watched = this.#watched.get(key) ?? { watchers: 0, state: 'unknown' };
    this.#watched.set(key, watched);
    watched.watchers += 1;
    let isOver = false;
    return toDisposable(() => {
      watched.watchers -= isOver ? 0 : 1;
      isOver = true;
      if (watched.watchers === 0 && this.#watched.get(key) === watched) {
        this.#watched.delete(key);
      }
    });
  }

  note(key: string, state: FileState): void {
    const watched = this.#watched.get(key);
    if (watched) {
      watched.state = state;
    }
  }

  /** Behind the check that runs. Neither `look` nor `onChange` rejects. */
  async check(looking: Looking): Promise<void> {
    this.#asked.push(looking);
    if (this.#isChecking) {
      return;
    }
    this.#isChecking = true;
    for (let next = this.#asked.shift(); next; next = this.#asked.shift()) {
      await this.#checkOnce(next);
    }
    this.#isChecking = false;
  }

  clear(): void {
    this.#watched.clear();
  }

  async #checkOnce({ look, onChange }: Looking): Promise<void> {
    for (const key of [...this.#watched.keys()]) {
      const state = await look(key);
      const watched = this.#watched.get(key);
      if (state === null || !watched) {
        continue;
      }
      const before = watched.state;
      watched.state = state;
      if (before !== state) {
        onChange(key, before, state);
      }
    }
  }
}
