import assert from 'node:assert/strict';
import { CodeNames } from '../../../src/mcp/codeNames';
import { isLiteral, isNamedByCode, isPrinted } from '../../../src/mcp/shownByCode';

function toChange(name: string, type: string, preview: string, change = 'added' as const) {
  return { name, type, preview, size: null, change };
}

describe('what a reader of code knows of its variables', () => {
  const named: readonly (readonly [string, string, string, boolean])[] = [
    // code, name, type, known
    ['import re', 're', 'module', true],
    ['from collections import Counter as C', 'C', 'type', true],
    ['exec(context)', 're', 'module', false],
    ['def f(x):\n    return x', 'f', 'function', true],
    ['class A: pass', 'A', 'type', true],
    ['function f() {}', 'f', 'function', true],
    ['for line in lines:\n    print(line)', 'line', 'str', true],
    ['for k, (a, b) in pairs: print(a)', 'b', 'int', true],
    ['if x:\n    for i in y:\n        z += i', 'i', 'int', true],
    ['for (const key of keys) print(key)', 'key', 'string', true],
    ['for line in lines:\n    line = line.strip()', 'line', 'str', false],
    ['total = 0\nfor line in lines: total += 1', 'total', 'int', false],
    ['rows.append(1)', 'rows', 'list', false],
    ['for row in rows: seen.add(row)', 'seen', 'set', false],
    ['for row in rows: seen.add(row)', 'rows', 'list', false],
    ['print([row for row in rows])', 'rows', 'list', false],
    ['for (const w of words) counts[w] = (w in counts) ? 2 : 1', 'counts', 'Object', false],
    ['for (const w of words) counts[w] = (w in counts) ? 2 : 1', 'w', 'string', true],
    ['for (const w of words) { total += w } // the sum of all', 'total', 'number', false],
    ['for (const a of b) for (const c of a) sum += c', 'sum', 'number', false],
    ['for (const a of b) for (const c of a) sum += c', 'c', 'number', true],
    ['for await (const a of b) sum += a', 'a', 'number', true],
    ['for x in f(seen, "not in it"):\n    pass', 'seen', 'list', false],
    ['x = f(y)', 'y', 'list', false],
    ['x = 1', 'x', 'int', false],
  ];
  for (const [code, name, type, known] of named) {
    it(`${JSON.stringify(code)} ${known ? 'names' : 'does not tell of'} ${name}`, () => {
      assert.equal(isNamedByCode(toChange(name, type, '…'), new CodeNames(code)), known);
    });
  }

  const changedInPlace: readonly (readonly [string, string, boolean])[] = [
    // code, type of f, known
    ['f()', 'function', false],
    ['f.count = 2', 'function', false],
    ['f.limit = 2', 'class', false],
    ['print(f(g))', 'type', false],
    ['def f(): pass', 'function', true],
    ['async function* f() {}', 'function', true],
    ['class f: pass', 'type', true],
    ['from m import g as f', 'function', true],
    ['f = g', 'function', true],
    ['const f = () => 2', 'function', true],
  ];
  for (const [code, type, known] of changedInPlace) {
    it(`${JSON.stringify(code)} ${known ? 'says' : 'does not say'} that a ${type} f is another`, () => {
      const changed = { ...toChange('f', type, '…'), change: 'changed' as const };
      assert.equal(isNamedByCode(changed, new CodeNames(code)), known);
    });
  }

  it('looks at few places of a long output for each value', () => {
    const names = new CodeNames('print(x)');
    const ends = [10, 100_000].map((chars) => `${'1'.repeat(chars)}\n1`);
    assert.deepStrictEqual(
      ends.map((stdout) => isPrinted({ name: 'x', preview: '1' }, names, { stdout, result: null })),
      [true, false],
    );
  });

  it('what is deleted by name is known, what is gone otherwise is not', () => {
    const removed = { ...toChange('x', 'int', ''), change: 'removed' as const };
    assert.deepStrictEqual(
      ['del x', 'del y, x', 'delete globalThis.y; delete x', 'f()', 'xdel = 1'].map((code) =>
        isNamedByCode(removed, new CodeNames(code)),
      ),
      [true, true, true, false, false],
    );
  });

  const literals: readonly (readonly [string, string, boolean])[] = [
    // code, preview of x, known
    ['x = 5', '5', true],
    ['a = 1; x = 5', '5', true],
    ['const x = 5;', '5', true],
    ['x = "ab"', "'ab'", true],
    ["x = 'ab'", "'ab'", true],
    ['x = [1, 2]', '[1, 2]', true],
    ['x = []\nfor i in y: x.append(i)', '[3]', false],
    ['x = 5\nx += 1', '6', false],
    ['x = 5\nx = 6', '6', false],
    ['x = len(y)', '5', false],
    ['x == 5', '5', false],
    ['max_x = 5', '5', false],
    ['o.x = 5', '5', false],
    ['x = "a\\nb"', "'a\\nb'", false],
    ['x => 5', '5', false],
    ['', '5', false],
  ];
  for (const [code, preview, known] of literals) {
    it(`${JSON.stringify(code)} ${known ? 'says' : 'does not say'} that x is ${preview}`, () => {
      assert.equal(isLiteral(toChange('x', 'int', preview), new CodeNames(code)), known);
    });
  }

  const printed: readonly (readonly [string, string, string, string | null, boolean])[] = [
    // code, preview of x, stdout, result, seen
    ['print(x)', '1440', '1440\n', null, true],
    ['x = f()\nx', '1440', '', '1440', true],
    ['print(f"{x} of {y}")', '3', '3 of 17\n', null, true],
    ['print(x)', "'ab'", 'ab\n', null, true],
    ['print(y)', '3', '3\n', null, false],
    ['print(x)', '3', '13\n', null, false],
    ['print(x)', '3', '3.5\n', null, false],
    ['print(max_x)', '3', '3\n', null, false],
    ['print(x)', "'abcdef…'", 'abcdefghi\n', null, true],
    ['print(len(x))', '[1, 2]', '2\n', null, false],
    ['x = ""\nprint(x)', "''", '\n', null, false],
    ['x = grep("a")\nx', '[Span(start=1', '', '1:1: a', true], // shown otherwise, and shown
    ['x = grep("a")\nx;\n', '[Span(start=1', '', '1:1: a', true],
    ['x = grep("a")\nx', '[Span(start=1', '', null, false],
    ['x = grep("a")\nx[0]', '[Span(start=1', '', '1:1: a', false],
    ['x = (1,\n2)\nmax_x', '(1, 2)', '', '5', false],
  ];
  for (const [code, preview, stdout, result, seen] of printed) {
    it(`${JSON.stringify(code)} has ${seen ? '' : 'not '}shown ${preview} as ${JSON.stringify(stdout)}`, () => {
      const names = new CodeNames(code);
      assert.equal(isPrinted({ name: 'x', preview }, names, { stdout, result }), seen);
    });
  }
});
