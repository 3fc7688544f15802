import assert from 'node:assert/strict';

import { toCodeBlock, toInlineCode, toTable } from '../../../src/mcp/markdownText';

describe('markdownText', () => {
  it('fences a text with more backticks than it holds', () => {
    assert.deepStrictEqual(toCodeBlock('a ```` b', 'json'), '`````json\na ```` b\n`````');
    assert.deepStrictEqual(toCodeBlock('plain\n'), '```\nplain\n```');
  });

  it('keeps inline code on one line and closed', () => {
    assert.deepStrictEqual(toInlineCode('a\nb'), '`a b`');
    assert.deepStrictEqual(toInlineCode('`x`'), '`` `x` ``');
  });

  it('keeps a table’s cells apart', () => {
    assert.deepStrictEqual(toTable(['h'], [['a|b\nc']]), '| h |\n| --- |\n| a\\|b c |');
  });
});
