// Where each request of the client stands: the rules by which it is sent, answered once, asked again
// or given up. Nothing here sends, waits or knows the time.

import type { JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';

/** `Server`: whatever stands for one server; compared by identity. */
type RequestState<Server> =
  /** Taken from the client; what it said before is not passed on yet. */
  | { readonly kind: 'received' }
  /** To be sent next, in the client's order. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sending'; readonly server: Server }
  /** Taken by a server, which owes an answer. */
  | { readonly kind: 'open'; readonly server: Server };

/** What became of a message that was sent. */
export type SendResult =
  | 'delivered'
  /** The server said no to it, and serves on. */
  | 'refused'
  /** The server has as many calls open as it takes at a time. */
  | 'busy'
  /** The server is gone, and did nothing with it. */
  | 'undelivered'
  /** The server is gone, and may have acted on it. */
  | 'unknown';

/** What is to be done about a request that was sent. */
export type SendVerdict =
  | 'nothing'
  /** It waits to be sent again. */
  | 'wait'
  /** The client is told that it was refused. */
  | 'refuse'
  /** The client is told that its server is gone. */
  | 'fail';

interface Entry<Server> {
  readonly request: JSONRPCRequest;
  state: RequestState<Server>;
}

export class RequestLedger<Server> {
  /** In the client's order. */
  readonly #entries = new Map<RequestId, Entry<Server>>();
  readonly #isRepeatable: (request: JSONRPCRequest) => boolean;
  /** The server that takes no more calls for now. */
  #full: Server | null = null;

  /** `isRepeatable`: asking twice changes nothing. */
  constructor(isRepeatable: (request: JSONRPCRequest) => boolean) {
    this.#isRepeatable = isRepeatable;
  }

  /** Those that have no answer yet. */
  get unanswered(): readonly JSONRPCRequest[] {
    return [...this.#entries.values()].map(({ request }) => request);
  }

  receive(request: JSONRPCRequest): void {
    this.#entries.set(request.id, { request, state: { kind: 'received' } });
  }

  /** What the client said before it has been passed on. */
  release(id: RequestId): void {
    const entry = this.#entries.get(id);
    if (entry?.state.kind === 'received') {
      entry.state = { kind: 'waiting' };
    }
  }

  /** The next to be sent; null while there is none, or `server` is full. Pings pass at any time. */
  next(server: Server | null): JSONRPCRequest | null {
    const isFull = server !== null && this.#full === server;
    for (const { request, state } of this.#entries.values()) {
      if (state.kind === 'waiting' && (!isFull || request.method === 'ping')) {
        return request;
      }
    }
    return null;
  }

  startSending(id: RequestId, server: Server): void {
    const entry = this.#entries.get(id);
    if (entry) {
      entry.state = { kind: 'sending', server };
    }
  }

  /** An answer may have come while it was being sent; then nothing is left to do. */
  finishSending(id: RequestId, server: Server, result: SendResult): SendVerdict {
    const entry = this.#entries.get(id);
    if (entry?.state.kind !== 'sending' || entry.state.server !== server) {
      return 'nothing';
    }
    switch (result) {
      case 'delivered':
        entry.state = { kind: 'open', server };
        return 'nothing';
      case 'busy':
        if (!this.#hasOpen(server)) {
          return this.#end(id, 'refuse'); // no answer of ours would make room
        }
        this.#full = server;
        entry.state = { kind: 'waiting' };
        return 'wait';
      case 'refused':
        return this.#end(id, 'refuse');
      case 'undelivered':
        entry.state = { kind: 'waiting' };
        return 'wait';
      case 'unknown':
        if (!this.#isRepeatable(entry.request)) {
          return this.#end(id, 'fail');
        }
        entry.state = { kind: 'waiting' };
        return 'wait';
    }
  }

  /** The request that an answer of `server` belongs to; null: nobody waits for it from there. */
  settle(id: RequestId, server: Server): JSONRPCRequest | null {
    const entry = this.#entries.get(id);
    if (!entry || !('server' in entry.state) || entry.state.server !== server) {
      return null;
    }
    this.#remove(id);
    return entry.request;
  }

  /** A server that ends has given up a request: whether that waits to be asked again. */
  retry(id: RequestId, server: Server): boolean {
    const entry = this.#entries.get(id);
    const isHere = entry && 'server' in entry.state && entry.state.server === server;
    if (!isHere || !this.#isRepeatable(entry.request)) {
      return false;
    }
    entry.state = { kind: 'waiting' };
    return true;
  }

  /** Answered by the pipe itself, or cancelled by the client: no answer is passed on any more. */
  drop(id: RequestId): void {
    this.#remove(id);
  }

  /**
   * The server is gone. What only reads waits to be asked again; the rest is given up and returned.
   * A request that is just being sent is judged by how that ends.
   */
  lose(server: Server): readonly JSONRPCRequest[] {
    const failed: JSONRPCRequest[] = [];
    for (const entry of [...this.#entries.values()]) {
      if (entry.state.kind !== 'open' || entry.state.server !== server) {
        continue;
      }
      if (this.#isRepeatable(entry.request)) {
        entry.state = { kind: 'waiting' };
      } else {
        this.#entries.delete(entry.request.id);
        failed.push(entry.request);
      }
    }
    return failed;
  }

  #end(id: RequestId, verdict: SendVerdict): SendVerdict {
    this.#remove(id);
    return verdict;
  }

  #remove(id: RequestId): void {
    if (this.#entries.delete(id)) {
      this.#full = null; // there is room, or it is found out anew
    }
  }

  #hasOpen(server: Server): boolean {
    return [...this.#entries.values()].some(
      ({ state }) => state.kind === 'open' && state.server === server,
    );
  }
}
