import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toStyledText } from '../../../webview/model/ansi';
import { findSourceLinks } from '../../../webview/model/sourceLinks';
import { toThinkingText } from '../../../webview/model/thinking';
import { diffTexts } from '../../../webview/model/textDiff';
import { tokenize } from '../../../webview/model/tokens';
import { createContext, createSource } from '../../support/sampleTrace';

describe('webview thinking', () => {
  const code = 'x = 1\nprint(x)';

  it('is the reply without the block that became the step', () => {
    const reply = `I look.\n\n\`\`\`python\n${code}\n\`\`\`\n\nThen we see.`;
    assert.equal(toThinkingText(reply, code), 'I look.\n\nThen we see.');
    assert.equal(toThinkingText(`~~~\n${code}\n~~~`, code), '');
  });

  it('is the whole reply where the code does not stand in a block of its own', () => {
    for (const reply of [`I ran ${code}`, 'No code.', `\`\`\`\n${code}\nmore()\n\`\`\``]) {
      assert.equal(toThinkingText(reply, code), reply);
    }
    assert.equal(toThinkingText('```\n\n```', ''), '```\n\n```');
  });

  it('is found behind a line of a million backticks', () => {
    const reply = `${'`'.repeat(1_000_003)}\nwords\n${code}`;
    assert.equal(toThinkingText(reply, code), reply);
  });
});

describe('webview tokens', () => {
  const kinds = (code: string, language: 'python' | 'javascript'): readonly string[] =>
    tokenize(code, language)
      .flat()
      .filter(({ kind }) => kind !== 'plain')
      .map(({ kind, text }) => `${kind} ${text}`);

  it('make up exactly the code they came from, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'\'"`#/\\*\n {}()fr1_aé=', '"""', '${', 'def ') }),
        fc.constantFrom('python' as const, 'javascript' as const),
        (code, language) => {
          const lines = tokenize(code, language).map((line) =>
            line.map(({ text }) => text).join(''),
          );
          assert.equal(lines.join('\n'), code);
        },
      ),
    );
  });

  it('tell the parts of Python apart', () => {
    assert.deepStrictEqual(
      kinds(
        "@cache\ndef f(x): # no \"text\"\n    return f\"{x}\" + '''a\nb''' + 0x1F if x else None",
        'python',
      ),
      [
        'function @cache',
        'keyword def',
        'function f',
        'comment # no "text"',
        'keyword return',
        'string f"{x}"',
        "string '''a",
        "string b'''",
        'number 0x1F',
        'keyword if',
        'keyword else',
        'constant None',
      ],
    );
  });

  it('tell the parts of JavaScript apart, a division from a pattern among them', () => {
    assert.deepStrictEqual(
      kinds('const a = /x[/]y/gu; // z\nconst b = a / 2 / c; new Map(`t${1}`)', 'javascript'),
      [
        'keyword const',
        'string /x[/]y/gu',
        'comment // z',
        'keyword const',
        'number 2',
        'keyword new',
        'type Map',
        'string `t${1}`',
      ],
    );
  });

  it('take a pattern that is not closed to its line’s end', () => {
    assert.deepStrictEqual(kinds('a = /[x\\\nb = /x\\/y', 'javascript'), [
      'string /[x\\',
      'string /x\\/y',
    ]);
  });

  // Each would take hours if a part were read again from each of its characters.
  for (const [what, code] of [
    ['a string that is not closed', `x = "${'\\'.repeat(500_000)}`],
    ['blanks', `x${' '.repeat(1_000_000)}y`],
    ['line ends', `x${'\n'.repeat(500_000)}/`],
    ['patterns that are not closed', `${'=/['.repeat(300_000)}\\`],
    ['patterns with an open class and a line end', `${'=/a['.repeat(250_000)}\n`],
    ['digits that a letter ends', `${'1_'.repeat(500_000)}é`],
    ['quotes of three', `'''"""`.repeat(200_000)],
  ] as const) {
    it(`come of ${what}`, () => {
      assert.ok(tokenize(code, 'python').flat().length > 0);
      assert.ok(tokenize(code, 'javascript').flat().length > 0);
    });
  }
});

describe('webview text diff', () => {
  it('marks the words that differ', () => {
    assert.deepStrictEqual(diffTexts("{'a': 1, 'b': 2}", "{'a': 1, 'b': 30}"), [
      { kind: 'same', text: "{'a': 1, 'b': " },
      { kind: 'removed', text: '2' },
      { kind: 'added', text: '30' },
      { kind: 'same', text: '}' },
    ]);
  });

  it('holds both texts whole', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', ',', '€', '𝒳') });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parts = diffTexts(before, after);
        const without = (kind: string): string =>
          parts.flatMap((part) => (part.kind === kind ? [] : [part.text])).join('');
        assert.deepStrictEqual([without('added'), without('removed')], [before, after]);
      }),
    );
  });
});

