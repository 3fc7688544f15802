// The only way in and out of a worker thread. Receiving blocks the thread until the sandbox process
// sends something, so guest code can wait in the middle of a step.

import { receiveMessageOnPort } from 'node:worker_threads';
import type { ToWorker, WorkerInit, controlWord } from '../../protocol/worker';
import { gateFrame } from './frameGate';

/** A copy of `controlWord.sequence`, checked by its type: its module would bring zod into workers. */
const sequence: (typeof controlWord)['sequence'] = 0;

export interface MessagePump {
  /** Blocks until a message is there. */
  receive(): ToWorker;
  /**
   * `json` is one message as `fromWorkerSchema` reads it, of any size. A call that is too large is answered
   * with an error by the next `receive`.
   */
  send(json: string): void;
}

export function createMessagePump(
  init: Pick<WorkerInit<unknown>, 'port' | 'control' | 'maxFrameChars'>,
): MessagePump {
  const { port, control, maxFrameChars } = init;
  let answered: ToWorker | null = null;
  return {
    receive() {
      if (answered !== null) {
        const reply = answered;
        answered = null;
        return reply;
      }
      for (;;) {
        // Read before looking: a message sent after the look changes it, and the wait returns.
        const seen = Atomics.load(control, sequence);
        const received = receiveMessageOnPort(port) as { message: ToWorker } | undefined; // trusted side
        if (received) {
          return received.message;
        }
        Atomics.wait(control, sequence, seen);
      }
    },
    send(json) {
      const gated = gateFrame(json, maxFrameChars);
      switch (gated.kind) {
        case 'pass':
          port.postMessage(gated.json);
          return;
        case 'answered':
          answered = gated.reply;
          return;
        case 'broken':
          port.postMessage(JSON.stringify({ kind: 'broken', message: 'it said too much at once' }));
          return;
      }
    },
  };
}
