// Serves one client over a pair of streams.

import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Disposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import { createMcpServer } from './server';

interface StdioStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

export interface StdioServing extends Disposable {
  /** Resolves when the connection has ended: input closed, output broken, or disposed. */
  readonly closed: Promise<void>;
}

/** Longer lines end the connection: such texts belong into files, read by context_paths. */
const maxLineBytes = 16_000_000;
const inputEndings = ['end', 'close', 'error'] as const;

/** A client at the other end of two streams; closes by itself when either of them does. */
export class StdioConnection extends StdioServerTransport {
  readonly #streams: StdioStreams;
  readonly #end = (): void => void this.close();
  #isClosed = false;

  constructor(streams: StdioStreams) {
    super(streams.stdin, streams.stdout, { maxBufferSize: maxLineBytes });
    this.#streams = streams;
  }

  override async start(): Promise<void> {
    const { stdin, stdout } = this.#streams;
    inputEndings.forEach((name) => stdin.on(name, this.#end));
    stdout.on('close', this.#end);
    stdout.on('error', this.#end);
    await super.start();
  }

  override async close(): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    const { stdin, stdout } = this.#streams;
    inputEndings.forEach((name) => stdin.off(name, this.#end));
    stdout.off('close', this.#end);
    // The error listener stays: writes on their way may still fail, and must not end the process.
    await super.close();
  }
}

/** Running steps are cancelled when the connection ends; the engine lives on. */
export function serveStdio(engine: Engine, streams: StdioStreams): StdioServing {
  const server = createMcpServer(engine);
  const connection = new StdioConnection(streams);
  const closed = new Promise<void>((resolve) => {
    const disposeConnection = server.onclose;
    server.onclose = () => {
      disposeConnection?.();
      resolve();
    };
  });
  const end = (): void => void server.close().catch(() => undefined);
  server.connect(connection).catch(end);
  return { closed, dispose: end };
}
