import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import type { ContextReader } from '../../../src/core/context';
import { loadContext } from '../../../src/core/contextLoading';
import { RlmError } from '../../../src/core/errors';
import { FakeClock } from '../../support/fakeClock';
import { FakeSandbox } from '../../support/fakeSandbox';
import { createSource } from '../../support/sampleTrace';

/** Announces so many bytes and writes one. */
function createReader(announced: number): ContextReader {
  return {
    baseFolder: '/work',
    readContext: async (_given, sink) => {
      await sink.expect(announced);
      await sink.beginSource('a.txt', announced);
      await sink.write(Buffer.from('a'));
      const report = { hash: '', warnings: [], skipped: [], skippedCount: 0 };
      return { kind: 'files', shape: 'string', sources: [createSource('', 0)], ...report };
    },
  };
}

describe('loading a context', () => {
  const load = (usedChars: number, announced: number) =>
    loadContext(
      { text: null, paths: ['a.txt'] },
      {
        sandbox: new FakeSandbox('python', new FakeClock()),
        contexts: createReader(announced),
        variable: 'more',
        usedChars,
      },
      neverAborted,
    );

  it('refuses before it reads what the session as a whole may not hold, and names the limit', async () => {
    await assert.rejects(
      load(300_000_000, 300_000_000),
      (thrown) =>
        thrown instanceof RlmError &&
        thrown.code === 'CONTEXT_TOO_LARGE' &&
        thrown.message.includes('419 MB'),
    );
  });

  it('loads what fits beside the others, and leaves the first load to the reader’s own limit', async () => {
    assert.deepStrictEqual((await load(300_000_000, 100_000_000)).totalChars, 1);
    assert.deepStrictEqual((await load(0, 500_000_000)).totalChars, 1);
  });
});
