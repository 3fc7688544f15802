import assert from 'node:assert/strict';
import { toRows } from '../../../webview/model/rows';
import { createMatcher } from '../../../webview/model/search';
import { Trace } from '../../../webview/model/trace';
import { createRunTrace } from '../../support/runTrace';
import {
  createModelAnswered,
  createOpened,
  createOutcome,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
  foldEvents,
} from '../../support/sampleTrace';

function createTrace(events = createSampleTrace()): Trace {
  const trace = new Trace();
  trace.append(events);
  return trace;
}

describe('webview trace', () => {
  it('folds the same summary however the events are cut into pages', () => {
    const events = createSampleTrace();
    const trace = new Trace();
    events.forEach((event) => trace.append([event]));
    assert.deepStrictEqual(trace.summary, foldEvents(events));
    assert.deepStrictEqual(trace.entries, createTrace().entries);
  });

  it('keeps steps and marks in the order of the trace', () => {
    const order = createTrace().entries.map((entry) =>
      entry.kind === 'step' ? entry.step : entry.kind === 'mark' ? entry.event.kind : entry.number,
    );
    const steps = [1, 2, 3, 4, 5, 6, 7, 8];
    const expected = ['context.loaded', ...steps, 'session.finalized', 'session.closed'];
    assert.deepStrictEqual(order, expected);
  });

  it('gives a step what the model said before it, and a run what nothing followed', () => {
    const trace = createTrace(createRunTrace());
    const [step] = trace.steps;
    const [run] = trace.runs;
    assert.deepStrictEqual(
      [step?.thinking.length, step?.calls.length, run?.replies.map(({ answer }) => answer)],
      [1, 1, ['There were 7.']],
    );
    assert.equal(run?.finished?.finishReason, 'max_iterations');
    assert.equal(createTrace(createRunTrace().slice(0, -2)).runs[0]?.finished, null);
  });

  it('replaces a step when something of it is new, and leaves the others as they are', () => {
    const trace = createTrace([createOpened(), createStepStarted(), createStepFinished()]);
    const [first] = trace.steps;
    trace.append([createStepStarted({ step: 2 })]);
    const second = trace.findStep(2);
    trace.append([createModelAnswered({ step: 2 })]);
    assert.equal(trace.steps[0], first);
    assert.notEqual(trace.findStep(2), second);
    assert.equal(trace.findStep(2)?.calls.length, 1);
  });

  it('tells a running step from one that will never finish', () => {
    const events = [createOpened(), createStepStarted()];
    const running = createTrace(events);
    const next = createTrace([...events, createStepStarted({ step: 2 })]);
    const verdicts = [running, next].map((trace) =>
      trace.steps.map((one) => trace.readVerdict(one)),
    );
    assert.deepStrictEqual(verdicts, [['running'], ['unfinished', 'running']]);
  });

  it('shows child sessions where they began', () => {
    const trace = createTrace();
    const summary = foldEvents(createSampleTrace());
    assert.ok(summary);
    const startedAt = trace.findStep(3)?.startedAt ?? 0;
    const child = { ...summary, sessionId: 'child', createdAt: startedAt - 1 };
    const kinds = toRows(trace, [child], null).map(({ kind }) => kind);
    assert.equal(kinds.indexOf('child'), 3); // after the context and two steps
    assert.equal(kinds.length, trace.entries.length + 1);
  });

  it('keeps the steps alone when something is searched', () => {
    const search = { text: 'TLS CONNECTION', scope: 'output', filter: 'all' } as const;
    const rows = toRows(createTrace(), [], createMatcher(search));
    assert.deepStrictEqual(
      rows.map((row) => row.kind === 'step' && row.step),
      [8],
    );
  });
});

describe('webview search', () => {
  const steps = createTrace().steps;
  const find = (search: Partial<Parameters<typeof createMatcher>[0]>): readonly number[] => {
    const matches = createMatcher({ text: '', scope: 'all', filter: 'all', ...search });
    return steps.filter(matches).map(({ step }) => step);
  };

  it('looks only where it was told to', () => {
    const text = 'opening connection';
    assert.deepStrictEqual(
      {
        all: find({ text }),
        code: find({ text, scope: 'code' }),
        output: find({ text, scope: 'output' }),
        prompts: find({ text, scope: 'prompts' }),
        values: find({ text, scope: 'values' }),
      },
      { all: [4, 5, 7, 8], code: [4, 7], output: [5, 8], prompts: [5], values: [] },
    );
  });

  it('takes what is typed as text, not as a pattern', () => {
    assert.deepStrictEqual(find({ text: 'ms=(\\d+)', scope: 'code' }), [2]);
    assert.deepStrictEqual(find({ text: '.*' }), []);
  });

  it('filters by what went wrong, was asked, or changed', () => {
    assert.deepStrictEqual(find({ filter: 'problems' }), [2, 4, 5]);
    assert.deepStrictEqual(find({ filter: 'calls' }), [5]);
    assert.deepStrictEqual(find({ filter: 'changes' }), [1, 2, 3, 5, 7, 8]);
  });

  it('finds a step by its number', () => {
    assert.deepStrictEqual(find({ text: 'step 6' }), [6]);
  });

  it('counts a guardrail stop as a problem', () => {
    const finished = createStepFinished({ outcome: createOutcome(), stop: 'max_steps' });
    const trace = createTrace([createOpened(), createStepStarted(), finished]);
    const matches = createMatcher({ text: '', scope: 'all', filter: 'problems' });
    assert.equal(trace.steps.filter(matches).length, 1);
  });
});
