// Every session of the home, wherever it runs: through this window's engine while there is one, else
// read from disk.

import { type Disposable, toDisposable } from '../base/disposable';
import { Emitter, type Listen } from '../base/emitter';
import type { Engine } from '../core/engine';
import type { Session } from '../core/session';
import type { Summary } from '../core/summary';
import type { TraceStore } from '../core/traceStore';

export class SessionSource implements Disposable {
  readonly #openStore: () => Promise<TraceStore>;
  readonly #changed = new Emitter<string>();
  readonly #replaced = new Emitter<void>();
  /** Fires when sessions begin or cease to be this window's own. */
  readonly onDidReplace = this.#replaced.event;
  readonly #deleted = new Set<string>();
  #engine: Engine | undefined;
  #opening: Promise<TraceStore> | undefined;
  #subscription: Disposable | undefined;
  #disposed = false;

  /** `openStore` is asked only while no engine runs. */
  constructor(openStore: () => Promise<TraceStore>) {
    this.#openStore = openStore;
  }

  get engine(): Engine | undefined {
    return this.#engine;
  }

  /** Fires with the id of a session whose trace has changed. The home is watched while someone listens. */
  readonly onDidChange: Listen<string> = (listener) => {
    const registration = this.#changed.event(listener);
    this.#watch();
    return toDisposable(() => {
      registration.dispose();
      if (this.#changed.listenerCount === 0) {
        this.#unwatch();
      }
    });
  };

  async store(): Promise<TraceStore> {
    if (this.#engine) {
      return this.#engine.traces;
    }
    if (!this.#opening) {
      this.#opening = this.#openStore();
      this.#opening.catch(() => {
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  /** Undefined: the engine has ended. */
  useEngine(engine: Engine | undefined): void {
    const opened = this.#opening;
    this.#opening = undefined;
    this.#engine = engine;
    void opened?.then((store) => store.dispose()).catch(() => undefined);
    this.#unwatch();
    if (this.#changed.listenerCount > 0) {
      this.#watch();
    }
    this.#replaced.fire();
  }

  /** A session whose variables are in this window's memory. */
  findLive(sessionId: string): Session | undefined {
    return this.#engine?.sessions.live.find(({ id, isBroken }) => id === sessionId && !isBroken);
  }

  /** Whether this window's engine has it. */
  isHere({ sessionId, agent, engineId }: Summary): boolean {
    const engine = this.#engine;
    return agent
      ? engine?.agents?.find(sessionId) !== undefined // an agent may have gone on in another engine
      : engineId === engine?.engineId;
  }

  /** Undefined when there is no such session. */
  async readSummary(sessionId: string): Promise<Summary | undefined> {
    if (this.#deleted.has(sessionId)) {
      return undefined;
    }
    return this.findLive(sessionId)?.summary ?? (await this.store()).readSummary(sessionId);
  }

  /** Lets go of the session where it is this window's, and removes its trace. */
  async deleteSession(sessionId: string): Promise<void> {
    await this.#engine?.sessions.closeSession(sessionId, 'it was deleted');
    const agents = this.#engine?.agents;
    if (agents?.find(sessionId)) {
      await agents.terminate(sessionId, 'Its session is deleted.');
    }
    const store = await this.store();
    this.#deleted.add(sessionId); // before it goes: the store tells of it meanwhile
    try {
      await store.deleteTrace(sessionId);
    } catch (thrown) {
      this.#deleted.delete(sessionId);
      throw thrown;
    } finally {
      this.#changed.fire(sessionId); // also then: whoever looked meanwhile found none
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.useEngine(undefined);
    this.#changed.dispose();
    this.#replaced.dispose();
  }

  #watch(): void {
    if (this.#subscription || this.#disposed) {
      return;
    }
    let isWanted = true;
    let watch: Disposable | undefined;
    this.#subscription = toDisposable(() => {
      isWanted = false;
      watch?.dispose();
    });
    void this.store()
      .then((store) => {
        if (isWanted) {
          watch = store.onDidChange((sessionId) => this.#changed.fire(sessionId));
        }
      })
      .catch(() => undefined); // whoever reads next is told why
  }

  #unwatch(): void {
    this.#subscription?.dispose();
    this.#subscription = undefined;
  }
}
