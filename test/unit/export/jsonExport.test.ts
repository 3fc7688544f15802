import assert from 'node:assert/strict';

import { toJsonExport } from '../../../src/export/jsonExport';
import { joinPieces, toExported } from '../../support/exportedTraces';
import { createOpened, createSampleTrace, createStepStarted } from '../../support/sampleTrace';

describe('toJsonExport', () => {
  it('gives the session and its events with the names of the wire and ISO times', async () => {
    const events = [createOpened(), createStepStarted({ code: 'snakeCase = "camelCase"' })];
    const parsed = JSON.parse(await joinPieces(toJsonExport(toExported(events)))) as {
      version: number;
      session: Record<string, unknown>;
      events: Record<string, unknown>[];
    };
    assert.equal(parsed.version, 1);
    assert.equal(parsed.session['created_at'], '2026-07-27T09:30:00.000Z');
    assert.equal(parsed.session['parent_session_id'], null);
    assert.deepStrictEqual(parsed.events[1], {
      kind: 'step.started',
      at: '2026-07-27T09:30:00.000Z',
      step: 1,
      status: 'active',
      usage: { steps: 0, runtime_ms: 0, budget_used: 0, llm_calls: 0, llm_tokens: 0 },
      code: 'snakeCase = "camelCase"',
    });
  });

  it('leaves out no event', async () => {
    const events = createSampleTrace();
    const parsed = JSON.parse(await joinPieces(toJsonExport(toExported(events)))) as {
      events: unknown[];
    };
    assert.equal(parsed.events.length, events.length);
  });
});
