// The device /dev/rlm of a Python guest. To the guest: frames of a 16-character decimal length and
// JSON; after a 'load' the raw text follows. From the guest: each write is one message of JSON, and
// untrusted. A message leaves when the guest waits for its answer, so code that forges one and goes
// on is still within its step, and its time limit, until it lets the runner speak.

import type { ToWorker } from '../../protocol/worker';
import type { MessagePump } from './messagePump';

const headerBytes = 16;
/** More than a step may answer with. */
const maxMessageBytes = 64 * 1024 * 1024;

export interface GuestDevice {
  /** Fills `target`; blocks until the host answers. Returns the bytes written, 0 when nothing was asked. */
  read(target: Uint8Array): number;
  /** Takes one message in place of one that was not yet sent. False when it is too large. */
  write(bytes: Uint8Array): boolean;
}

export function createGuestDevice(
  pump: MessagePump,
  onMessage: (message: ToWorker) => void,
): GuestDevice {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  /** What the guest has yet to read, first first. */
  let toGuest: Uint8Array[] = [];
  let unsent: Uint8Array | null = null;

  const exchange = (asked: Uint8Array): void => {
    pump.send(decoder.decode(asked));
    const message = pump.receive();
    onMessage(message);
    const [rest, raw] = splitRaw(message);
    const body = encoder.encode(JSON.stringify(rest));
    const header = encoder.encode(String(body.length).padStart(headerBytes));
    toGuest = raw && raw.length > 0 ? [header, body, raw] : [header, body];
  };

  return {
    read(target) {
      if (toGuest.length === 0 && unsent !== null) {
        const asked = unsent;
        unsent = null;
        exchange(asked);
      }
      const [first, ...rest] = toGuest;
      if (first === undefined) {
        return 0;
      }
      const part = first.subarray(0, target.length);
      target.set(part);
      toGuest = part.length < first.length ? [first.subarray(part.length), ...rest] : rest;
      return part.length;
    },
    write(bytes) {
      if (bytes.length > maxMessageBytes) {
        return false;
      }
      unsent = bytes.slice();
      // What an interrupted call or an aborted load left unread belongs to nobody.
      toGuest = [];
      return true;
    },
  };
}

function splitRaw(message: ToWorker): readonly [unknown, Uint8Array | null] {
  if (message.kind !== 'load') {
    return [message, null];
  }
  const { bytes, ...rest } = message;
  return [rest, bytes];
}
