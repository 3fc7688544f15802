// Tells one client what has changed: resources it subscribed to, and the list of resources.

import { DisposableStore, type Disposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import type { SessionChange } from '../core/liveSessions';
import { parseResourceUri } from './resourceUri';

interface ChangeSink {
  resourceUpdated(uri: string): void;
  listChanged(): void;
}

/** A client hears of one resource at most once in this time. */
const coalesceMs = 100;
export const maxSubscriptions = 1_000;

export class Subscriptions implements Disposable {
  readonly #store = new DisposableStore();
  readonly #sink: ChangeSink;
  readonly #uris = new Set<string>();
  readonly #changed = new Set<string>();
  /** Sessions this client may know of: a change of any other one is a new session. */
  readonly #known: Set<string>;
  #listChanged = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, sink: ChangeSink) {
    this.#sink = sink;
    this.#known = new Set(engine.sessions.live.map((session) => session.id));
    this.#store.add(engine.sessions.onDidChange((change) => this.#onSessionChange(change)));
    this.#store.add(engine.traces.onDidChange((sessionId) => this.#onTraceChange(sessionId)));
    this.#store.add(engine.traces.onDidDelete((sessionId) => this.#onTraceDelete(sessionId)));
  }

  /** False when there are too many. */
  add(uri: string): boolean {
    if (this.#uris.size >= maxSubscriptions) {
      return false;
    }
    this.#uris.add(uri);
    return true;
  }

  delete(uri: string): void {
    this.#uris.delete(uri);
    this.#changed.delete(uri);
  }

  dispose(): void {
    this.#store.dispose();
    clearTimeout(this.#timer);
    this.#uris.clear();
  }

  #onSessionChange({ sessionId, event }: SessionChange): void {
    if (event.kind === 'session.opened' || event.kind === 'session.closed') {
      this.#listChanged = true;
    }
    this.#known.add(sessionId);
    this.#mark(sessionId);
  }

  #onTraceChange(sessionId: string): void {
    if (!this.#known.has(sessionId)) {
      this.#known.add(sessionId);
      this.#listChanged = true;
    }
    this.#mark(sessionId);
  }

  /** Kept among the known ones: its last changes may still be on their way. */
  #onTraceDelete(sessionId: string): void {
    this.#known.add(sessionId);
    this.#listChanged = true;
    this.#mark(sessionId);
  }

  #mark(sessionId: string): void {
    for (const uri of this.#uris) {
      const address = parseResourceUri(uri);
      const isOfAll = address?.kind === 'status' || address?.kind === 'sessions';
      if (address && (isOfAll || ('sessionId' in address && address.sessionId === sessionId))) {
        this.#changed.add(uri);
      }
    }
    if ((this.#changed.size > 0 || this.#listChanged) && !this.#store.isDisposed) {
      this.#timer ??= setTimeout(() => this.#tell(), coalesceMs).unref();
    }
  }

  #tell(): void {
    this.#timer = undefined;
    const changed = [...this.#changed];
    const listChanged = this.#listChanged;
    this.#changed.clear();
    this.#listChanged = false;
    if (listChanged) {
      this.#sink.listChanged();
    }
    changed.forEach((uri) => this.#sink.resourceUpdated(uri));
  }
}
