// Calls of a step's code to the host: one at a time, and the code waits for the reply.

import type { Interruption } from './interruption';
import { mebibyte } from './guestMemory';
import type { MessagePump } from './messagePump';

/** A longer call would hold up the other sessions of the sandbox process. */
const maxFrameChars = 64 * mebibyte;

export class OutsideCalls {
  readonly #pump: MessagePump;
  readonly #interruption: Interruption;
  #running: { readonly id: string; nextCall: number } | null = null;
  /** Of the last reply. */
  #replyBytes: Uint8Array = new Uint8Array();

  constructor(pump: MessagePump, interruption: Interruption) {
    this.#pump = pump;
    this.#interruption = interruption;
  }

  /** A step begins, with the id of its request. */
  begin(id: string): void {
    this.#running = { id, nextCall: 0 };
  }

  end(): void {
    this.#running = null;
  }

  /** Sends a call of the running code out, and waits for its reply. */
  ask(frame: string): string {
    const running = this.#running;
    if (running === null) {
      return refuseCall('Calls to the host are possible only while a step runs.');
    }
    if (frame.length > maxFrameChars) {
      return refuseCall('What is sent to the host is too large.');
    }
    const call = running.nextCall++;
    const header = JSON.stringify({ kind: 'call', id: running.id, call });
    // Ours comes last: of a key given twice, the last one counts.
    this.#pump.send(`${frame.slice(0, -1)},${header.slice(1)}`);
    const reply = this.#pump.receive();
    if (reply.kind !== 'reply' || reply.call !== call) {
      throw new Error(`A ${reply.kind} came where the reply to call ${call} was expected.`);
    }
    if ('interrupted' in reply) {
      this.#interruption.request();
    }
    if (!('bytes' in reply) || reply.bytes === undefined) {
      return JSON.stringify(reply);
    }
    const { bytes, ...rest } = reply;
    this.#replyBytes = bytes;
    return JSON.stringify({ ...rest, byteLength: bytes.length });
  }

  takeBytes(): Uint8Array {
    const bytes = this.#replyBytes;
    this.#replyBytes = new Uint8Array();
    return bytes;
  }
}

function refuseCall(message: string): string {
  return JSON.stringify({ error: { code: 'INVALID_INPUT', message } });
}
