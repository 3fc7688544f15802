import assert from 'node:assert/strict';
import { countByStatus } from '../../../src/core/sessionCounts';
import { createSummary } from '../../../src/core/summary';
import { createSampleTrace } from '../../support/sampleTrace';

describe('the sessions of a home by status', () => {
  it('are counted over all pages, each once, with a zero for what there is none of', async () => {
    const [opened] = createSampleTrace();
    assert.ok(opened?.kind === 'session.opened');
    const summary = createSummary(opened);
    const pages = [
      { summaries: [summary, { ...summary, status: 'stopped' as const }], nextCursor: 'more' },
      { summaries: [summary], nextCursor: null },
    ];
    const cursors: (string | null)[] = [];
    const counts = await countByStatus({
      listSummaries: async ({ cursor }) => {
        cursors.push(cursor);
        return pages[cursors.length - 1] ?? { summaries: [], nextCursor: null };
      },
    });
    assert.deepStrictEqual(cursors, [null, 'more']);
    assert.deepStrictEqual(counts, {
      active: 2,
      stopped: 1,
      finalized: 0,
      closed: 0,
      interrupted: 0,
      queued: 0,
      preparing: 0,
      running: 0,
      awaiting_approval: 0,
      completed: 0,
      failed: 0,
      terminated: 0,
    });
  });
});
