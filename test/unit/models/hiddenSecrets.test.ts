import { ok, strictEqual } from 'node:assert';
import fc from 'fast-check';

import { hideSecrets } from '../../../src/models/hiddenSecrets';

const apiKey = 'gsk_9Qw4ErTyUiOpAsDf';
const none = { apiKey: null, prompts: [] };

describe('the words of a server in an error', () => {
  for (const [what, said, shown] of [
    ['a key as a whole', `bad key ${apiKey}.`, 'bad key [hidden].'],
    ['part of a key', `bad key ${apiKey.slice(3, 12)}`, 'bad key [hidden]'],
    ['a key in the middle of which stand asterisks', 'bad key gsk_********AsDf!', 'bad key [key]!'],
    ['a key of which only the end is told', 'bad key ...AsDf', 'bad key [key]'],
    ['a key behind a masked one of another', 'keys x***y***AsDf', 'keys x***y[key]'],
    ['a key of another provider', 'bad key sk-proj-12345', 'bad key [key]'],
    ['a bearer', 'got Bearer abcdef', 'got Bearer [key]'],
    ['no key at all', 'wait... then try again', 'wait... then try again'],
  ] as const) {
    it(`hide ${what}`, () => {
      strictEqual(hideSecrets(said, { apiKey, prompts: [] }), shown);
    });
  }

  it('hold no sixteen characters of a prompt in a row, wherever they stand', () => {
    const letters = fc.string({
      unit: fc.constantFrom('a', 'b', 'é', ' ', '"'),
      minLength: 40,
      maxLength: 400,
    });
    fc.assert(
      fc.property(letters, fc.nat(), fc.string({ maxLength: 100 }), (prompt, from, before) => {
        const quoted = prompt.slice(from % prompt.length, (from % prompt.length) + 60);
        const shown = hideSecrets(`${before}${quoted} is too long`, {
          apiKey: null,
          prompts: [prompt],
        });
        for (let at = 0; at + 16 <= shown.length; at += 1) {
          ok(!prompt.includes(shown.slice(at, at + 16)), shown);
        }
      }),
    );
  });

  it('are cut, and say so', () => {
    const shown = hideSecrets('long '.repeat(1_000), none);
    ok(shown.length <= 300 && shown.endsWith('…'), shown);
    strictEqual(hideSecrets('short', none), 'short');
  });

  it('are left out beside prompts that take long to look through', () => {
    ok(!hideSecrets('echo', { apiKey: null, prompts: ['x'.repeat(3_000_000)] }).includes('echo'));
  });
});
