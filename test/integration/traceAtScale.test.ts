import assert from 'node:assert/strict';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { TraceEvent } from '../../src/core/event';
import type { EventQuery } from '../../src/core/traceStore';
import { encodeEvent } from '../../src/store/traceCodec';
import { readEventPage } from '../../src/store/traceReader';
import { readTraceSummary } from '../../src/store/traceSummary';
import {
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
} from '../support/sampleTrace';
import { useTempFolder } from '../support/tempFolder';

const stepCount = 50_000;
const allEvents: EventQuery = { fromStep: null, toStep: null, cursor: null, limit: 100 };

describe('a trace of 100,000 events', () => {
  const temp = useTempFolder();
  let file: FileHandle;
  let size = 0;
  /** Bytes read from the file so far. */
  let bytesRead = 0;

  beforeEach(async () => {
    const path = join(temp(), 'trace.jsonl');
    await writeFile(path, createLines());
    file = await open(path, 'r');
    size = (await file.stat()).size;
    bytesRead = 0;
    const read = file.read.bind(file) as (...args: unknown[]) => Promise<{ bytesRead: number }>; // one of many overloads
    file.read = (async (...args: unknown[]) => {
      const result = await read(...args);
      bytesRead += result.bytesRead;
      return result;
    }) as typeof file.read; // the same overloads, counted
  });
  afterEach(() => file.close());

  it('gives any page without reading the rest', async () => {
    const middle = await readEventPage(file, { ...allEvents, fromStep: 25_000 });
    assert.deepStrictEqual(toSteps(middle.events), toExpectedSteps(25_000, 100));
    const next = await readEventPage(file, { ...allEvents, cursor: middle.nextCursor });
    assert.deepStrictEqual(toSteps(next.events), toExpectedSteps(25_050, 100));
    const last = await readEventPage(file, { ...allEvents, fromStep: stepCount });
    assert.deepStrictEqual(toSteps(last.events), [stepCount, stepCount]);
    assert.equal(last.nextCursor, null);
    const past = await readEventPage(file, { ...allEvents, fromStep: stepCount + 1 });
    assert.deepStrictEqual(past.events, []);
    assert.ok(bytesRead < size / 10, `${bytesRead} of ${size} bytes`);
  });

  it('gives each event once when paged from end to end', async () => {
    const steps: number[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof readEventPage>> = await readEventPage(file, {
        ...allEvents,
        limit: 10_000,
        cursor,
      });
      steps.push(...toSteps(page.events));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepStrictEqual(steps, [0, ...toExpectedSteps(1, 2 * stepCount)]);
  });

  it('is summed up for a list from its two ends', async () => {
    const summary = await readTraceSummary(file, {
      sessionId: 'session-1',
      size,
      scope: 'head-and-tail',
    });
    assert.equal(summary?.usage.steps, stepCount);
    assert.ok(bytesRead <= 2 * 65_536, `${bytesRead} bytes`);
  });
});

function createLines(): Buffer {
  const lines: Buffer[] = [encodeEvent(createOpened())];
  for (let step = 1; step <= stepCount; step += 1) {
    const usage = { steps: step, runtimeMs: step * 9, budgetUsed: step, llmCalls: 0, llmTokens: 0 };
    const outcome = createOutcome({ stdout: `line ${step}\n`.repeat(20) });
    const code = `print(grep("needle-${step}"))\n`.repeat(8);
    lines.push(encodeEvent(createStepStarted({ step, usage, code })));
    lines.push(encodeEvent(createStepFinished({ step, usage, outcome })));
  }
  return Buffer.concat(lines);
}

function toSteps(events: readonly TraceEvent[]): number[] {
  return events.map((event) => event.step);
}

/** Two events a step, beginning with `from`. */
function toExpectedSteps(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + Math.floor(index / 2));
}