describe('webview source links', () => {
  const sources = [createSource('logs/a.log', 10), createSource('logs/b.log', 10)];
  const files = createContext({ kind: 'files', shape: 'mapping', sources, sourceCount: 2 });
  const find = (text: string, contexts = [files]): readonly unknown[] =>
    findSourceLinks(text, contexts).map(({ start, end, place }) => [text.slice(start, end), place]);

  it('lead from a printed Python span to its range', () => {
    const text = "[Span(path='logs/z.log', start=13, end=16, line=2, text='foo')]";
    const place = { path: 'logs/z.log', line: 2, range: { start: 13, end: 16 } };
    assert.deepStrictEqual(find(text), [
      ["Span(path='logs/z.log', start=13, end=16, line=2", place],
    ]);
  });

  it('lead from an inspected JavaScript span to its range', () => {
    const text = `Span {\n  start: 3,\n  end: 6,\n  line: 1,\n  text: 'it\\'s',\n  path: 'logs/a.log',\n  lineText: 'x'\n}`;
    const [link] = findSourceLinks(text, [files]);
    assert.deepStrictEqual(link?.place, {
      path: 'logs/a.log',
      line: 1,
      range: { start: 3, end: 6 },
    });
  });

  it('lead from path:line to a source that is known, and from no other', () => {
    const text = 'logs/a.log:12 foo, logs/c.log:3, 10:30:00, logs/b.log:7.';
    assert.deepStrictEqual(find(text), [
      ['logs/a.log:12', { path: 'logs/a.log', line: 12, range: null }],
      ['logs/b.log:7', { path: 'logs/b.log', line: 7, range: null }],
    ]);
  });

  it('are those of every path:line, wherever it begins', () => {
    const parts = ['logs/a.log', 'a', 'é', ':', '12', '3', '.', ' ', '=', '(', '/', ':7'];
    const known = ['logs/a.log', 'a', '12a', '/a'].map((path) => createSource(path, 10));
    const context = createContext({ kind: 'files', sources: known, sourceCount: known.length });
    const paths = new Set(known.map(({ path }) => path));
    // Says which links there are, and not how to find them in a long text.
    const pathAndLine = /([^\s:'"`()[\]{}<>,;=]+):(\d+)(?!\d|\.\d)/gu;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 30 }), (chosen) => {
        const text = chosen.join('');
        const expected = [...text.matchAll(pathAndLine)]
          .filter(([, path = '']) => paths.has(path))
          .map(({ index, 0: { length } }) => [index, index + length]);
        const found = findSourceLinks(text, [context]).map(({ start, end }) => [start, end]);
        assert.deepStrictEqual(found, expected);
      }),
    );
  });

  it('lead to a path with a drive letter', () => {
    const known = ['C:/logs/a.log', '/b.log'].map((path) => createSource(path, 10));
    const context = createContext({ kind: 'files', sources: known, sourceCount: 2 });
    const text = 'C:/logs/a.log:12, D:/logs/a.log:3, e:/b.log:4';
    assert.deepStrictEqual(find(text, [context]), [
      ['C:/logs/a.log:12', { path: 'C:/logs/a.log', line: 12, range: null }],
      ['/b.log:4', { path: '/b.log', line: 4, range: null }],
    ]);
  });

  it('are found in a text of many characters without a break', () => {
    const text = `${'字'.repeat(2_000_000)} logs/a.log:12`;
    assert.deepStrictEqual(
      findSourceLinks(text, [files]).map(({ place }) => place),
      [{ path: 'logs/a.log', line: 12, range: null }],
    );
  });

  const single = createContext({
    ...{ kind: 'files', sources: sources.slice(0, 1), totalChars: 5_000, totalLines: 100 },
  });
  const listed: readonly (readonly [string, string, readonly string[]])[] = [
    ['a list of matches', '3:80: …ab…\n70:4000: x\n(the first 2 of 9)', ['3:80', '70:4000']],
    ['one match', '12:800: x', ['12:800']],
    ['matches of one line', '1:70: x\n1:90: x', ['1:70', '1:90']],
    ['passages by their rank', '70:4000: (3.20) b\n3:80: (1.10) a', ['70:4000', '3:80']],
    ['chunks', '1:0-60: …\n2:60-5000: …', ['1:0-60', '2:60-5000']],
    ['a number before the list', '286\n3:80: x', ['3:80']],
    ['times of day', '10:30: tea\n23:59: sleep', []],
    ['times with seconds', '10:30:15 tea', []],
    ['numbers beyond the text', '3:80: x\n101:4000: y', []],
    ['characters beyond the text', '3:5001: x', []],
    ['more lines than characters', '70:68: x\n71:900: y', []],
    ['lines that go down as the characters go up', '9:80: x\n3:900: y', []],
    ['what stands within a line', 'at 3:80: x', []],
    ['a leading zero', '03:80: x', []],
    ['no text behind', '3:80', []],
  ];
  for (const [what, text, expected] of listed) {
    it(`${expected.length > 0 ? 'are found in' : 'are none in'} ${what} of one file`, () => {
      assert.deepStrictEqual(
        findSourceLinks(text, [single]).map(({ start, end }) => text.slice(start, end)),
        expected,
      );
      assert.deepStrictEqual(findSourceLinks(text, [files]), []);
    });
  }

  it('of a list lead to the character in its line', () => {
    assert.deepStrictEqual(
      findSourceLinks('3:80: x\n4:90-99: y', [single]).map(({ place }) => place),
      [
        { path: null, line: 3, range: { start: 80, end: 80 } },
        { path: null, line: 4, range: { start: 90, end: 99 } },
      ],
    );
  });

  it('of spans without a path are certain only with one file', () => {
    const text = 'Span(start=1, end=4, line=1, text="a")';
    const one = createContext({ kind: 'files', sources: sources.slice(0, 1) });
    assert.deepStrictEqual(find(text), []);
    assert.deepStrictEqual(find(text, [createContext()]), []);
    assert.deepStrictEqual(find(text, [one]), [
      ['Span(start=1, end=4, line=1', { path: null, line: 1, range: { start: 1, end: 4 } }],
    ]);
  });
});

describe('webview terminal colours', () => {
  it('become styles, and leave the text', () => {
    assert.deepStrictEqual(
      toStyledText('a\u001b[32mgreen\u001b[0m\u001b[1;91mred\u001b[39m b\u001b[2J'),
      [
        { style: null, text: 'a' },
        { style: '2', text: 'green' },
        { style: '9', text: 'red' },
        { style: null, text: ' b\u001b[2J' },
      ],
    );
  });
});
