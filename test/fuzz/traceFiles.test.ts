// Any bytes as a trace file: cut anywhere, flipped, spliced, shuffled, or never a trace at all. Every way
// to read it answers or fails with an RlmError, and never shows an event that was not written.

import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { RlmError } from '../../src/core/errors';
import type { TraceEvent } from '../../src/core/event';
import { SessionRegistry } from '../../src/core/sessionRegistry';
import { exportFormats, exportTrace } from '../../src/export/exportTrace';
import { joinPieces } from '../support/exportedTraces';
import { createHome } from '../../src/store/home';
import { FileTraceStore } from '../../src/store/fileTraceStore';
import { decodeEvent, encodeEvent } from '../../src/store/traceCodec';
import { arbitraryTrace } from '../support/arbitraryTrace';
import { FakeClock } from '../support/fakeClock';
import { emptyContexts, FakeModel, FakeSandbox } from '../support/fakePorts';
import { fuzz, toFuzzTitle } from '../support/fuzz';
import { sampleSessionId } from '../support/sampleTrace';
import { useTempFolder } from '../support/tempFolder';

const cases = 2_000;
const maxPages = 1_000;
const never = new AbortController().signal;

interface Damaged {
  readonly bytes: Buffer;
  /** Lines that were written: an event that is shown must be one of these. */
  readonly written: ReadonlySet<string>;
}

const damage = fc.oneof(
  fc.record({ kind: fc.constant('none' as const) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('splice' as const), at: fc.nat(), with: fc.uint8Array() }),
  fc.record({ kind: fc.constant('drop' as const), at: fc.nat(), count: fc.nat({ max: 500 }) }),
  fc.record({ kind: fc.constant('shuffle' as const), seed: fc.nat() }),
  fc.record({ kind: fc.constant('twice' as const) }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

const damaged: fc.Arbitrary<Damaged> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(arbitraryTrace, fc.array(damage, { minLength: 1, maxLength: 4 }))
      .map(([events, damages]) => {
        const lines = events.map(encodeEvent);
        return {
          bytes: damages.reduce(inflict, Buffer.concat(lines)),
          written: new Set(lines.map(toText)),
        };
      }),
  },
  fc.uint8Array({ maxLength: 3_000 }).map((bytes) => ({
    bytes: Buffer.from(bytes),
    written: new Set<string>(),
  })),
);

function inflict(bytes: Buffer, made: Damage): Buffer {
  const at = 'at' in made ? made.at % (bytes.length + 1) : 0;
  switch (made.kind) {
    case 'none':
      return bytes;
    case 'cut':
      return bytes.subarray(0, at);
    case 'flip': {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ (1 << made.bit);
      return copy;
    }
    case 'splice':
      return Buffer.concat([bytes.subarray(0, at), made.with, bytes.subarray(at)]);
    case 'drop':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + made.count)]);
    case 'shuffle': {
      const lines = bytes.toString('latin1').split('\n');
      const from = made.seed % lines.length;
      return Buffer.from([...lines.slice(from), ...lines.slice(0, from)].join('\n'), 'latin1');
    }
    case 'twice':
      return Buffer.concat([bytes, bytes]);
  }
}

const query = fc.record({
  fromStep: fc.option(fc.nat({ max: 30 })),
  toStep: fc.option(fc.nat({ max: 30 })),
  limit: fc.integer({ min: 1, max: 50 }),
  cursor: fc.option(fc.oneof(fc.nat({ max: 5_000 }).map(String), fc.string()), { freq: 3 }),
});

describe('fuzzed trace files', function () {
  this.timeout(180_000);
  const folder = useTempFolder();

  it(
    toFuzzTitle(
      'reading, listing, exporting, resuming and forking never fail otherwise than by an RlmError',
      cases,
    ),
    async () => {
      const home = await createHome(path.join(folder(), 'home'));
      const own = path.join(home.sessions, sampleSessionId);
      const counts = { shown: 0, resumed: 0, refused: 0 };
      await fuzz(cases, fc.tuple(damaged, query), async ([{ bytes, written }, asked]) => {
        await rm(home.sessions, { recursive: true, force: true });
        await mkdir(own, { recursive: true });
        await writeFile(path.join(own, 'trace.jsonl'), bytes);
        const traces = new FileTraceStore({
          home,
          engineId: 'engine-fuzzed',
          isEngineAlive: async () => false,
        });
        const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
          try {
            return await work();
          } catch (error) {
            assert.ok(error instanceof RlmError, String(error));
            counts.refused += 1;
            return undefined;
          }
        };
        try {
          const summary = await attempt(() => traces.readSummary(sampleSessionId));
          await attempt(() => traces.listSummaries({ status: null, limit: 5, cursor: null }));
          await attempt(() => traces.readEvents(sampleSessionId, asked));
          await traces.readSize();
          const events = await readAll(traces);
          counts.shown += events.length;
          for (const event of events) {
            assert.ok(written.has(encodeEvent(event).toString('latin1')), 'an event nobody wrote');
          }
          if (summary) {
            for (const format of exportFormats) {
              await joinPieces(exportTrace(format, { summary, events }, 'dist/webview'));
            }
            const registry = createRegistry(traces);
            const resumed = await attempt(() => registry.resume(sampleSessionId, never));
            counts.resumed += resumed ? 1 : 0;
            await attempt(() =>
              registry.fork(
                { sessionId: sampleSessionId, atStep: asked.fromStep, title: '', limits: {} },
                never,
              ),
            );
            await registry.closeAll('the case ended');
            registry.dispose();
          }
        } finally {
          traces.dispose();
        }
      });
      process.stdout.write(`      ${JSON.stringify(counts)}\n`);
      assert.ok(Object.values(counts).every((count) => count > 0));
    },
  );
});

/** As an event of that line is written when it was read, whatever the order of its fields. */
function toText(line: Buffer): string {
  const event = decodeEvent(line.subarray(0, -1));
  assert.ok(event, 'what was written can be read');
  return encodeEvent(event).toString('latin1');
}

function createRegistry(traces: FileTraceStore): SessionRegistry {
  return new SessionRegistry({
    sandboxes: {
      createSandbox: async () => new FakeSandbox(),
      prewarm: () => undefined,
      readStatus: () => Promise.reject(new Error('not asked')),
      dispose: () => undefined,
    },
    traces,
    contexts: emptyContexts,
    model: new FakeModel(),
    clock: new FakeClock(),
    readLoops: () => null,
    engineId: 'engine-fuzzed',
    version: '0.0.0',
  });
}

/** Page by page to the end, which must come. */
async function readAll(traces: FileTraceStore): Promise<readonly TraceEvent[]> {
  const events: TraceEvent[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const read = await traces.readEvents(sampleSessionId, {
      fromStep: null,
      toStep: null,
      limit: 7,
      cursor,
    });
    events.push(...read.events);
    cursor = read.nextCursor;
    if (cursor === null) {
      return events;
    }
  }
  assert.fail('the pages do not end');
}
