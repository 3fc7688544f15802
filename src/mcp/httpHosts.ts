// Whose requests these are as the network has it: under which names the server is called, and what
// proxies in front of it say of the client.

import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { requestIdPattern } from '../core/requestScope';
import { RlmError } from '../core/errors';

/** One request as it came to the first proxy that is trusted. */
export interface Origination {
  /** Of the client; empty when the connection is gone already. */
  readonly address: string;
  /** The Host header, in lower case. */
  readonly host: string;
  readonly isSecure: boolean;
  /** Given by the proxy; null: none that can be used. */
  readonly requestId: string | null;
}

const loopbackNames: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** `allowed`: `name`, for any port, or `name:port`. */
export function isServerHost(
  host: string,
  { port, allowed }: { readonly port: number; readonly allowed: readonly string[] },
): boolean {
  const bare = host.replace(/:\d{1,5}$/u, '');
  return (
    loopbackNames.some((name) => `${name}:${port}` === host) ||
    allowed.some((name) => name === host || name === bare)
  );
}

/** @throws RlmError 'INVALID_INPUT' for what can be no Host header. */
export function parseAllowedHost(text: string): string {
  const host = text.trim().toLowerCase();
  if (!/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/u.test(host)) {
    throw new RlmError('INVALID_INPUT', `"${text}" is no host name.`, {
      nextStep: 'Give the name that clients call, such as rlm.example.com or rlm.example.com:8443.',
    });
  }
  return host;
}

/** Addresses and networks (`10.0.0.0/8`) whose X-Forwarded headers are believed. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  /** @throws RlmError 'INVALID_INPUT' for what is neither an address nor a network. */
  constructor(given: readonly string[]) {
    this.#isEmpty = given.length === 0;
    given.forEach((text) => this.#add(text));
  }

  /** `peer`: the address on the other end of the connection. */
  read(peer: string, headers: IncomingHttpHeaders, isSecure: boolean): Origination {
    const own = { address: peer, host: (headers.host ?? '').toLowerCase(), isSecure };
    if (!this.#has(peer)) {
      return { ...own, requestId: null };
    }
    const host = one(headers['x-forwarded-host']);
    const scheme = one(headers['x-forwarded-proto']);
    const id = one(headers['x-request-id']);
    return {
      address: this.#findClient(peer, headers['x-forwarded-for']),
      host: host === undefined ? own.host : host.toLowerCase(),
      isSecure: scheme === undefined ? isSecure : scheme.toLowerCase() === 'https',
      requestId: id !== undefined && requestIdPattern.test(id) ? id : null,
    };
  }

  /**
   * The last of the chain that no trusted proxy has: all before it may be made up by the client, and so may all
   * before an entry that is no address.
   */
  #findClient(peer: string, forwarded: string | string[] | undefined): string {
    let client = peer;
    for (const part of String(forwarded ?? '')
      .split(',')
      .toReversed()) {
      const address = toAddress(part.trim());
      if (address === null || !this.#has(client)) {
        break;
      }
      client = address;
    }
    return client;
  }

  #has(address: string): boolean {
    if (this.#isEmpty || isIP(address) === 0) {
      return false;
    }
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address)?.[1] ?? address;
    return this.#list.check(mapped, isIP(mapped) === 6 ? 'ipv6' : 'ipv4');
  }

  #add(text: string): void {
    const [address = '', bits, ...rest] = text.trim().split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const isPrefix = bits === undefined || (/^\d{1,3}$/u.test(bits) && rest.length === 0);
    try {
      if (isIP(address) === 0 || !isPrefix) {
        throw new Error('no address');
      }
      if (bits === undefined) {
        this.#list.addAddress(address, family);
      } else {
        this.#list.addSubnet(address, Number(bits), family);
      }
    } catch (cause) {
      throw new RlmError('INVALID_INPUT', `"${text}" is neither an address nor a network.`, {
        cause,
        nextStep: 'Give the proxy’s address, such as 10.0.0.7, or a network, such as 10.0.0.0/8.',
      });
    }
  }
}

/** Some proxies name the port too: `1.2.3.4:5678`, `[2001:db8::1]:443`. */
function toAddress(entry: string): string | null {
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/u.exec(entry) ?? /^([\d.]+):\d{1,5}$/u.exec(entry);
  const address = bare?.[1] ?? entry;
  return isIP(address) === 0 ? null : address;
}

/** A header that came exactly once, with one value: lists are no answer to these questions. */
function one(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== '' && !header.includes(',') ? header : undefined;
}
