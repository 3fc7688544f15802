import assert from 'node:assert/strict';
import { toPosition } from '../../../../src/extension/documents/textPosition';

describe('textPosition', () => {
  it('counts code points for Python and UTF-16 units for JavaScript', () => {
    const text = 'a😀b\nc😀d';
    assert.deepStrictEqual(
      [toPosition(text, 6, 'python'), toPosition(text, 8, 'javascript')],
      [
        { line: 1, character: 3 },
        { line: 1, character: 3 },
      ],
    );
  });

  it('ends lines where the editor does', () => {
    assert.deepStrictEqual(toPosition('a\r\nb\rc\nd', 7, 'javascript'), { line: 3, character: 0 });
  });

  it('stops at the end of the text', () => {
    assert.deepStrictEqual(toPosition('ab', 99, 'python'), { line: 0, character: 2 });
    assert.deepStrictEqual(toPosition('ab', 99, 'javascript'), { line: 0, character: 2 });
  });
});
