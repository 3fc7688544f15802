// Which addresses are of the public network: all others (this machine, its own networks, metadata services,
// groups, addresses inside of addresses) are reached only where the user has listed the very address.

import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Source: IANA's registries of special-purpose addresses, and of IPv4 groups. */
const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Where alone the public IPv6 network is, and what is not of it there: tunnels, examples, tests. */
const global6 = ['2000::', 3] as const;
const special6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

const blocked4 = new BlockList();
special4.forEach(([address, bits]) => blocked4.addSubnet(address, bits, 'ipv4'));
const open6 = new BlockList();
open6.addSubnet(...global6, 'ipv6');
const blocked6 = new BlockList();
special6.forEach(([address, bits]) => blocked6.addSubnet(address, bits, 'ipv6'));

/** `address`: as a resolver gives it. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) {
    return !blocked4.check(address, 'ipv4');
  }
  return (
    isIPv6(address) &&
    !address.includes('%') &&
    open6.check(address, 'ipv6') &&
    !blocked6.check(address, 'ipv6')
  );
}
