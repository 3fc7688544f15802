import assert from 'node:assert/strict';
import { needsMoreLines } from '../../../../src/cli/run/continuation';
import type { Language } from '../../../../src/core/sandbox';

const goesOn: Readonly<Record<Language, readonly string[]>> = {
  python: [
    'if x:',
    'for line in lines:  # each',
    'if x:\n  y',
    'def f(\n  a,\n):',
    'def f():\n  return """\n\n',
    '@cache',
    '@cache\ndef f(): return 1',
    'x = [1,',
    'x = {\n "a": "}",',
    'x = """text',
    "x = '''it's",
    'x = """a\n\nb',
    'x = 1 + \\',
    'f("(", (',
    'x = (  # )',
  ],
  javascript: [
    'function f() {',
    'x = [1,',
    'f(function () {\n  return 1;',
    'x = `text',
    'x = `a\n\nb',
    'x = `a ${b',
    'x = `a ${ { b: "}" }.b',
    '/* note',
    'x = "}" + {',
    'x = /[}]/.test(y) ? [',
  ],
};

const isWhole: Readonly<Record<Language, readonly string[]>> = {
  python: [
    '',
    'x = 1',
    'x = {"a": 1}',
    'x = "a:"',
    'print("(")',
    "x = '#'",
    'x = 1  # if x:',
    'if x:\n  y\n',
    'x = [1,\n',
    'x = """a\n\nb"""',
    'x = "unclosed',
    'x = s[1:]',
    'x = {1: 2}[1]',
    'x = "\\""',
    'x = )',
  ],
  javascript: [
    '',
    'x = 1',
    'x = "{"',
    "x = '`'",
    'x = `a ${ `b ${c}` } d`',
    'x = a / b / c',
    'x = /["({]/.test(y)',
    'return /[/}]{/u',
    'x = (a) / 2',
    '// {',
    '/* { */ x',
    'x = [1,\n',
    'x = "unclosed',
    'x = `\\``',
    'x = }',
  ],
};

for (const language of ['python', 'javascript'] as const) {
  describe(`typed ${language}`, () => {
    for (const code of goesOn[language]) {
      it(`goes on after ${JSON.stringify(code)}`, () => {
        assert.equal(needsMoreLines(code, language), true);
      });
    }

    for (const code of isWhole[language]) {
      it(`is whole at ${JSON.stringify(code)}`, () => {
        assert.equal(needsMoreLines(code, language), false);
      });
    }

    it('is judged quickly when it is long', () => {
      assert.equal(needsMoreLines('x = """' + '\\"(['.repeat(10_000), 'python'), true);
      assert.equal(needsMoreLines('x = /' + '[('.repeat(10_000), 'javascript'), true);
    });
  });
}
