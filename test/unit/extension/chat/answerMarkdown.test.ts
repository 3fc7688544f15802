import assert from 'node:assert/strict';
import fc from 'fast-check';
import MarkdownIt from 'markdown-it';

import { toFence, toInline, toInlineCode, toTable } from '../../../../src/base/markdown';
import { toAnswerMarkdown } from '../../../../src/extension/chat/answerMarkdown';

const parser = new MarkdownIt({ html: true, linkify: false });
const unwanted = ['heading_open', 'image', 'link_open', 'html_inline', 'html_block'];

/** The kinds of all tokens that a parser makes of it. */
function readKinds(markdown: string): string[] {
  return parser
    .parse(markdown, {})
    .flatMap(({ type, children }) => [type, ...(children ?? []).map((child) => child.type)]);
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'`#![]()<>*_|~\\&-+=:.1 \n\t@"'.split('')),
      fc.constantFrom(
        '\n\n',
        '\n# h\n',
        '\n```\n',
        '\n~~~\n',
        '\n- ',
        '\n> ',
        '\n   ```\n',
        '\n---\n',
        '\n|a|b|\n|-|-|\n|',
        '![i](http://x/y)',
        '[a](command:rlm.x)',
        '\n[a]: http://x\n',
        '<http://a.b>',
        '<img src=x>',
        '\n1. ',
        'a`b',
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('an answer in the chat', () => {
  const shown: readonly (readonly [string, string, string])[] = [
    ['emphasis', '**a** and _b_', '**a** and _b_'],
    ['a list', '- a\n- b', '- a\n- b'],
    ['a code span', 'use `a[0] < b`', 'use `a[0] < b`'],
    ['a fence', '```js\na[0] = "<b>";\n```', '```js\na[0] = "<b>";\n```'],
    ['a table', '| a | b |\n| - | - |\n| 1 | 2 |', '| a | b |\n| - | - |\n| 1 | 2 |'],
    ['an open fence, closed', '```\nx', '```\nx\n```'],
    ['a heading', '# a', '\\# a'],
    ['an image', '![a](http://x/y)', '!\\[a\\](http&#58;//x/y)'],
    ['a command', '[a](command:x)', '\\[a\\](command&#58;x)'],
    ['HTML', '<b>', '&lt;b>'],
    ['an address', 'www.a.b x@y.z', 'www&#46;a.b x&#64;y.z'],
  ];
  for (const [name, answer, expected] of shown) {
    it(`is shown: ${name}`, () => {
      assert.equal(toAnswerMarkdown(answer), expected);
    });
  }

  it('makes no heading, image, link or HTML, whatever it says', () => {
    fc.assert(
      fc.property(hostile, (answer) => {
        const markdown = toAnswerMarkdown(answer);
        const kinds = readKinds(markdown);
        assert.deepStrictEqual(
          kinds.filter((kind) => unwanted.includes(kind)),
          [],
          markdown,
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it('may hold a million of anything', () => {
    for (const part of [
      '`',
      '`a',
      '``a`',
      '\n',
      '\n```\n',
      '[',
      '- ',
      '> ',
      '\\',
      'http:',
      '-',
      '=',
    ]) {
      const text = part.repeat(1_000_000 / part.length);
      assert.equal(typeof toAnswerMarkdown(text), 'string');
    }
  });
});

describe('text in Markdown, as a parser reads it', () => {
  it('is only text in a line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const kinds = new Set(readKinds(`x ${toInline(text)}`).concat(readKinds(toInline(text))));
        for (const kind of [
          'paragraph_open',
          'paragraph_close',
          'inline',
          'text',
          'text_special',
        ]) {
          kinds.delete(kind);
        }
        assert.deepStrictEqual([...kinds], [], toInline(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is one block in a fence, one span as code, one cell in a table', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        assert.deepStrictEqual(readKinds(toFence(text)), ['fence']);
        assert.deepStrictEqual(
          readKinds(`x${toInlineCode(text)}x`).filter((kind) => kind.startsWith('code')),
          ['code_inline'],
        );
        const kinds = readKinds(toTable(['a', 'b'], [[text, text]]).join('\n'));
        assert.equal(kinds.filter((kind) => kind === 'td_open').length, 2);
        assert.deepStrictEqual(
          kinds.filter((kind) => unwanted.includes(kind)),
          [],
        );
      }),
      { numRuns: 2_000 },
    );
  });
});
