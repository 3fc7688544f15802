// Calls of a step's code to the host: one at a time, and the code waits for the reply.

import type { ByteChannel } from './byteChannel';
import type { NodeMessages } from './nodeMessages';

/** As in outsideCalls.ts. */
const maxFrameChars = 64 * 2 ** 20;

export class NodeCalls {
  readonly #messages: NodeMessages;
  readonly #channel: ByteChannel;
  #running: { readonly id: string; nextCall: number } | null = null;
  /** Of the last reply. */
  #replyBytes: Uint8Array = new Uint8Array();

  constructor(messages: NodeMessages, channel: ByteChannel) {
    this.#messages = messages;
    this.#channel = channel;
  }

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
    const reply = this.#channel.whileWaiting(() => {
      const header = JSON.stringify({ kind: 'call', id: running.id, call });
      // Ours comes last: of a key given twice, the last one counts.
      this.#messages.send(`${frame.slice(0, -1)},${header.slice(1)}`);
      return this.#messages.receive();
    });
    if (reply.kind !== 'reply' || reply.call !== call) {
      throw new Error(`A ${reply.kind} came where the reply to call ${call} was expected.`);
    }
    if ('interrupted' in reply) {
      this.#channel.endCode();
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
