import assert from 'node:assert/strict';

import { toCutMark } from '../../../src/base/text';
import type { TraceEvent } from '../../../src/core/event';
import { createLimits } from '../../../src/core/limits';
import { endHeld, foldEvent, type HeldEvent, type TraceEntry } from '../../../src/mcp/traceEntries';
import { type TraceDetail, toTraceEntryView } from '../../../src/mcp/traceView';
import {
  createClosed,
  createFinalized,
  createModelAnswered,
  createOutcome,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
  createStopped,
  sampleSessionId,
} from '../../support/sampleTrace';

const limits = createLimits();
const full = { kind: 'full', maxChars: 8_000, textOffset: 0 } as const;

function toEntries(events: readonly TraceEvent[]): readonly TraceEntry[] {
  const entries: (TraceEntry | null)[] = [];
  let held: HeldEvent = null;
  for (const event of events) {
    const folded = foldEvent(held, event);
    entries.push(folded.ended, folded.own);
    held = folded.held;
  }
  return [...entries, endHeld(held)].filter((entry) => entry !== null);
}

function toViews(
  events: readonly TraceEvent[],
  {
    isRunning = false,
    detail = full,
  }: { readonly isRunning?: boolean; readonly detail?: TraceDetail } = {},
) {
  const options = { sessionId: sampleSessionId, limits, isRunning, detail };
  return toEntries(events).map((entry) => toTraceEntryView(entry, options));
}

describe('traceView', () => {
  it('shows one entry a step, and one for the session and its context', () => {
    const views = toViews(createSampleTrace());
    assert.deepStrictEqual(
      new Set(views.map(({ action }) => action)),
      new Set(['init_context', 'run_repl', 'llm_query', 'finalize', 'close']),
    );
    const steps = views.filter(({ action }) => action === 'run_repl');
    assert.deepStrictEqual(
      steps.map(({ step_index }) => step_index),
      [...new Set(steps.map(({ step_index }) => step_index))],
    );
    assert.ok(steps.every(({ detail }) => typeof detail['code'] === 'string'));
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
    ].flatMap((event) => toViews([event]).map(({ result_status }) => result_status));
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

  it('a step without an end runs, or has none on record', () => {
    const started = createStepStarted({ step: 3 });
    const toStatuses = (events: readonly TraceEvent[], isRunning: boolean) =>
      toViews(events, { isRunning }).map(({ action, result_status }) => [action, result_status]);
    assert.deepStrictEqual(
      [
        toStatuses([started], true),
        toStatuses([started, createModelAnswered({ step: 3 })], true),
        toStatuses([started, createClosed({ step: 3 })], false),
      ],
      [
        [['run_repl', 'running']],
        [
          ['llm_query', 'ok'],
          ['run_repl', 'running'],
        ],
        [
          ['run_repl', 'error'],
          ['close', 'ok'],
        ],
      ],
    );
  });

  it('a summary has the beginnings of texts, and nothing that is empty', () => {
    const outcome = createOutcome({ stdout: 'x'.repeat(50_000) });
    const events = [
      createStepStarted({ step: 1, code: 'y'.repeat(10_000) }),
      createStepFinished({ step: 1, outcome }),
    ];
    const [view] = toViews(events, { detail: { kind: 'summary' } });
    assert.ok(JSON.stringify(view).length < 2_000);
    assert.equal(view?.detail['code'], 'y'.repeat(600) + toCutMark(9_400));
    assert.ok(!Object.values(view?.detail ?? {}).includes(null));
  });

  it('marks what it cuts in detail, with the total', () => {
    const outcome = createOutcome({ stdout: 'x'.repeat(50_000) });
    const [view] = toViews([createStepFinished({ outcome })]);
    const detail = view?.detail ?? {};
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
    const [view] = toViews([createStepFinished({ usage })]);
    assert.deepStrictEqual(view?.guardrail_snapshot, {
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
