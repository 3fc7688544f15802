// What every message of a connection passes, whatever carries it: what leaves is well-formed Unicode, and
// what clients leave out in different ways arrives in one.

import type {
  Transport,
  TransportSendOptions,
} from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, MessageExtraInfo } from '@modelcontextprotocol/sdk/types.js';
import { toWellFormedJson } from '../base/wellFormed';
import { tidyRequest } from './tidyRequest';

export class WireTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void;
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  async start(): Promise<void> {
    const { onclose, onerror } = this.#inner;
    this.#inner.onclose = () => {
      onclose?.();
      this.onclose?.();
    };
    this.#inner.onerror = (error) => {
      onerror?.(error);
      this.onerror?.(error);
    };
    this.#inner.onmessage = (message, extra) => this.onmessage?.(tidyRequest(message), extra);
    await this.#inner.start();
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const { value, replaced } = toWellFormedJson(message);
    return this.#inner.send(replaced === 0 ? value : addNote(value, replaced), options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version);
  }
}

/** Says in `_meta` how much was replaced; an error has no place for it. */
function addNote(message: JSONRPCMessage, replaced: number): JSONRPCMessage {
  if ('result' in message) {
    return { ...message, result: withNote(message.result, replaced) };
  }
  return 'params' in message && message.params
    ? { ...message, params: withNote(message.params, replaced) }
    : message;
}

function withNote<T extends { readonly _meta?: object | undefined }>(part: T, replaced: number): T {
  return { ...part, _meta: { ...part._meta, replaced_surrogates: replaced } };
}
