import assert from 'node:assert/strict';
import type { Outcome, VariableChange } from '../../../src/core/sandbox';
import { Trace } from '../../../webview/model/trace';
import { compareVariables, readHistory, readVariables } from '../../../webview/model/variables';
import {
  createContextLoaded,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
} from '../../support/sampleTrace';

function toChange(change: VariableChange['change'], name: string, preview: string): VariableChange {
  return { change, name, type: 'int', size: null, preview, hash: null };
}

function createTrace(...outcomes: readonly Partial<Outcome>[]): Trace {
  const trace = new Trace();
  trace.append([createOpened(), createContextLoaded()]);
  for (const [index, outcome] of outcomes.entries()) {
    const step = index + 1;
    trace.append([
      createStepStarted({ step }),
      createStepFinished({ step, outcome: createOutcome(outcome) }),
    ]);
  }
  return trace;
}

const lived = createTrace(
  { changes: [toChange('added', 'a', '1'), toChange('added', 'b', '2')] },
  { changes: [toChange('changed', 'a', '10')] },
  { changes: [toChange('removed', 'b', '')] },
  { stateLost: true },
);

describe('webview variables', () => {
  it('are what the changes up to a step have made them', () => {
    const read = (throughStep: number | null): object =>
      Object.fromEntries(
        [...readVariables(lived.entries, throughStep).values()].map(({ name, preview }) => [
          name,
          preview,
        ]),
      );
    const context = 'Hello world!';
    assert.deepStrictEqual(
      [read(0), read(1), read(2), read(3), read(null)],
      [
        { context },
        { context, a: '1', b: '2' },
        { context, a: '10', b: '2' },
        { context, a: '10' },
        { context },
      ],
    );
  });

  it('are compared with what they were before a step', () => {
    const [, , third] = lived.steps;
    assert.ok(third);
    const [comparison, ...rest] = compareVariables(lived.entries, third);
    assert.deepStrictEqual(rest, []);
    assert.deepStrictEqual(
      [comparison?.name, comparison?.change, comparison?.before?.preview, comparison?.after],
      ['b', 'removed', '2', null],
    );
  });

  it('have a history that tells when they were lost', () => {
    assert.deepStrictEqual(
      readHistory(lived.entries, 'a').map(({ step, change, state }) => [
        step,
        change,
        state?.preview ?? null,
      ]),
      [
        [1, 'added', '1'],
        [2, 'changed', '10'],
        [4, 'lost', null],
      ],
    );
  });

  it('with names of the language’s own objects are variables like any other', () => {
    const trace = createTrace({ changes: [toChange('added', '__proto__', 'x')] });
    assert.equal(readVariables(trace.entries, null).get('__proto__')?.preview, 'x');
  });
});
