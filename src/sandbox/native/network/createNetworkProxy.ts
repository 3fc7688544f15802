// The proxy of a place of this machine, by the system's resolver.

import { findSystemAddresses } from './judgeTarget';
import { NetworkProxy } from './networkProxy';

/** Null: nothing is allowed, and there is no way out. */
export function createNetworkProxy(allowed: readonly string[]): NetworkProxy | null {
  return allowed.length === 0
    ? null
    : new NetworkProxy({ allowed, findAddresses: findSystemAddresses });
}
