// Which sockets may stay open. A client that has shown the token keeps its place; whoever only
// connects shares a small number of places, and the one that has waited longest makes room.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** Open at a time, of all kinds. */
  readonly maxConnections: number;
  /** Of these, connections that have not sent a request with the token. */
  readonly maxStrangers: number;
}

/** Longest unused first. */
interface Sockets {
  readonly strangers: Set<Socket>;
  readonly idle: Set<Socket>;
  /** With the responses that are open on each. */
  readonly busy: Map<Socket, Set<ServerResponse>>;
}

export class HttpConnections {
  readonly #limits: ConnectionLimits;
  readonly #sockets: Sockets = { strangers: new Set(), idle: new Set(), busy: new Map() };

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** A connection that has just been accepted. */
  add(socket: Socket): void {
    const { strangers, idle, busy } = this.#sockets;
    strangers.add(socket);
    socket.once('close', () => {
      strangers.delete(socket);
      idle.delete(socket);
      busy.delete(socket);
    });
    if (strangers.size > this.#limits.maxStrangers) {
      dropFirst(strangers);
    } else if (strangers.size + idle.size + busy.size > this.#limits.maxConnections) {
      dropFirst(this.#choose());
    }
  }

  /** A request with the token has come on `socket`, which is idle again when `response` is closed. */
  use(socket: Socket, response: ServerResponse): void {
    const { strangers, idle, busy } = this.#sockets;
    strangers.delete(socket);
    idle.delete(socket);
    const open = busy.get(socket) ?? new Set();
    busy.set(socket, open.add(response));
    response.once('close', () => {
      open.delete(response);
      if (busy.get(socket) === open && open.size === 0) {
        // else the socket is closed as well
        busy.delete(socket);
        idle.add(socket);
      }
    });
  }

  /** Of which one makes room for the newest. A refused client that still sends its body has had its answer. */
  #choose(): Set<Socket> {
    const { strangers, idle, busy } = this.#sockets;
    if (strangers.size > 1) {
      return strangers;
    }
    if (idle.size > 0) {
      return idle;
    }
    const refused = [...busy].filter(
      ([socket, open]) =>
        !socket.destroyed &&
        [...open].every(({ headersSent, statusCode }) => headersSent && statusCode >= 400),
    );
    return refused.length > 0 ? new Set(refused.map(([socket]) => socket)) : strangers;
  }
}

function dropFirst(sockets: Set<Socket>): void {
  const [first] = sockets;
  if (first) {
    sockets.delete(first);
    first.destroy();
  }
}
