// What is told of a context's sources: all of each in the structured result, the plain ones briefly in its text.

import assert from 'node:assert/strict';
import type { ContextInfo } from '../../../src/core/context';
import { toBriefContext, toContextView } from '../../../src/mcp/contextView';

function createContext(count: number): ContextInfo {
  const sources = Array.from({ length: count }, (_, index) => ({
    path: `/data/${index}.txt`,
    chars: 6,
    bytes: 6,
    hash: '0'.repeat(64),
    encoding: 'utf-8',
    encodingFrom: 'guessed' as const,
    replacedChars: 0,
  }));
  return {
    variable: 'context',
    kind: 'files',
    shape: count === 1 ? 'string' : 'mapping',
    totalChars: 6 * count,
    totalLines: count,
    sources,
    sourceCount: count,
    warnings: [],
    skipped: [],
    skippedCount: 0,
    preview: '',
    hash: '',
  };
}

describe('the sources of a context', () => {
  for (const count of [1, 2, 10, 11, 12, 50, 51, 400]) {
    it(`tell how each was decoded in the structured result, of ${count}`, () => {
      const view = toContextView(createContext(count));
      assert.equal(view.sources?.length, Math.min(count, 50));
      for (const { encoding, encoding_from: from, replaced_chars: replaced } of view.sources ??
        []) {
        assert.deepStrictEqual([encoding, from, replaced], ['utf-8', 'guessed', 0]);
      }
      assert.ok(
        toBriefContext(view).sources?.every(({ encoding }) => encoding === undefined) ?? true,
      );
    });
  }
});
