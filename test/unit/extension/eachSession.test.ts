import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import { RlmError } from '../../../src/core/errors';
import { createSummary } from '../../../src/core/summary';
import { readSummaries, removeSessions } from '../../../src/extension/eachSession';
import { createOpened } from '../../support/sampleTrace';

describe('work on each of many sessions', () => {
  const ids = ['session-1', 'session-2', 'session-3'];

  it('removes the others when one cannot be removed, and says which could not', async () => {
    const removed: string[] = [];
    const reported: number[] = [];
    const removal = removeSessions(ids, {
      remove: async (sessionId) => {
        if (sessionId === 'session-2') {
          throw new RlmError('BACKEND_UNAVAILABLE', 'It is locked.', { nextStep: 'Close it.' });
        }
        removed.push(sessionId);
      },
      report: (done) => reported.push(done),
      signal: neverAborted,
    });
    await assert.rejects(removal, {
      code: 'BACKEND_UNAVAILABLE',
      message: '1 of 3 sessions could not be deleted (session-2): It is locked.',
      nextStep: 'Close it.',
    });
    assert.deepStrictEqual(
      [removed, reported],
      [
        ['session-1', 'session-3'],
        [1, 2, 3],
      ],
    );
  });

  it('removes no more once it is cancelled', async () => {
    const controller = new AbortController();
    const removed = await removeSessions(ids, {
      remove: async () => controller.abort(),
      report: () => undefined,
      signal: controller.signal,
    });
    assert.equal(removed, 1);
  });

  it('reads a few at a time, in their order, and leaves out what is gone', async () => {
    const many = Array.from({ length: 50 }, (_, at) => `session-${at}`);
    let reading = 0;
    let most = 0;
    const summaries = await readSummaries(
      many,
      async (sessionId) => {
        most = Math.max(most, (reading += 1));
        await Promise.resolve();
        reading -= 1;
        return sessionId === 'session-7'
          ? undefined
          : createSummary(createOpened({ sessionId, status: 'stopped' }));
      },
      neverAborted,
    );
    assert.equal(most, 16);
    assert.deepStrictEqual(
      summaries.map(({ sessionId }) => sessionId),
      many.filter((id) => id !== 'session-7'),
    );
  });
});
