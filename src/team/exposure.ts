// Whether a server may listen where it was told to. Pure.

import { isIP } from 'node:net';
import { RlmError } from '../core/errors';

interface Exposure {
  readonly host: string;
  readonly hasUsers: boolean;
  readonly hasTls: boolean;
  readonly hasProxy: boolean;
  /** Somebody has said that tokens may cross the network in the clear. */
  readonly isPlainAllowed: boolean;
}

export function isLoopback(host: string): boolean {
  const address = host.toLowerCase();
  return (
    address === 'localhost' ||
    address === '::1' ||
    (isIP(address) === 4 && address.startsWith('127.'))
  );
}

/** @throws RlmError 'INVALID_INPUT' for a server that strangers could use, or whose tokens they could read. */
export function checkExposure(exposure: Exposure): void {
  if (isLoopback(exposure.host)) {
    return;
  }
  if (!exposure.hasUsers) {
    throw new RlmError(
      'INVALID_INPUT',
      `${exposure.host} is reached from other machines, and no users are known.`,
      {
        nextStep:
          'Make a token with `rlm-companion token add <name> --users <file>` and serve with --users <file>, or name an authorization server with --oidc-issuer.',
      },
    );
  }
  if (!exposure.hasTls && !exposure.hasProxy && !exposure.isPlainAllowed) {
    throw new RlmError(
      'INVALID_INPUT',
      `${exposure.host} is reached from other machines, and tokens would cross the network in the clear.`,
      {
        nextStep:
          'Give --tls-cert and --tls-key; or --trust-proxy with the address of the proxy that ends TLS; or --plain-http where the network is private.',
      },
    );
  }
}
