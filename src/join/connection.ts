// A client's connection as states: which server it has, and how the next one is found when that is gone.

import type { JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { ClientSession } from './clientSession';
import type { Link } from './link';
import type { Greet, Linker } from './linker';

type ConnectionState =
  /** The client has not introduced itself. */
  | { readonly kind: 'new' }
  /** It has; its first server is looked for. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'linked'; readonly session: ClientSession; readonly link: Link }
  /** Its server is gone; the next one is looked for now and then, and when the client asks. */
  | { readonly kind: 'unlinked'; readonly session: ClientSession }
  | { readonly kind: 'closed' };

interface ConnectionParts {
  readonly linker: Linker;
  /** Runs a task after all that were given before. */
  readonly run: (task: () => Promise<void>) => void;
  /** Another server has taken the place of one that is gone. */
  readonly onTakenOver: (session: ClientSession) => void;
}

/** How often an engine is looked for without a server, while the client asks nothing. */
const lookMs = 1_000;

export class Connection {
  readonly #parts: ConnectionParts;
  readonly #closing = new AbortController();
  #state: ConnectionState = { kind: 'new' };
  #looking: NodeJS.Timeout | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get session(): ClientSession | null {
    return 'session' in this.#state ? this.#state.session : null;
  }

  /**
   * Finds the first server of a client that introduces itself by these params; null when it was closed meanwhile.
   * @throws as `Linker.stayAlone`
   */
  async open(params: JSONRPCRequest['params']): Promise<ClientSession | null> {
    this.#state = { kind: 'opening' };
    const session = new ClientSession(params);
    const link = await this.#findServer((next, signal) => session.open(next, signal));
    return this.#link(link, session) ? session : null;
  }

  /** The server that is linked, or the next one. @throws as `Linker.stayAlone` */
  async need(): Promise<Link> {
    const state = this.#state;
    switch (state.kind) {
      case 'linked':
        return state.link;
      case 'unlinked': {
        clearTimeout(this.#looking);
        const { session } = state;
        const link = await this.#findServer((next, signal) => session.restore(next, signal));
        this.#takeOver(link, session);
        return link;
      }
      case 'new':
      case 'opening':
      case 'closed':
        throw new Error('The connection is not open.');
    }
  }

  /** The server has gone, and the next one is looked for. False where it was not this client's. */
  lose(link: Link): boolean {
    if (this.#state.kind !== 'linked' || this.#state.link !== link) {
      return false;
    }
    const { session } = this.#state;
    this.#state = { kind: 'unlinked', session };
    if (link.engineId !== null && !link.hasAnswered) {
      this.#parts.linker.passOver(link.engineId);
    }
    return true;
  }

  /** Until an engine can be joined, or the client asks something. */
  look(): void {
    this.#parts.run(async () => {
      if (this.#state.kind !== 'unlinked') {
        return;
      }
      const { session } = this.#state;
      const greet: Greet = (next, signal) => session.restore(next, signal);
      const link = await this.#parts.linker.join(greet, this.#closing.signal);
      if (link) {
        this.#takeOver(link, session);
      } else {
        this.#looking = setTimeout(() => this.look(), lookMs).unref();
      }
    });
  }

  /** Whether it was open; `link`: the server that it had, which is for the caller to end. */
  close(): { readonly wasOpen: boolean; readonly link: Link | null } {
    const before = this.#state;
    this.#state = { kind: 'closed' };
    this.#closing.abort();
    clearTimeout(this.#looking);
    return {
      wasOpen: before.kind !== 'closed',
      link: before.kind === 'linked' ? before.link : null,
    };
  }

  async #findServer(greet: Greet): Promise<Link> {
    const { linker } = this.#parts;
    const { signal } = this.#closing;
    return (await linker.join(greet, signal)) ?? (await linker.stayAlone(greet, signal));
  }

  #takeOver(link: Link, session: ClientSession): void {
    if (this.#link(link, session)) {
      this.#parts.onTakenOver(session);
    }
  }

  /** False when it was closed while the server was looked for. */
  #link(link: Link, session: ClientSession): boolean {
    if (this.#state.kind === 'closed') {
      void link.end();
      return false;
    }
    this.#state = { kind: 'linked', session, link };
    return true;
  }
}
