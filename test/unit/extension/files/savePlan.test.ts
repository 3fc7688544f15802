import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planNames, toSafeName } from '../../../../src/extension/files/savePlan';

describe('names of saved files', () => {
  it('can be given anywhere, whatever they were in the sandbox', () => {
    const table: readonly (readonly [string, string])[] = [
      ['/work/a.txt', 'a.txt'],
      ['/work/two\nlines.txt', 'two_lines.txt'],
      ['/work/a\\b:c*?"<>|.txt', 'a_b_c______.txt'],
      ['/work/gpj.\u202eexe', 'gpj._exe'],
      ['/work/CON', '_CON'],
      ['/work/nul.txt', '_nul.txt'],
      ['/work/ends.', 'ends_'],
      ['/work/..', '._'],
      ['/work/', '_'],
    ];
    assert.deepStrictEqual(
      table.map(([path]) => toSafeName(path)),
      table.map(([, safe]) => safe),
    );
  });

  it('are one for each file, also where case is not told apart', () => {
    const paths = ['/work/a.txt', '/work/b/A.TXT', '/work/c/a.txt', '/work/x', '/tmp/x'];
    assert.deepStrictEqual(planNames(paths), ['a.txt', 'A (2).TXT', 'a (3).txt', 'x', 'x (2)']);
    const letters = fc.string({ unit: fc.constantFrom('a', 'A', '.', ':', '/'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(letters), (given) => {
        const names = planNames(given).map((one) => one.toLowerCase());
        assert.equal(new Set(names).size, given.length);
      }),
    );
  });
});
