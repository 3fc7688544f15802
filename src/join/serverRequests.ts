// Requests of servers to the client. Every server counts its ids from zero, so they get new ones here:
// an answer meant for a server that is gone must not reach the next one.

import type {
  JSONRPCNotification,
  JSONRPCRequest,
  RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import type { Link, RpcResponse } from './link';

export class ServerRequests {
  readonly #open = new Map<RequestId, { readonly link: Link; readonly id: RequestId }>();
  #nextId = 0;

  /** The request as the client is to see it. */
  add(request: JSONRPCRequest, link: Link): JSONRPCRequest {
    const id = `server-${this.#nextId++}`;
    this.#open.set(id, { link, id: request.id });
    return { ...request, id };
  }

  /** Where the client's answer belongs; null when nobody waits for it any more. */
  settle(answer: RpcResponse): { readonly link: Link; readonly answer: RpcResponse } | null {
    const { id: shown } = answer;
    const open = shown === undefined ? undefined : this.#open.get(shown);
    if (shown === undefined || !open) {
      return null;
    }
    this.#open.delete(shown);
    return { link: open.link, answer: { ...answer, id: open.id } };
  }

  /** The server's own `notifications/cancelled` as the client is to see it. */
  cancel(notification: JSONRPCNotification, link: Link): JSONRPCNotification | null {
    const requestId = notification.params?.['requestId'];
    for (const [shown, open] of this.#open) {
      if (open.link === link && open.id === requestId) {
        this.#open.delete(shown);
        return { ...notification, params: { ...notification.params, requestId: shown } };
      }
    }
    return null;
  }

  /** Tells the client that a server that is gone needs no answers. */
  drop(link: Link): readonly JSONRPCNotification[] {
    const shown = [...this.#open].filter(([, open]) => open.link === link).map(([id]) => id);
    return shown.map((requestId) => {
      this.#open.delete(requestId);
      const params = { requestId, reason: 'The server that asked is gone.' };
      return { jsonrpc: '2.0', method: 'notifications/cancelled', params };
    });
  }
}
