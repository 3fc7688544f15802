// Serves one client over a pair of streams.

import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type JSONRPCMessage, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Disposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import type { MessageBytes } from './boundedBytes';
import { LineReader } from './lineReader';
import {
  type RpcFault,
  checkFirst,
  maxMessageBytes,
  parseMessages,
  toFaultTexts,
} from './rpcMessage';
import { createMcpServer } from './server';

interface StdioStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

export interface StdioServing extends Disposable {
  /** Resolves when the connection has ended: input closed, output broken, or disposed. */
  readonly closed: Promise<void>;
}

const inputEndEvents = ['end', 'close', 'error'] as const;

/**
 * A client at the other end of two streams; closes by itself when either of them does. What is no
 * message, or must not come before `initialize`, is refused here, under its id where it has one.
 */
export class StdioConnection implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #streams: StdioStreams;
  readonly #lines = new LineReader(maxMessageBytes);
  readonly #take = (chunk: Buffer): void => this.#lines.add(chunk, (line) => this.#read(line));
  readonly #end = (): void => void this.close();
  #hasBegun = false;
  #isClosed = false;

  constructor(streams: StdioStreams) {
    this.#streams = streams;
  }

  async start(): Promise<void> {
    const { stdin, stdout } = this.#streams;
    inputEndEvents.forEach((name) => stdin.on(name, this.#end));
    stdout.on('close', this.#end);
    stdout.on('error', this.#end);
    stdin.on('data', this.#take);
  }

  /** Settles once the message has left this process, or cannot any more. */
  async send(message: JSONRPCMessage): Promise<void> {
    await this.#write(JSON.stringify(message));
  }

  async close(): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    const { stdin, stdout } = this.#streams;
    inputEndEvents.forEach((name) => stdin.off(name, this.#end));
    stdin.off('data', this.#take);
    stdin.pause();
    stdout.off('close', this.#end);
    // The error listener stays: writes on their way may still fail, and must not end the process.
    this.onclose?.();
  }

  #read(line: MessageBytes): void {
    if (this.#isClosed || (line.kind === 'whole' && line.bytes.length === 0)) {
      return;
    }
    const parsed = parseMessages(line);
    if (parsed.kind === 'refused') {
      this.#refuse(parsed.fault);
      return;
    }
    const all = Array.isArray(parsed.messages) ? parsed.messages : [parsed.messages];
    all.forEach((message: JSONRPCMessage) => this.#pass(message));
  }

  #pass(message: JSONRPCMessage): void {
    const fault = this.#hasBegun ? null : checkFirst(message);
    if (fault) {
      this.#refuse(fault);
    } else {
      this.#hasBegun ||= isInitializeRequest(message);
      this.onmessage?.(message);
    }
  }

  #refuse(fault: RpcFault): void {
    toFaultTexts(fault).forEach((text) => void this.#write(text));
  }

  #write(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#streams.stdout.write(`${text}\n`, () => resolve());
    });
  }
}

/**
 * Running steps are cancelled when the connection ends; the engine lives on. Disposing answers what is open
 * before it ends.
 */
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
  const end = (): void => void server.end();
  server.connect(connection).catch(end);
  return { closed, dispose: end };
}
