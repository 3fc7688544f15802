import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import ignore from 'ignore';
import { matchesPattern, parseIgnorePattern } from '../../../src/context/ignorePattern';

function matches(line: string, path: string): boolean | null {
  const pattern = parseIgnorePattern(line, false);
  return pattern === null || pattern.onlyFolders ? null : matchesPattern(pattern, path.split('/'));
}

/** As another implementation of the same rules says; of the path itself, not of folders above it. */
function reference(line: string, path: string): boolean {
  const rules = ignore({ ignorecase: false }).add(line);
  const folders = path.split('/').slice(0, -1);
  const isInIgnored = folders.some((_name, at) =>
    rules.ignores(`${folders.slice(0, at + 1).join('/')}/`),
  );
  return !isInIgnored && rules.ignores(path);
}

describe('a rule of .gitignore', () => {
  const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['*.log', ['a.log', 'x/a.log', '.log'], ['a.logs', 'a.log.txt']],
    ['/top.txt', ['top.txt'], ['x/top.txt']],
    ['docs/*.txt', ['docs/a.txt'], ['docs/x/a.txt', 'x/docs/a.txt']],
    ['**/out', ['out', 'a/out', 'a/b/out'], ['outs']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'x/a/b']],
    ['a/**', ['a/x', 'a/x/y'], ['a', 'b/a/x']],
    ['a?c', ['abc'], ['ac', 'a/c']],
    ['[a-c].txt', ['a.txt', 'c.txt'], ['d.txt']],
    ['[!a-c].txt', ['d.txt'], ['a.txt']],
    ['[]]x', [']x'], ['ax', '[]]x']],
    ['[!]]x', ['ax'], [']x']],
    ['\\!keep', ['!keep'], ['keep']],
    ['a\\*b', ['a*b'], ['axb']],
  ];
  for (const [line, yes, no] of table) {
    it(`${line} matches ${yes.join(', ')} and not ${no.join(', ')}`, () => {
      const all = [...yes, ...no];
      assert.deepStrictEqual(
        all.map((path) => matches(line, path)),
        [...yes.map(() => true), ...no.map(() => false)],
      );
    });
  }

  for (const [line, text] of [
    ['a \t ', 'a'],
    ['a\\  ', 'a\\ '],
    ['a\\\\  ', 'a\\\\ '],
    ['\\ ', '\\ '],
    [' a b', ' a b'],
  ] as const) {
    it(`reads ${JSON.stringify(line)} as ${JSON.stringify(text)}`, () => {
      assert.equal(parseIgnorePattern(line, false)?.text, text);
    });
  }

  it('is read once, however many blanks it holds', () => {
    const blanks = ' '.repeat(1_000_000);
    assert.equal(parseIgnorePattern(`a${blanks}`, false)?.text, 'a');
    assert.equal(parseIgnorePattern(`${blanks}a`, false), null);
  });

  it('matches as the reference does, for any rule and path of a small alphabet', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 4 });
    const part = fc.oneof(
      fc.constant('**'),
      fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), minLength: 1, maxLength: 4 }),
    );
    const rule = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(rule, path, (line, given) => {
        const names = given.split('/');
        fc.pre(
          !names.some((one) => /^\.+$/u.test(one)) &&
            !/(?:^|\/)\.+(?:\/|$)|\*\*[^/]|[^/]\*\*/u.test(line),
        );
        // A rule that ends in ** or names a folder above rules out what is inside, too.
        fc.pre(!names.slice(1).some((_one, at) => matches(line, names.slice(0, at + 1).join('/'))));
        assert.deepStrictEqual(matches(line, given), reference(line, given), `${line} ${given}`);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is matched in steps that grow with the lengths alone', () => {
    const deep = `${'a/**/'.repeat(40)}b`;
    const names = Array.from({ length: 400 }, () => 'a');
    assert.deepStrictEqual(matches(deep, names.join('/')), false);
    assert.deepStrictEqual(matches(`${'*a'.repeat(200)}b`, 'a'.repeat(4_000)), false);
  });
});
