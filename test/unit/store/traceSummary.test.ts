import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';

import type { TraceEvent } from '../../../src/core/event';
import type { Summary } from '../../../src/core/summary';
import { encodeEvent } from '../../../src/store/traceCodec';
import { readTraceSummary, type ContextScope } from '../../../src/store/traceSummary';
import { arbitraryTrace } from '../../support/arbitraryTrace';
import {
  createContext,
  createContextLoaded,
  createFinalized,
  createModelAnswered,
  createOpened,
  createStepFinished,
  createStepStarted,
  foldEvents,
} from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

describe('traceSummary', () => {
  const temp = useTempFolder();
  const sessionId = 'session-of-the-folder';

  async function readBytes(
    bytes: Buffer,
    scope: ContextScope = 'all',
  ): Promise<Summary | undefined> {
    const path = join(temp(), 'trace.jsonl');
    await writeFile(path, bytes);
    const file = await open(path, 'r');
    try {
      return await readTraceSummary(file, { sessionId, size: bytes.length, scope });
    } finally {
      await file.close();
    }
  }

  function encodeAll(events: readonly TraceEvent[]): Buffer {
    return Buffer.concat(events.map(encodeEvent));
  }

  it('equals the fold of the whole trace', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrace, async (events) => {
        assert.deepStrictEqual(await readBytes(encodeAll(events)), foldEvents(events));
      }),
      { numRuns: 200 },
    );
  });

  it('equals that fold without the torn last line', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrace, fc.nat(), async (events, seed) => {
        const bytes = encodeAll(events);
        const prefix = bytes.subarray(0, seed % (bytes.length + 1));
        const whole = prefix.toString('latin1').split('\n').length - 1;
        assert.deepStrictEqual(await readBytes(prefix), foldEvents(events.slice(0, whole)));
      }),
      { numRuns: 100 },
    );
  });

  it('finds contexts added anywhere in a long trace', async () => {
    const events: TraceEvent[] = [createOpened(), createContextLoaded()];
    for (let step = 1; step <= 600; step += 1) {
      const text = `\n{"kind":"context.loaded" ${'x'.repeat(2_000 + step)}`;
      events.push(createStepStarted({ step, code: text }), createStepFinished({ step }));
      if (step % 150 === 0) {
        const context = createContext({ variable: `context_${step}` });
        events.push(createContextLoaded({ step, context }));
      }
    }
    assert.deepStrictEqual(await readBytes(encodeAll(events)), foldEvents(events));
  });

  it('leaves out only contexts when it reads just both ends', async () => {
    const events: TraceEvent[] = [createOpened()];
    for (let step = 1; step <= 3; step += 1) {
      events.push(createStepStarted({ step }), createStepFinished({ step }));
      events.push(createContextLoaded({ step }));
    }
    events.push(createStepStarted({ step: 4 }), createModelAnswered({ step: 4 }));
    const fold = foldEvents(events);
    assert.ok(fold);
    assert.deepStrictEqual(await readBytes(encodeAll(events), 'head-and-tail'), {
      ...fold,
      contexts: [],
    });
  });

  it('is undefined for a trace that holds no event', async () => {
    assert.equal(await readBytes(Buffer.alloc(0)), undefined);
    assert.equal(await readBytes(Buffer.from('noise\n')), undefined);
  });

  it('shows the rest of a trace whose first line is damaged, as that of the folder’s session', async () => {
    const events = [
      createContextLoaded(),
      createStepStarted({ step: 1 }),
      createStepFinished({ step: 1 }),
      createFinalized({ step: 1, answer: '42' }),
    ];
    const bytes = Buffer.concat([Buffer.from('damaged\n'), encodeAll(events)]);
    const rest = foldEvents([createOpened(), ...events]);
    const read = await readBytes(bytes);
    const { sessionId: id, title = '', engineId } = read ?? {};
    assert.deepStrictEqual([id, /^Damaged trace/u.test(title), engineId], [sessionId, true, '']);
    assert.deepStrictEqual(
      [read?.status, read?.usage, read?.contexts, read?.finalAnswer],
      [rest?.status, rest?.usage, rest?.contexts, '42'],
    );
  });
});
