// What every entry of a process with workers does: joins its channel and its context pipe to a server, and
// ends with its engine.

import { Socket } from 'node:net';
import type { Link } from '../protocol/channel';
import { createFeedReader } from '../protocol/contextFeed';
import { SandboxServer } from './sandboxServer';
import type { WorkerSource } from './workerPool';

/** File descriptor of the pipe that carries context bytes. Source: the fork in forkedHost.ts. */
const contextPipe = 4;
/** For what has to be ended elsewhere, which may still be starting there; the engine does not wait for it. */
const settleMs = 30_000;
/** One buffer for all reads: what is read is copied at once. */
const pipeBytes = 262_144;

/** `folder` holds the worker bundles. */
export function serveEngine(folder: string, source: WorkerSource): void {
  const link: Link = {
    send: (message) => {
      process.send?.(message);
    },
    onMessage: (listener) => {
      process.on('message', listener);
    },
    onClose: (listener) => {
      process.on('disconnect', () => listener('the engine has ended'));
    },
  };
  const server = new SandboxServer(link, folder, source);
  const end = (): void => {
    server.dispose();
    setTimeout(() => process.exit(0), settleMs).unref();
    void Promise.resolve(source.settle?.()).finally(() => process.exit(0));
  };
  const feed = createFeedReader(server.inbox);
  const pipe = new Socket({
    fd: contextPipe,
    readable: true,
    writable: false,
    onread: {
      buffer: new Uint8Array(pipeBytes),
      callback: (length, bytes) => {
        feed(bytes.subarray(0, length));
        return true;
      },
    },
  });
  pipe.resume();
  pipe.on('error', end);
  process.on('disconnect', end);
  if (source.settle) {
    process.on('SIGTERM', end);
  }
  // The terminal's Ctrl+C goes to the whole group; the engine decides what it means.
  process.on('SIGINT', () => undefined);
  process.send?.('ready');
}
