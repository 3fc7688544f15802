// The only way in and out of a worker thread. Receiving blocks the thread until the sandbox process
// sends something, so guest code can wait in the middle of a step.

import { receiveMessageOnPort } from 'node:worker_threads';
import type { ToWorker, WorkerInit, controlWord } from '../../protocol/worker';

/** A copy of `controlWord.sequence`, checked by its type: its module would bring zod into workers. */
const sequence: (typeof controlWord)['sequence'] = 0;

export interface MessagePump {
  /** Blocks until a message is there. */
  receive(): ToWorker;
  /** `json` is one message as `fromWorkerSchema` reads it. */
  send(json: string): void;
}

export function createMessagePump(
  init: Pick<WorkerInit<unknown>, 'port' | 'control'>,
): MessagePump {
  const { port, control } = init;
  return {
    receive() {
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
      port.postMessage(json);
    },
  };
}
