// May code connect there? By the user's rules, and by the addresses of the name as they are now: these alone are
// connected to, so that a name that changes its address between the two gains nothing.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type NetworkRules, type NetworkTarget, parseHost } from '../../../core/networkRules';
import { isPublicAddress } from './publicAddress';

/** All addresses of a name. Rejects where it has none. */
export type FindAddresses = (name: string) => Promise<readonly string[]>;

export type Verdict =
  | { readonly kind: 'allowed'; readonly addresses: readonly string[] }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string };

interface JudgeParts {
  readonly rules: NetworkRules;
  readonly findAddresses: FindAddresses;
  readonly timeoutMs: number;
}

const maxAddresses = 8;
/** The system's resolver holds a thread of this process for each; files and programs need the others. */
const maxLookups = 2;

export async function judgeTarget(target: NetworkTarget, parts: JudgeParts): Promise<Verdict> {
  const { rules } = parts;
  if (!rules.allows(target)) {
    return { kind: 'refused', reason: 'the user’s settings do not list it' };
  }
  if (target.host.kind !== 'name') {
    return { kind: 'allowed', addresses: [target.host.text] }; // listed as this very address
  }
  const found = await findInTime(target.host.text, parts);
  if (found.length === 0) {
    return { kind: 'failed', reason: 'its name has no address' };
  }
  const addresses = found
    .filter((address) => isIP(address) !== 0 && mayReach(address, target.port, rules))
    .slice(0, maxAddresses);
  return addresses.length > 0
    ? { kind: 'allowed', addresses }
    : {
        kind: 'refused',
        reason:
          'its name has an address that is not public, and that the user’s settings do not list',
      };
}

function mayReach(address: string, port: number, rules: NetworkRules): boolean {
  const host = parseHost(address.includes(':') ? `[${address}]` : address);
  return isPublicAddress(address) || (host !== null && rules.allows({ host, port }));
}

async function findInTime(
  name: string,
  { findAddresses, timeoutMs }: JudgeParts,
): Promise<readonly string[]> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      findAddresses(name).catch(() => []),
      delay(timeoutMs, [], { signal: timer.signal, ref: false }),
    ]);
  } finally {
    timer.abort();
  }
}

let looking = 0;
const waiting: (() => void)[] = [];

/** By the system: its files, and its servers. */
export async function findSystemAddresses(name: string): Promise<readonly string[]> {
  while (looking >= maxLookups) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  looking += 1;
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } finally {
    looking -= 1;
    waiting.shift()?.();
  }
}
