// Entry of the sandbox process: joins its channel and its context pipe to a server, and ends with
// its engine.

import { Socket } from 'node:net';
import type { Link } from '../protocol/channel';
import { createFeedReader } from '../protocol/contextFeed';
import { SandboxServer } from './sandboxServer';
import { createThreadStart } from './threadWorker';

/** File descriptor of the pipe that carries context bytes. Source: the fork in sandboxProcess.ts. */
const contextPipe = 4;
/** One buffer for all reads: what is read is copied at once. */
const pipeBytes = 262_144;

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

const server = new SandboxServer(link, __dirname, createThreadStart(__dirname));
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
pipe.on('error', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
// The terminal's Ctrl+C goes to the whole group; the engine decides what it means.
process.on('SIGINT', () => undefined);
process.send?.('ready');
