import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import ignore from 'ignore';
import { matchesPattern, parseIgnorePattern } from '../../../src/base/ignorePattern';

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

/** Whether a rule, alone in its file, matches a file or, unless it takes back, a folder above it. */
function leavesOut(line: string, given: string): boolean {
  const rule = parseIgnorePattern(line, false);
  if (rule === null) {
    return false;
  }
  const names = given.split('/');
  const isAbove = names
    .slice(0, -1)
    .some((_name, at) => !rule.isNegative && matchesPattern(rule, names.slice(0, at + 1)));
  return isAbove || (!rule.onlyFolders && matchesPattern(rule, names));
}

const seed = 20_261_129;
const classes = ['alnum', 'alpha', 'blank', 'cntrl', 'digit', 'graph', 'lower', 'print'];
classes.push('punct', 'space', 'upper', 'xdigit', 'none', '');
const plain = [
  'a',
  'b',
  'A',
  '1',
  '.',
  '-',
  '!',
  '^',
  '#',
  ']',
  ' ',
  '\t',
  'é',
  ',',
  ':',
  '\x01',
  '\\',
];
const member = fc.oneof(
  fc.constantFrom(...plain, 'a-c', '0-9', 'c-a', '\\]', '\\\\', '[', '[:', '/'),
  fc.constantFrom(...classes).map((name) => `[:${name}:]`),
);
const classText = fc
  .tuple(fc.constantFrom('', '!', '^'), fc.array(member, { minLength: 1, maxLength: 3 }))
  .map(([sign, members]) => `[${sign}${members.join('')}]`);
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...plain) },
  { weight: 3, arbitrary: fc.constantFrom('*', '?', '\\*', '\\!', '\\ ', '[') },
  { weight: 2, arbitrary: classText },
);
// Two stars beside other characters are as one star; git 2.39 compares pointers of two texts there, and errs.
const part = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('**', '***') },
  {
    weight: 4,
    arbitrary: fc
      .array(piece, { minLength: 1, maxLength: 3 })
      .map((all) => all.join('').replace(/\*+/gu, '*')),
  },
);
const ruleText = fc
  .tuple(
    fc.constantFrom('', '', '', '!', '/', '#'),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '', '/', ' ', '  '),
  )
  .map(([start, parts, end]) => `${start}${parts.join('/')}${end}`);
const nameText = fc
  .array(fc.constantFrom(...plain, 'c', '*', '['), { minLength: 1, maxLength: 3 })
  .map((all) => all.join(''))
  .filter((name) => !/^\.+$/u.test(name));
/** Names that the parts of a rule are likely to match, too. */
const ruleAndPaths = ruleText.chain((rule) => {
  const likely = rule
    .split('/')
    .map((one) =>
      one
        .replace(/\*+/gu, 'a')
        .replace(/\[.*\]|\?/gu, 'a')
        .replace(/[\\ ]/gu, ''),
    )
    .filter((one) => one !== '' && !/^\.+$/u.test(one));
  const name = likely.length > 0 ? fc.oneof(nameText, fc.constantFrom(...likely)) : nameText;
  const paths = fc.array(fc.array(name, { minLength: 1, maxLength: 3 }), {
    minLength: 8,
    maxLength: 8,
  });
  return paths.map((all) => ({ rule, paths: all.map((names) => names.join('/')) }));
});

/** What `git check-ignore` says, each rule alone in the .gitignore of a folder of its own. */
async function askGit(
  folder: string,
  rows: readonly { readonly rule: string; readonly paths: readonly string[] }[],
): Promise<readonly (readonly boolean[])[]> {
  spawnSync('git', ['init', '-q', folder]);
  for (const [at, { rule }] of rows.entries()) {
    await mkdir(path.join(folder, `rule-${at}`));
    await writeFile(path.join(folder, `rule-${at}`, '.gitignore'), `${rule}\n`);
  }
  const asked = rows.flatMap(({ paths }, at) => paths.map((one) => `rule-${at}/${one}`));
  const options = [
    '-c',
    'core.ignorecase=false',
    '-c',
    'core.excludesFile=/dev/null',
    'check-ignore',
  ];
  const { stdout, stderr } = spawnSync(
    'git',
    [...options, '--no-index', '-z', '-v', '-n', '--stdin'],
    {
      cwd: folder,
      input: asked.join('\0'),
      maxBuffer: 100_000_000,
    },
  );
  const fields = stdout.toString('utf8').split('\0');
  assert.deepStrictEqual(fields.length, asked.length * 4 + 1, stderr.toString('utf8'));
  let next = 0;
  return rows.map(({ paths }) => paths.map(() => fields[4 * next++] !== ''));
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
    ['a \t ', 'a \t'],
    ['a\\  ', 'a\\ '],
    ['a\\\\  ', 'a\\\\'],
    ['a\\\\\\  ', 'a\\\\\\ '],
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

  it('matches as git does, for rules and paths of all that has a meaning in them', async function () {
    if (spawnSync('git', ['--version']).status !== 0) {
      this.skip();
    }
    const rows = fc.sample(ruleAndPaths, { numRuns: 1_500, seed });
    const folder = await mkdtemp(path.join(tmpdir(), 'rlm-ignore-'));
    try {
      const said = await askGit(folder, rows);
      const own = rows.map(({ rule, paths }) => paths.map((one) => leavesOut(rule, one)));
      const all = rows.flatMap(({ rule, paths }, row) =>
        paths.map((one, at) => ({ rule, path: one, is: own[row]?.[at], git: said[row]?.[at] })),
      );
      assert.ok(all.filter(({ git }) => git).length > all.length / 10);
      assert.deepStrictEqual(
        all.filter(({ is, git }) => is !== git),
        [],
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is matched in steps that grow with the lengths alone', () => {
    const deep = `${'a/**/'.repeat(40)}b`;
    const names = Array.from({ length: 400 }, () => 'a');
    assert.deepStrictEqual(matches(deep, names.join('/')), false);
    assert.deepStrictEqual(matches(`${'*a'.repeat(200)}b`, 'a'.repeat(4_000)), false);
  });
});
