import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SecretMasker } from '../../../src/agents/masking/secretMasker';

const secret = 'S3cr3t/Value+with=odd&chars';

const seen: Readonly<Record<string, string>> = {
  'an OpenAI key': 'sk-proj-abcdefghijklmnopqrstuvwxyz0123',
  'a Stripe key': 'sk_live_abcdefghijklmnop1234',
  'a GitHub token': 'ghp_abcdefghijklmnopqrstuvwxyz012345',
  'a fine GitHub token': 'github_pat_11ABCDEFG0abcdefghijkl',
  'a GitLab token': 'glpat-abcdefghijklmnopqrst',
  'a Slack token': 'xoxb-1234567890-abcdefghij',
  'an AWS key id': 'AKIAIOSFODNN7EXAMPLE',
  'a Google key': `AIza${'a'.repeat(35)}`,
  'an npm token': `npm_${'b'.repeat(36)}`,
  'a JWT': 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijklmnop',
};

describe('SecretMasker', () => {
  const masker = new SecretMasker([secret]);

  for (const [name, value] of Object.entries(seen)) {
    it(`masks ${name} within any text`, () => {
      const masked = masker.mask(`before ${value} after\n${value}`);
      assert.equal(masked.includes(value), false);
      assert.match(masked, /^before \[masked: [\w ]+\] after\n\[masked: [\w ]+\]$/u);
    });
  }

  const pairs: readonly (readonly [string, string])[] = [
    ['export DB_PASSWORD=hunter2hunter2', 'hunter2hunter2'],
    ['{"api_key": "abcdefgh12345678"}', 'abcdefgh12345678'],
    ['Authorization: Bearer abcdefghijklmnop1234', 'abcdefghijklmnop1234'],
    ['postgres://bob:letmein99@db/x', 'letmein99'],
    ['AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG', 'wJalrXUtnFEMI/K7MDENG'],
    ['token = "abcdefghijk"', 'abcdefghijk'],
  ];
  for (const [text, value] of pairs) {
    it(`masks the value of ${text.slice(0, 24)}`, () => {
      const masked = masker.mask(text);
      assert.equal(masked.includes(value), false);
      assert.match(masked, /\[masked: /u);
    });
  }

  it('masks a private key over its lines', () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${'abcd\n'.repeat(20)}-----END RSA PRIVATE KEY-----`;
    assert.equal(masker.mask(`a\n${key}\nb`), 'a\n[masked: private key]\nb');
  });

  it('masks a known secret as it is, percent-encoded, in JSON and in base64 wherever it stands', () => {
    for (const around of ['', 'x', 'xy', 'xyz']) {
      const base64 = Buffer.from(`${around}${secret}${around}`).toString('base64');
      for (const text of [
        `${around}${secret}${around}`,
        encodeURIComponent(`${around}${secret}`),
        JSON.stringify({ around, secret }),
        base64,
        base64.replaceAll('+', '-').replaceAll('/', '_'),
      ]) {
        const masked = masker.mask(text);
        assert.match(masked, /\[masked: known secret\]/u, text);
        assert.equal(masked.includes(secret), false);
        assert.equal(
          Buffer.from(masked.replaceAll(/\[masked[^\]]*\]/gu, ''), 'base64').includes(secret),
          false,
        );
      }
    }
  });

  it('leaves alone what is no secret', () => {
    for (const text of [
      'The token count is 1234567 and the key is in the hash.',
      'const apiKeyName = readName();',
      'https://example.com/a:b@c',
      'sk-short',
      'password reset',
      'src/token.ts:12: parse',
      'npm test',
      'commit 0123456789abcdef0123456789abcdef01234567',
    ]) {
      assert.equal(masker.mask(text), text);
    }
  });

  it('masking twice is as masking once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Object.values(seen), secret, ' ', '=', 'TOKEN', '\n')),
        (parts) => {
          const once = masker.mask(parts.join(''));
          assert.equal(masker.mask(once), once);
        },
      ),
    );
  });

  it('finds secrets that a stream brings in pieces, and loses no other text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'some text ',
            'more\n',
            'x'.repeat(700),
            `${secret}\n`,
            ` ${seen['an OpenAI key'] ?? ''} `,
          ),
          {
            maxLength: 60,
          },
        ),
        fc.integer({ min: 1, max: 900 }),
        (parts, size) => {
          const text = parts.join('');
          const stream = masker.openStream();
          let told = '';
          for (let at = 0; at < text.length; at += size) {
            told += stream.push(text.slice(at, at + size));
          }
          told += stream.end();
          assert.equal(told, masker.mask(text));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes patterns of a profile', () => {
    const own = new SecretMasker([], ['ACME-\\d{6}']);
    assert.equal(own.mask('id ACME-123456.'), 'id [masked: secret].');
  });
});
