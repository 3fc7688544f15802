import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TraceEvent } from '../../../../src/core/event';
import { TraceIndexer } from '../../../../src/core/search/traceIndexer';
import { arbitraryTrace } from '../../../support/arbitraryTrace';
import { MemoryIndex } from '../../../support/memoryIndex';
import { MemoryTraceStore } from '../../../support/memoryTraceStore';
import { createOpened, createSampleTrace, createStepStarted } from '../../../support/sampleTrace';

const plain = { mask: (text: string) => text };

function dump(index: MemoryIndex): unknown {
  return [...index.sessions]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, { session, entries, standing }]) => ({
      ...{ id, session, entries: [...entries.values()] },
      standing,
    }));
}

async function build(traces: MemoryTraceStore, index = new MemoryIndex()): Promise<MemoryIndex> {
  await new TraceIndexer({ traces, index, masker: plain }).catchUp();
  return index;
}

type Move =
  | { readonly kind: 'grow'; readonly session: number; readonly by: number }
  | { readonly kind: 'delete' | 'cut'; readonly session: number }
  | { readonly kind: 'index'; readonly engine: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('grow' as const), session: fc.nat(3), by: fc.nat(6) }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'cut' as const), session: fc.nat(3) }),
  fc.record({ kind: fc.constant('index' as const), engine: fc.nat(1) }),
);

describe('TraceIndexer', () => {
  it('has after any growth, cut and deletion what an index made at once has', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryTrace, { minLength: 4, maxLength: 4 }),
        fc.array(move, { maxLength: 20 }),
        async (all, moves) => {
          const traces = new MemoryTraceStore();
          const index = new MemoryIndex();
          const engines = [0, 1].map(() => new TraceIndexer({ traces, index, masker: plain }));
          const lengths = [0, 0, 0, 0];
          const put = async (session: number, length: number): Promise<void> => {
            const events = all[session] ?? [];
            lengths[session] = Math.min(length, events.length);
            const id = `session-${session}`;
            await traces.deleteTrace(id);
            if (length > 0) {
              traces.addForeignTrace(id, events.slice(0, length));
            }
          };
          for (const one of moves) {
            if (one.kind === 'index') {
              await engines[one.engine]?.catchUp();
            } else {
              const length = lengths[one.session] ?? 0;
              await put(
                one.session,
                one.kind === 'grow' ? length + one.by : one.kind === 'cut' ? length >> 1 : 0,
              );
            }
          }
          await engines[0]?.catchUp();
          assert.deepStrictEqual(dump(index), dump(await build(traces)));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads and writes what is new alone', async () => {
    const traces = new MemoryTraceStore();
    const events = createSampleTrace();
    traces.addForeignTrace('session-1', events.slice(0, 4));
    const index = await build(traces);
    const before = index.written;
    await build(traces, index);
    assert.deepStrictEqual(index.written, before);
    traces.addForeignTrace('session-1', events.slice(0, 5));
    await build(traces, index);
    assert.deepStrictEqual(index.written, before + 1);
  });

  it('shares a run among calls that come before it begins, and sees what was there when it was called', async () => {
    const traces = new MemoryTraceStore();
    const index = new MemoryIndex();
    const indexer = new TraceIndexer({ traces, index, masker: plain });
    const first = indexer.catchUp();
    assert.deepStrictEqual(indexer.catchUp(), first);
    await Promise.resolve(); // it has begun
    traces.addForeignTrace('session-1', [createOpened()]);
    await indexer.catchUp();
    assert.deepStrictEqual([...index.sessions.keys()], ['session-1']);
    await first;
  });

  it('goes on with the other traces where one cannot be read, and names it', async () => {
    const traces = new MemoryTraceStore();
    traces.addForeignTrace('session-1', [createOpened()]);
    traces.addForeignTrace('session-2', [createOpened()]);
    const readOn = traces.readOn.bind(traces);
    traces.readOn = async (id, position) => {
      if (id === 'session-1') {
        throw new Error('no');
      }
      return readOn(id, position);
    };
    const index = new MemoryIndex();
    const report = await new TraceIndexer({ traces, index, masker: plain }).catchUp();
    assert.deepStrictEqual(
      { failed: report.failed, indexed: [...index.sessions.keys()] },
      { failed: ['session-1'], indexed: ['session-2'] },
    );
  });

  it('masks every text, also of what has begun and is kept for its end', async () => {
    const traces = new MemoryTraceStore();
    const secret = 'sk-test-0123456789abcdef';
    const events: readonly TraceEvent[] = [
      createOpened({ title: secret }),
      createStepStarted({ code: secret }),
    ];
    traces.addForeignTrace('session-1', events);
    const index = new MemoryIndex();
    const masker = { mask: (text: string) => text.replaceAll(secret, '***') };
    await new TraceIndexer({ traces, index, masker }).catchUp();
    assert.ok(!JSON.stringify(dump(index)).includes(secret));
  });
});
