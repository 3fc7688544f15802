// Floors for a step: one message to another thread that sleeps on shared memory, one to another
// process over Node's IPC channel, and their answers.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Disposable } from '../src/base/disposable';

const sleeper = `
const { workerData, receiveMessageOnPort } = require('node:worker_threads');
const { port, control } = workerData;
for (;;) {
  const seen = Atomics.load(control, 0);
  const received = receiveMessageOnPort(port);
  if (received) port.postMessage(received.message);
  else Atomics.wait(control, 0, seen);
}`;

export interface Hop extends Disposable {
  /** There and back. */
  run(): Promise<void>;
}

export function createThreadHop(): Hop {
  const { port1, port2 } = new MessageChannel();
  const control = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(sleeper, {
    eval: true,
    workerData: { port: port2, control },
    transferList: [port2],
  });
  return {
    run: async () => {
      const answered = once(port1, 'message');
      port1.postMessage('x = 1');
      Atomics.add(control, 0, 1);
      Atomics.notify(control, 0);
      await answered;
    },
    dispose: () => {
      port1.close();
      void worker.terminate();
    },
  };
}

export function createProcessHop(): Hop {
  const echo = 'process.on("message", (message) => process.send(message))';
  const child = spawn(process.execPath, ['-e', echo], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return {
    run: async () => {
      const answered = once(child, 'message');
      child.send('x = 1');
      await answered;
    },
    dispose: () => void child.kill(),
  };
}
