// What every message of a connection passes, whatever carries it: what leaves is well-formed Unicode,
// what clients leave out in different ways arrives in one, and no request is left open at the end.

import type {
  Transport,
  TransportSendOptions,
} from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CancelledNotificationSchema,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type MessageExtraInfo,
  type RequestId,
  isJSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { toWellFormedJson } from '../base/wellFormed';
import { toEndedAnswer } from './endedAnswer';
import { tidyRequest } from './tidyRequest';

export class WireTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void;
  readonly #inner: Transport;
  readonly #open = new Map<RequestId, JSONRPCRequest>();
  #isEnding = false;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  async start(): Promise<void> {
    const { onclose, onerror } = this.#inner;
    this.#inner.onclose = () => {
      void this.answerOpen(); // where the client closed only its own half
      onclose?.();
      this.onclose?.();
    };
    this.#inner.onerror = (error) => {
      onerror?.(error);
      this.onerror?.(error);
    };
    this.#inner.onmessage = (message, extra) => this.#take(tidyRequest(message), extra);
    await this.#inner.start();
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (!('method' in message) && message.id !== undefined) {
      if (this.#isEnding) {
        return; // it has been answered
      }
      this.#open.delete(message.id);
    }
    await this.#pass(message, options);
  }

  /** Answers every request that has no answer yet with the end; settles when that has left. */
  async answerOpen(): Promise<void> {
    this.#isEnding = true;
    const requests = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(requests.map((request) => this.#pass(toEndedAnswer(request))));
  }

  #take(message: JSONRPCMessage, extra?: MessageExtraInfo): void {
    if (isJSONRPCRequest(message)) {
      if (this.#isEnding) {
        void this.#pass(toEndedAnswer(message)).catch(() => undefined);
        return;
      }
      this.#open.set(message.id, message);
    } else {
      const cancelled = CancelledNotificationSchema.safeParse(message).data?.params.requestId;
      if (cancelled !== undefined) {
        this.#open.delete(cancelled); // nobody waits for it
      }
    }
    this.onmessage?.(message, extra);
  }

  #pass(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
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
