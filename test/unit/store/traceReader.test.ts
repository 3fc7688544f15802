import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';

import type { TraceEvent } from '../../../src/core/event';
import type { EventPage, EventQuery } from '../../../src/core/traceStore';
import { encodeEvent } from '../../../src/store/traceCodec';
import { readEventPage } from '../../../src/store/traceReader';
import { arbitraryTrace } from '../../support/arbitraryTrace';
import {
  createOpened,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
} from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

const everything: EventQuery = { fromStep: null, toStep: null, cursor: null, limit: 1_000_000 };

describe('traceReader', () => {
  const temp = useTempFolder();

  async function readBytes(bytes: Buffer, query: Partial<EventQuery> = {}): Promise<EventPage> {
    const path = join(temp(), 'trace.jsonl');
    await writeFile(path, bytes);
    const file = await open(path, 'r');
    try {
      return await readEventPage(file, { ...everything, ...query });
    } finally {
      await file.close();
    }
  }

  function encodeAll(events: readonly TraceEvent[]): Buffer {
    return Buffer.concat(events.map(encodeEvent));
  }

  it('pages through every event once and in order, at any page size', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrace, fc.integer({ min: 1, max: 7 }), async (events, limit) => {
        const read: TraceEvent[] = [];
        let cursor: string | null = null;
        do {
          const page: EventPage = await readBytes(encodeAll(events), { cursor, limit });
          read.push(...page.events);
          cursor = page.nextCursor;
        } while (cursor !== null);
        assert.deepStrictEqual(read, events);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the events of a range of steps', async () => {
    const events = createSampleTrace();
    const page = await readBytes(encodeAll(events), { fromStep: 3, toStep: 5 });
    assert.deepStrictEqual(
      page.events,
      events.filter((event) => event.step >= 3 && event.step <= 5),
    );
    assert.equal(page.nextCursor, null);
  });

  it('finds a step among lines of any length', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.nat({ max: 13 }), async (codeLengths, fromStep) => {
        const events = codeLengths.flatMap((length, index) => [
          createStepStarted({ step: index + 1, code: 'x'.repeat(length) }),
          createStepFinished({ step: index + 1 }),
        ]);
        const page = await readBytes(encodeAll(events), { fromStep });
        assert.deepStrictEqual(
          page.events.map((event) => event.step),
          events.map((event) => event.step).filter((step) => step >= fromStep),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('reads any prefix of a trace as the whole lines in it', async () => {
    const events = createSampleTrace();
    const bytes = encodeAll(events);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length }), async (length) => {
        const prefix = bytes.subarray(0, length);
        const whole = prefix.toString('latin1').split('\n').length - 1;
        assert.deepStrictEqual(await readBytes(prefix), {
          events: events.slice(0, whole),
          nextCursor: null,
          unreadable: [],
        });
      }),
    );
  });

  it('loses to a flipped bit only the lines it touches, from any step on', async () => {
    const events: TraceEvent[] = [createOpened()];
    for (let step = 1; step <= 60; step += 1) {
      events.push(
        createStepStarted({ step, code: 'y'.repeat(4_000) }),
        createStepFinished({ step }),
      );
    }
    const bytes = encodeAll(events);
    const starts = events.map((_, index) => encodeAll(events.slice(0, index)).length);
    const positions = fc.oneof(
      fc.nat({ max: bytes.length - 1 }),
      fc.constantFrom(...starts.slice(1).map((start) => start - 1)),
    );
    await fc.assert(
      fc.asyncProperty(
        positions,
        fc.nat({ max: 7 }),
        fc.nat({ max: 60 }),
        async (at, bit, from) => {
          const flipped = Buffer.from(bytes);
          flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
          const hit = starts.filter((start) => start <= at).length - 1;
          const lost = at + 1 === starts[hit + 1] ? [hit, hit + 1] : [hit];
          const page = await readBytes(flipped, { fromStep: from });
          assert.deepStrictEqual(
            page.events,
            events.filter((event, index) => !lost.includes(index) && event.step >= from),
          );
        },
      ),
    );
  });

  it('counts lines it cannot read and goes on behind them', async () => {
    const [opened, step] = [createOpened(), createStepStarted()];
    const bytes = Buffer.concat([
      encodeEvent(opened),
      Buffer.from('not an event\n\n'),
      Buffer.alloc(5_000_000, 'z'),
      Buffer.from('\n'),
      encodeEvent(step),
    ]);
    assert.deepStrictEqual(await readBytes(bytes), {
      events: [opened, step],
      nextCursor: null,
      unreadable: [{ lines: 2, afterStep: 0, beforeStep: 1, index: 1 }],
    });
  });

  it('survives a file of nothing but noise', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5_000 }),
        fc.nat({ max: 9 }),
        async (noise, from) => {
          const page = await readBytes(Buffer.from(noise), { fromStep: from });
          assert.deepStrictEqual(page.events, []);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('ends a page early rather than hold too much text at once', async () => {
    const events = [1, 2, 3, 4, 5, 6].map((step) =>
      createStepStarted({ step, code: 'x'.repeat(3_900_000) }),
    );
    const page = await readBytes(encodeAll(events), { limit: 100 });
    assert.equal(page.events.length, 1);
    assert.notEqual(page.nextCursor, null);
  });

  it('refuses a cursor that it did not give out', async () => {
    const bytes = encodeAll(createSampleTrace());
    for (const cursor of ['', '-1', '1', '12abc', 'NaN', '999999999', '9'.repeat(40), '1e3']) {
      await assert.rejects(readBytes(bytes, { cursor }), { code: 'INVALID_INPUT' });
    }
  });

  it('gives an empty page at the end of the trace', async () => {
    const bytes = encodeAll([createOpened()]);
    const page = await readBytes(bytes, { cursor: String(bytes.length) });
    assert.deepStrictEqual(page, { events: [], nextCursor: null, unreadable: [] });
  });
});
