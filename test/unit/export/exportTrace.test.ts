import assert from 'node:assert/strict';

import { exportFormats, exportTrace } from '../../../src/export/exportTrace';
import { toSteps, toVerdict } from '../../../src/export/exportedTrace';
import { showControls } from '../../../src/export/visible';
import { toDurationText, toPercent } from '../../../src/export/wording';
import { toExported } from '../../support/exportedTraces';
import { createModelAnswered, createOutcome, createSampleTrace } from '../../support/sampleTrace';

describe('exportTrace', () => {
  it('gives a document in each format', () => {
    const trace = toExported(createSampleTrace());
    const starts = exportFormats.map((format) => exportTrace(format, trace).slice(0, 2));
    assert.deepStrictEqual(starts, ['{\n', '# ', '<!']);
  });
});

describe('toSteps', () => {
  it('puts the events of each step together', () => {
    const steps = toSteps(createSampleTrace());
    assert.deepStrictEqual(
      steps.map((step) => [step.step, toVerdict(step), step.calls.length]),
      [
        [1, 'ok', 0],
        [2, 'error', 0],
        [3, 'ok', 0],
        [4, 'error', 0],
        [5, 'ok', 3],
        [6, 'ok', 0],
        [7, 'ok', 0],
        [8, 'ok', 0],
      ],
    );
  });

  it('keeps sub-model calls that belong to no step', () => {
    const [record] = toSteps([createModelAnswered({ step: 0 })]);
    assert.equal(record?.code, null);
    assert.equal(record?.calls.length, 1);
  });

  it('counts a step that lost its variables as failed', () => {
    const outcome = createOutcome({ stateLost: true });
    const record = { step: 1, code: '', startedAt: 0, outcome, stop: null, calls: [] };
    assert.equal(toVerdict(record), 'error');
  });
});

describe('wording', () => {
  it('writes durations as people do', () => {
    const given = [0, 999, 999.6, 1_200, 59_940, 59_960, 125_000, 3_600_000, 3_840_000];
    assert.deepStrictEqual(given.map(toDurationText), [
      '0 ms',
      '999 ms',
      '1 s',
      '1.2 s',
      '59.9 s',
      '1 min',
      '2 min 5 s',
      '1 h',
      '1 h 4 min',
    ]);
  });

  it('keeps shares between nothing and all', () => {
    assert.deepStrictEqual(
      [toPercent(1, 2), toPercent(3, 2), toPercent(0, 0), toPercent(1, 0), toPercent(-1, 2)],
      [50, 100, 0, 100, 0],
    );
  });
});

describe('showControls', () => {
  it('leaves ordinary text, tabs and line feeds alone', () => {
    const text = 'é 漢字 👩‍👩‍👧 עברית\tx\n';
    assert.equal(showControls(text), text);
    assert.equal(showControls('a\r\nb\rc'), 'a\nb␍c');
  });
});
