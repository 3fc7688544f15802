// One WebSocket to a terminal of Daytona's daemon. Source: daytonaio/daytona, apps/daemon/pkg/toolbox/process/pty.

import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import * as z from 'zod';
import {
  LostError,
  type TerminalEnd,
  type TerminalListener,
  type TerminalSocket,
} from './terminalLink';

const connectTimeoutMs = 10_000;
/** Below the shortest time after which a proxy cuts what is silent. Source: 60 s. */
const pingEveryMs = 20_000;
const maxPayload = 2 ** 20;

const controlSchema = z.object({
  type: z.literal('control'),
  status: z.string(),
  error: z.string().optional(),
});
const exitSchema = z.object({ exitCode: z.number().int(), exitReason: z.string().optional() });

export interface SocketAddress {
  /** `https://…/process/pty/<id>/connect` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Settles once the daemon says that the terminal is there. */
export function connectTerminal(
  { url, headers }: SocketAddress,
  listener: TerminalListener,
): Promise<TerminalSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/u, 'ws'), {
      headers,
      handshakeTimeout: connectTimeoutMs,
      maxPayload,
      perMessageDeflate: false,
    });
    let isConnected = false;
    let isAlive = true;
    let end: TerminalEnd | null = null;
    const timer = setTimeout(() => fail(new Error('it did not answer in time')), connectTimeoutMs);
    const pings = setInterval(() => {
      if (!isAlive) {
        finish({ exit: null });
        return;
      }
      isAlive = false;
      socket.ping();
    }, pingEveryMs);
    const finish = (how: TerminalEnd): void => {
      if (end === null) {
        end = how;
        clearTimeout(timer);
        clearInterval(pings);
        socket.terminate();
        listener.onEnd(how);
      }
    };
    const fail = (error: Error): void => {
      reject(error);
      finish({ exit: null });
    };
    const control = (text: string): void => {
      const said = controlSchema.safeParse(parseJson(text)).data;
      if (said?.status === 'connected') {
        isConnected = true;
        clearTimeout(timer);
        resolve({
          send: (bytes) => {
            if (end === null) {
              socket.send(bytes);
            }
          },
          close: () => finish({ exit: null }),
        });
      } else if (said?.status === 'error') {
        fail(new LostError(said.error?.slice(0, 300) ?? 'there is no such terminal'));
      }
    };
    socket.on('message', (data, isBinary) => {
      isAlive = true;
      if (isBinary && isConnected) {
        listener.onBytes(data);
      } else if (!isBinary) {
        control(data.toString('utf8'));
      }
    });
    socket.on('pong', () => {
      isAlive = true;
    });
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume();
      fail(new Error(`it answered ${response.statusCode ?? 'nothing'}`));
    });
    socket.on('error', (error) => fail(new Error(error.message)));
    socket.on('close', (_code, reason) => {
      reject(new Error('its connection was closed'));
      finish({ exit: toExit(reason.toString('utf8')) });
    });
  });
}

/** What the daemon says of a shell that has ended; null where only the connection is closed. */
function toExit(reason: string): string | null {
  const exit = exitSchema.safeParse(parseJson(reason)).data;
  if (!exit) {
    return null;
  }
  const why = exit.exitReason === undefined ? '' : ` (${exit.exitReason.slice(0, 100)})`;
  return `its terminal ended with code ${exit.exitCode}${why}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
