// What a client has set up with its server, so that another server can take over unnoticed.

import {
  isJSONRPCResultResponse,
  type InitializeResult,
  type JSONRPCNotification,
  type JSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import type { Link, RpcResponse } from './link';

/** The lists a server may announce changes of. */
const lists = ['tools', 'resources', 'prompts'] as const;

type SessionState =
  | { readonly kind: 'new' }
  /** The client was told, or is to be told, about its server. */
  | { readonly kind: 'introduced'; readonly hello: InitializeResult }
  /** It has said that it is ready. */
  | { readonly kind: 'ready'; readonly hello: InitializeResult };

export class ClientSession {
  readonly #params: JSONRPCRequest['params'];
  readonly #uris = new Set<string>();
  #state: SessionState = { kind: 'new' };

  /** `params`: of the client's `initialize` request, its capabilities among them. */
  constructor(params: JSONRPCRequest['params']) {
    this.#params = params;
  }

  /** Introduces the client to its first server. @throws as `Link.initialize` */
  async open(link: Link, signal: AbortSignal): Promise<void> {
    this.#state = { kind: 'introduced', hello: await link.initialize(this.#params, signal) };
  }

  /** What the client was told, or is to be told, about its server. */
  get hello(): InitializeResult | null {
    return this.#state.kind === 'new' ? null : this.#state.hello;
  }

  /**
   * Brings a new server to where the last one was. Subscriptions that it refuses are let go.
   * @throws as `Link.initialize`, or when it speaks another version than the client was told.
   */
  async restore(link: Link, signal: AbortSignal): Promise<void> {
    const version = this.hello?.protocolVersion;
    const hello = await link.initialize(
      version === undefined ? this.#params : { ...this.#params, protocolVersion: version },
      signal,
    );
    if (version !== undefined && hello.protocolVersion !== version) {
      throw new Error(`it speaks MCP ${hello.protocolVersion}, the client ${version}`);
    }
    if (this.#state.kind !== 'ready') {
      return;
    }
    await link.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    for (const uri of [...this.#uris]) {
      const answer = await link.request('resources/subscribe', { uri }, signal);
      if (!isJSONRPCResultResponse(answer)) {
        this.#uris.delete(uri);
      }
    }
  }

  /** The client has said that it is ready. */
  markReady(): void {
    if (this.#state.kind === 'introduced') {
      this.#state = { kind: 'ready', hello: this.#state.hello };
    }
  }

  noteAnswer({ method, params }: JSONRPCRequest, answer: RpcResponse): void {
    const uri = params?.['uri'];
    if (typeof uri !== 'string' || !isJSONRPCResultResponse(answer)) {
      return;
    }
    if (method === 'resources/subscribe') {
      this.#uris.add(uri);
    } else if (method === 'resources/unsubscribe') {
      this.#uris.delete(uri);
    }
  }

  /** What a client must hear once another server has taken over: all may have changed. */
  toChanges(): readonly JSONRPCNotification[] {
    if (this.#state.kind !== 'ready') {
      return [];
    }
    const { capabilities } = this.#state.hello;
    const changed = lists.filter((list) => capabilities[list]?.listChanged === true);
    return [
      ...changed.map((list) => ({
        jsonrpc: '2.0' as const,
        method: `notifications/${list}/list_changed`,
      })),
      ...[...this.#uris].map((uri) => ({
        jsonrpc: '2.0' as const,
        method: 'notifications/resources/updated',
        params: { uri },
      })),
    ];
  }
}
