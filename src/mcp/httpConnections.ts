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
  /** With the number of responses that are open on each. */
  readonly busy: Map<Socket, number>;
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
      dropFirst(strangers.size > 1 || idle.size === 0 ? strangers : idle);
    }
  }

  /** A request with the token has come on `socket`, which is idle again when `response` is closed. */
  use(socket: Socket, response: ServerResponse): void {
    const { strangers, idle, busy } = this.#sockets;
    strangers.delete(socket);
    idle.delete(socket);
    busy.set(socket, (busy.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const open = busy.get(socket);
      if (open === undefined) {
        return; // the socket is closed as well
      }
      if (open > 1) {
        busy.set(socket, open - 1);
      } else {
        busy.delete(socket);
        idle.add(socket);
      }
    });
  }
}

function dropFirst(sockets: Set<Socket>): void {
  const [first] = sockets;
  if (first) {
    sockets.delete(first);
    first.destroy();
  }
}
