// Bytes to a port as no well-behaved client would send them, and what comes back.

import { once } from 'node:events';
import net from 'node:net';

export interface RawReply {
  /** Status codes of all answers on the connection, in order. */
  readonly statuses: readonly number[];
  readonly text: string;
}

/** Settles once connected. */
export async function connectRaw(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.on('error', () => undefined); // being cut off is what many attacks end with
  return socket;
}

/** Sends, closes its own half, and reads until the other side closes. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<RawReply> {
  const socket = await connectRaw(port);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.end(bytes);
  await closed;
  return { statuses: readStatuses(text), text };
}

function readStatuses(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /gu)].map((match) => Number(match[1]));
}
