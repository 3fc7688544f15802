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

/** Running steps are cancelled when the connection ends; the engine lives on. */
export function serveStdio(engine: Engine, { stdin, stdout }: StdioStreams): StdioServing {
  const server = createMcpServer(engine);
  const transport = new StdioServerTransport(stdin, stdout, { maxBufferSize: maxLineBytes });
  const end = (): void => void server.close().catch(() => undefined);
  const ending = ['end', 'close', 'error'] as const;
  const closed = new Promise<void>((resolve) => {
    const disposeConnection = server.onclose;
    server.onclose = () => {
      disposeConnection?.();
      ending.forEach((name) => stdin.off(name, end));
      stdout.off('close', end);
      // The error listener stays: writes on their way may still fail, and must not end the process.
      resolve();
    };
  });
  ending.forEach((name) => stdin.on(name, end));
  stdout.on('close', end);
  stdout.on('error', end);
  server.connect(transport).catch(end);
  return { closed, dispose: end };
}
