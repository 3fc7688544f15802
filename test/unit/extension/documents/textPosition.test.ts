import assert from 'node:assert/strict';
import { toPosition, toSelection } from '../../../../src/extension/documents/textPosition';

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

  it('takes the range in the first reading that has it in the place’s line', () => {
    const place = { path: null, line: 2, range: { start: 3, end: 5 } };
    const right = 'é\n\u3042bc';
    const misread = 'Ã©\nabc';
    assert.deepStrictEqual(
      [
        toSelection([right, misread], place, 'python'),
        toSelection(['one long line', right], place, 'python'),
        toSelection([right], { ...place, line: null }, 'python'),
      ],
      Array(3).fill({ start: { line: 1, character: 1 }, end: { line: 1, character: 3 } }),
    );
  });

  it('is the start of the place’s line where no reading has the range in it', () => {
    const start = { line: 6, character: 0 };
    const place = { path: null, line: 7, range: { start: 1, end: 2 } };
    assert.deepStrictEqual(toSelection(['abc'], place, 'python'), { start, end: start });
    const noRange = { ...place, range: null };
    assert.deepStrictEqual(toSelection([], noRange, 'javascript'), { start, end: start });
    assert.equal(toSelection(['abc'], { ...noRange, line: null }, 'python'), null);
  });

  it('counts the lines of a place by line feeds, and those of the editor by any line end', () => {
    const place = { path: null, line: 2, range: { start: 4, end: 5 } };
    assert.deepStrictEqual(toSelection(['a\rb\nc'], place, 'python'), {
      start: { line: 2, character: 0 },
      end: { line: 2, character: 1 },
    });
  });
});
