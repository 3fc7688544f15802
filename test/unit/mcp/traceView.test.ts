import assert from 'node:assert/strict';

import { toCutMark } from '../../../src/base/text';

import { createLimits } from '../../../src/core/limits';
import { toTraceEventView } from '../../../src/mcp/traceView';
import {
  createFinalized,
  createModelAnswered,
  createOutcome,
  createSampleTrace,
  createStepFinished,
  createStopped,
} from '../../support/sampleTrace';

const limits = createLimits();

describe('traceView', () => {
  it('projects every event of a session', () => {
    const views = createSampleTrace().map((event) => toTraceEventView(event, limits, 8_000));
    assert.deepStrictEqual(
      new Set(views.map(({ action }) => action)),
      new Set([
        'session.opened',
        'context.loaded',
        'step.started',
        'model.answered',
        'step.finished',
        'session.finalized',
        'session.closed',
      ]),
    );
    assert.ok(views.every(({ ts }) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/u.test(ts)));
    assert.ok(views.every(({ summary }) => summary !== '' && summary.length <= 160));
  });

  it('tells errors and stops from what went well', () => {
    const error = { type: 'ValueError', message: 'no', line: 1, traceback: '' };
    const statuses = [
      createStepFinished(),
      createStepFinished({ outcome: createOutcome({ error }) }),
      createStepFinished({ outcome: createOutcome({ interruption: 'cancelled' }) }),
      createStepFinished({ outcome: createOutcome({ error }), stop: 'max_steps' }),
      createModelAnswered({ answer: null, error: 'MODEL_UNAVAILABLE: none' }),
      createStopped({ cause: 'timeout' }),
      createFinalized(),
      createFinalized({ finishReason: 'budget_exceeded' }),
    ].map((event) => toTraceEventView(event, limits, 8_000).result_status);
    assert.deepStrictEqual(statuses, [
      'ok',
      'error',
      'error',
      'stopped',
      'error',
      'stopped',
      'ok',
      'stopped',
    ]);
  });

  it('marks what it cuts in detail, with the total', () => {
    const outcome = createOutcome({ stdout: 'x'.repeat(50_000) });
    const { detail } = toTraceEventView(createStepFinished({ outcome }), limits, 8_000);
    const text = String(detail['stdout']);
    const shown = text.indexOf('\n');
    assert.equal(text.slice(shown), toCutMark(50_000 - shown));
    assert.ok(shown > 5_000 && shown < 8_000);
    assert.deepStrictEqual(
      [detail['truncated'], detail['cut']],
      [true, [{ field: 'stdout', shown, total: 50_000 }]],
    );
  });

  it('shows usage and what the limits leave', () => {
    const usage = { steps: 3, runtimeMs: 10.4, budgetUsed: 7, llmCalls: 0, llmTokens: 0 };
    const view = toTraceEventView(createStepFinished({ usage }), limits, 8_000);
    assert.deepStrictEqual(view.guardrail_snapshot, {
      steps: 3,
      runtime_ms: 10,
      budget_used: 7,
      llm_calls: 0,
      llm_tokens: 0,
      remaining: {
        steps: 61,
        runtime_ms: 119_990,
        budget: 99_993,
        llm_calls: 200,
        llm_tokens: 2_000_000,
      },
    });
  });
});
