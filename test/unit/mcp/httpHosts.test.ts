import assert from 'node:assert/strict';

import { TrustedProxies, parseAllowedHost } from '../../../src/mcp/httpHosts';

const headers = {
  host: 'RLM.example.com',
  'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.1.1.1',
  'x-forwarded-host': 'Public.example.com',
  'x-forwarded-proto': 'https',
  'x-request-id': 'abc-123',
};

describe('httpHosts', () => {
  it('believes nobody but the named proxies', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8', '::1']);
    const direct = { host: 'rlm.example.com', isSecure: false, requestId: null };
    for (const peer of ['203.0.113.5', '11.0.0.1', '::2', '', '::ffff:11.0.0.1']) {
      assert.deepStrictEqual(proxies.read(peer, headers, false), { ...direct, address: peer });
    }
    const none = new TrustedProxies([]).read('127.0.0.1', headers, true);
    assert.deepStrictEqual(none, { ...direct, address: '127.0.0.1', isSecure: true });
  });

  it('takes of a named proxy the client, the host, the scheme and the request', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8', '::1']);
    const told = {
      address: '203.0.113.9',
      host: 'public.example.com',
      isSecure: true,
      requestId: 'abc-123',
    };
    for (const peer of ['10.255.0.1', '::1', '::ffff:10.0.0.7']) {
      assert.deepStrictEqual(proxies.read(peer, headers, false), told);
    }
  });

  it('takes no address that a client put before the proxies’ own', () => {
    const proxies = new TrustedProxies(['10.0.0.1']);
    const chains = [
      ['1.2.3.4', '1.2.3.4'],
      ['9.9.9.9, 1.2.3.4', '1.2.3.4'],
      ['9.9.9.9, evil, 1.2.3.4, 10.0.0.1', '1.2.3.4'],
      ['10.0.0.1', '10.0.0.1'],
      ['evil', '10.0.0.1'],
      ['9.9.9.9, 1.2.3.4:5678', '1.2.3.4'],
      ['9.9.9.9, 1.2.3.4:5678, 10.0.0.1:80', '1.2.3.4'],
      ['9.9.9.9, [2001:db8::1]:443', '2001:db8::1'],
      ['9.9.9.9, [2001:db8::1]', '2001:db8::1'],
      ['9.9.9.9, unknown', '10.0.0.1'],
      ['9.9.9.9, unknown, 10.0.0.1', '10.0.0.1'],
      ['9.9.9.9,', '10.0.0.1'],
      ['', '10.0.0.1'],
    ] as const;
    for (const [chain, address] of chains) {
      const read = proxies.read('10.0.0.1', { 'x-forwarded-for': chain }, false);
      assert.deepStrictEqual(read.address, address, chain);
    }
  });

  it('takes no lists, and no request ids that would be more than a word', () => {
    const proxies = new TrustedProxies(['10.0.0.1']);
    const odd = { host: 'a', 'x-forwarded-host': 'b, c', 'x-forwarded-proto': 'https,http' };
    const read = (id: string) =>
      proxies.read('10.0.0.1', { ...odd, 'x-request-id': id }, false).requestId;
    assert.deepStrictEqual(['', 'a b', 'a\n', '{"x":1}', 'x'.repeat(65), 'a,b', 'é'].map(read), [
      null,
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
    const { host, isSecure } = proxies.read('10.0.0.1', odd, false);
    assert.deepStrictEqual({ host, isSecure }, { host: 'a', isSecure: false });
  });

  it('refuses what is no proxy and no host', () => {
    for (const text of [
      '',
      'proxy',
      '10.0.0.0/33',
      '10.0.0.0/x',
      '10.0.0.0/8/8',
      '::1/129',
      '1.2.3',
    ]) {
      assert.throws(() => new TrustedProxies([text]), { code: 'INVALID_INPUT' }, text);
    }
    for (const text of ['', '*', 'https://a', 'a/b', 'a b', 'a:b', '*.a', '-a', 'a:123456']) {
      assert.throws(() => parseAllowedHost(text), { code: 'INVALID_INPUT' }, text);
    }
    assert.deepStrictEqual([' RLM.example.com ', '[::1]:80', '10.0.0.1'].map(parseAllowedHost), [
      'rlm.example.com',
      '[::1]:80',
      '10.0.0.1',
    ]);
  });
});
