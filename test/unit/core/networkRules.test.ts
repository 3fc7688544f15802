import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  NetworkRules,
  parseHost,
  parseNetworkPatterns,
  parseTarget,
} from '../../../src/core/networkRules';
import { parseBackendSettings } from '../../../src/core/backendSettings';

const allows = (patterns: string, target: string): boolean => {
  const parsed = parseTarget(target);
  return parsed !== null && new NetworkRules(parseNetworkPatterns(patterns)).allows(parsed);
};

describe('what the user allows of the network', () => {
  it('is nothing unless it is set', () => {
    assert.deepStrictEqual(
      [{}, { RLM_SANDBOX_NETWORK: '' }, { RLM_SANDBOX_NETWORK: 'none' }].map(
        (environment) => parseBackendSettings(environment).network,
      ),
      [[], [], []],
    );
  });

  it('is read from a list between commas or blanks, in one spelling', () => {
    assert.deepStrictEqual(
      parseNetworkPatterns('PyPI.org, *.PythonHosted.org\n10.0.0.7:8080 [FD00::0:7]:1 münchen.de.'),
      ['pypi.org', '*.pythonhosted.org', '10.0.0.7:8080', '[fd00::7]:1', 'xn--mnchen-3ya.de'],
    );
  });

  it('goes by the setting before the environment, also to close it', () => {
    const environment = { RLM_SANDBOX_NETWORK: 'pypi.org' };
    assert.deepStrictEqual(
      [undefined, 'none', 'example.org'].map(
        (network) => parseBackendSettings(environment, { network }).network,
      ),
      [['pypi.org'], [], ['example.org']],
    );
  });

  for (const pattern of [
    ...[
      '*',
      '*.com',
      '*.*',
      '*.10.0.0.1',
      'a.*.org',
      'http://pypi.org',
      'pypi.org/simple',
      'a@b.org',
    ],
    ...['pypi.org:0', 'pypi.org:65536', 'pypi.org:https', ':443', '[::1', '::1', '[fe80::1%eth0]'],
    ...[
      '10.0.0.0/8',
      '010.0.0.1',
      '10.0.1',
      '2130706433',
      '0x7f.1',
      'none,pypi.org:x',
      '-a.org',
      'a..org',
    ],
  ]) {
    it(`refuses ${pattern} with what to write instead`, () => {
      assert.throws(() => parseBackendSettings({ RLM_SANDBOX_NETWORK: pattern }), {
        code: 'INVALID_INPUT',
      });
    });
  }

  const table: readonly (readonly [string, string, boolean])[] = [
    ['pypi.org', 'pypi.org:443', true],
    ['pypi.org', 'PYPI.ORG.:80', true],
    ['pypi.org', 'pypi.org:25', false],
    ['pypi.org', 'pypi.org:8443', false],
    ['pypi.org', 'www.pypi.org:443', false],
    ['pypi.org', 'evilpypi.org:443', false],
    ['pypi.org', 'pypi.org.evil.net:443', false],
    ['pypi.org:8443', 'pypi.org:8443', true],
    ['pypi.org:8443', 'pypi.org:443', false],
    ['*.pypi.org', 'files.pypi.org:443', true],
    ['*.pypi.org', 'a.b.pypi.org:443', true],
    ['*.pypi.org', 'pypi.org:443', false],
    ['*.pypi.org', 'evilpypi.org:443', false],
    ['*.pypi.org:1', 'a.pypi.org:443', false],
    ['10.0.0.7', '10.0.0.7:80', true],
    ['10.0.0.7', '10.0.0.70:80', false],
    ['[fd00::7]', '[FD00:0:0::7]:443', true],
    ['[fd00::7]', '[fd00::8]:443', false],
    ['[::1]', '[::ffff:127.0.0.1]:80', false],
    ['127.0.0.1', '[::ffff:127.0.0.1]:80', false],
    ['none', 'pypi.org:443', false],
  ];
  for (const [patterns, target, expected] of table) {
    it(`${patterns} ${expected ? 'allows' : 'does not allow'} ${target}`, () => {
      assert.equal(allows(patterns, target), expected);
    });
  }
});

describe('the host that code asks for', () => {
  for (const text of [
    ...['2130706433', '0x7f000001', '017700000001', '127.1', '127.0.1', '0177.0.0.1', '127.0.0.01'],
    ...[
      '0x7f.0.0.1',
      '127.0.0.1.',
      '256.0.0.1',
      '1.2.3.4.5',
      '[fe80::1%25eth0]',
      '[fe80::1%1]',
      '[::1',
    ],
    ...[
      '::1',
      'a b',
      'a\r\nHost: b',
      'a\0.org',
      'a%2eorg',
      'ａ.org',
      'user@a.org',
      'a.org#',
      'a_\u00ad.org',
      '',
    ],
    ...['.', '..', 'a..b', '-a.org', 'a-.org', `${'a'.repeat(64)}.org`, `${'a.'.repeat(127)}org`],
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseHost(text), null));
  }

  it('is one spelling of itself, whatever the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.domain(),
    );
    fc.assert(
      fc.property(text, (given) => {
        const host = parseHost(given);
        if (host) {
          const again = parseHost(host.kind === 'ipv6' ? `[${host.text}]` : host.text);
          assert.deepStrictEqual(again, host);
          assert.match(host.text, /^[a-z0-9_.:-]+$/u);
        }
      }),
    );
  });
});
