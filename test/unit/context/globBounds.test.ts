import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { RlmError } from '../../../src/core/errors';
import { createFixture, type Fixture } from './contextFixture';

/** Far above what any pattern takes: a test that meets one without a bound never gets there. */
const patternMs = 20_000;

describe('hostile globs', () => {
  let fixture: Fixture;

  before(async () => {
    fixture = await createFixture();
    const deep = 'aaaaaaaa/'.repeat(12);
    await fixture.write({
      [`${'a'.repeat(120)}b`]: '',
      [`${'a'.repeat(250)}`]: '',
      [`${'a.'.repeat(60)}b`]: '',
      [`${deep}${'a'.repeat(100)}`]: '',
      [`${deep}a.ts`]: '',
      'x/a.txt': '',
    });
  });

  after(() => fixture.dispose());

  /** Whether it was refused for its wildcards; else it matched, or matched nothing. */
  async function isRefused(pattern: string): Promise<boolean> {
    const startedAt = performance.now();
    const refused = await fixture.read(pattern).then(
      () => false,
      (thrown: unknown) => {
        assert.ok(thrown instanceof RlmError && thrown.code === 'INVALID_INPUT', String(thrown));
        return thrown.message.includes('wildcards');
      },
    );
    assert.ok(performance.now() - startedAt < patternMs, pattern);
    return refused;
  }

  for (const pattern of [
    `${'?(a)'.repeat(30)}${'a'.repeat(30)}b`,
    `${'{a,}'.repeat(30)}b*`,
    `${'{a,aa}'.repeat(25)}b*`,
    `${'@(a|aa)'.repeat(25)}b`,
    `${'!(b)'.repeat(12)}c`,
    `${'+(a)'.repeat(3)}b`,
    '*(a|aa)b*',
    '*a*a*a*a*b',
    `${'*'.repeat(3)}a*a*a*a*b`,
    `${'**/'.repeat(9)}b*`,
    `{${'**/a,'.repeat(20)}b}`,
  ]) {
    it(`are refused: ${pattern.slice(0, 40)}`, async () => {
      assert.equal(await isRefused(pattern), true);
    });
  }

  for (const pattern of [
    '**/*.{ts,tsx}',
    '{src,test}/**/*.{test,spec}.{js,ts}',
    '**/[!a]*.txt',
    '**/*-*.log.*',
    'logs/20{24,25}-{01,02}-*.log',
    '**/!(*.txt)',
  ]) {
    it(`are not those that people write: ${pattern}`, async () => {
      assert.equal(await isRefused(pattern), false);
    });
  }

  const piece = fc.constantFrom(
    ...['a', 'aa', 'b', '.', '*', '**', '?', '/', '**/', '{a,aa}', '{a,}', '{*a,aa*}', '@(a|aa)'],
    ...[
      '?(a)',
      '!(b)',
      '!(*a)',
      '[a-z]',
      '[!b]',
      '{1..9}',
      '(a|a)',
      '\\',
      '!',
      ',',
      '{',
      '}',
      '(',
      ')',
    ],
  );

  it('of any kind are matched in bounded time, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 14 }), async (pieces) => {
        const pattern = `a${pieces.join('')}*`.replace(/\/+/gu, '/');
        const thrown = await isRefused(pattern).catch((error: unknown) => error);
        assert.ok(
          typeof thrown === 'boolean' || !(thrown instanceof Error),
          `${pattern}: ${String(thrown)}`,
        );
      }),
      { numRuns: 150 },
    );
  });
});
