// The stores of several engines over one home.

import { FileTraceStore } from '../../src/store/fileTraceStore';
import type { Home } from '../../src/store/home';

export class EngineStores {
  readonly #home: Home;
  readonly #alive = new Set<string>();
  readonly #stores: FileTraceStore[] = [];

  constructor(home: Home) {
    this.#home = home;
  }

  /** Of an engine that runs. */
  create(engineId: string): FileTraceStore {
    this.#alive.add(engineId);
    const store = new FileTraceStore({
      home: this.#home,
      engineId,
      isEngineAlive: async (id) => this.#alive.has(id),
    });
    this.#stores.push(store);
    return store;
  }

  /** Its engine is gone, and has ended nothing. */
  kill(engineId: string): void {
    this.#alive.delete(engineId);
  }

  dispose(): void {
    this.#stores.forEach((store) => store.dispose());
  }
}
