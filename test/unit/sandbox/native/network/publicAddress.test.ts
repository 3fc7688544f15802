import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isPublicAddress } from '../../../../../src/sandbox/native/network/publicAddress';

const others = [
  ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254'],
  ...['172.16.0.1', '172.31.255.255', '192.0.0.8', '192.168.1.1', '198.18.0.1', '224.0.0.1'],
  ...['239.255.255.250', '255.255.255.255', '240.0.0.1', '192.0.2.1', '203.0.113.9'],
  ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1'],
  ...['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1'],
  ...[
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    '100::1',
    '3fff::1',
    '5f00::1',
    'not an address',
    '',
  ],
];
const open = [
  ...[
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.1.1',
  ],
  ...['223.255.255.255', '2606:4700::1111', '2a00:1450:4001::1', '2001:4860:4860::8888'],
];

describe('the public network', () => {
  for (const address of others) {
    it(`does not have ${address || 'nothing'}`, () =>
      assert.equal(isPublicAddress(address), false));
  }
  for (const address of open) {
    it(`has ${address}`, () => assert.equal(isPublicAddress(address), true));
  }

  it('has no IPv4 address inside of an IPv6 one', () => {
    fc.assert(
      fc.property(
        fc.ipV4(),
        fc.constantFrom('::ffff:', '::', '64:ff9b::', '::ffff:0:'),
        (inner, prefix) => isPublicAddress(prefix + inner) === false,
      ),
    );
  });
});
