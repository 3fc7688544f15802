import assert from 'node:assert/strict';
import { parseTraceLink, toTraceLink } from '../../../src/extension/traceLink';

describe('traceLink', () => {
  const sessionId = '0198c0de-4d2a-7c1e-9b7f-3a52c6d1e8f0';

  it('reads back what it writes', () => {
    for (const step of [null, 0, 7]) {
      const link = new URL(toTraceLink({ scheme: 'vscode', extensionId: 'a.b', sessionId, step }));
      const uri = { path: link.pathname, query: link.search.slice(1) };
      assert.deepStrictEqual(parseTraceLink(uri), { sessionId, step });
    }
  });

  it('refuses links that name no trace', () => {
    const refused = [
      { path: '/trace/', query: '' },
      { path: '/trace/../../etc', query: '' },
      { path: `/other/${sessionId}`, query: '' },
      { path: `/trace/${sessionId}`, query: 'step=-1' },
      { path: `/trace/${sessionId}`, query: 'step=1e9' },
      { path: `/trace/${sessionId}/more`, query: '' },
    ];
    assert.deepStrictEqual(
      refused.map(parseTraceLink),
      refused.map(() => undefined),
    );
  });
});
