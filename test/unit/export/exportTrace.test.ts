import assert from 'node:assert/strict';
import fc from 'fast-check';

import { toWellFormedJson } from '../../../src/base/wellFormed';
import type { UnreadableLines } from '../../../src/core/unreadableLines';
import type { TraceEvent } from '../../../src/core/event';
import type { Outcome } from '../../../src/core/sandbox';
import { exportFormats, exportTrace } from '../../../src/export/exportTrace';
import { type StepRecord, StepReader, toVerdict } from '../../../src/export/exportedTrace';
import { showControls } from '../../../src/base/visible';
import { toDurationText, toPercent } from '../../../src/export/wording';
import { arbitraryTrace } from '../../support/arbitraryTrace';
import { createTraceOf, joinPieces, toExported } from '../../support/exportedTraces';
import {
  createModelAnswered,
  createOpened,
  createOutcome,
  createSampleTrace,
  createStepStarted,
} from '../../support/sampleTrace';

const viewerFolder = 'dist/webview';

function createRecord(outcome: Outcome): StepRecord {
  return { step: 1, code: '', startedAt: 0, outcome, stop: null, calls: [], thinking: [] };
}

describe('exportTrace', () => {
  it('gives a document in each format, which ends with a line', async () => {
    const trace = toExported(createSampleTrace());
    const texts = await Promise.all(
      exportFormats.map((format) => joinPieces(exportTrace(format, trace, viewerFolder))),
    );
    const edges = texts.map((text) => [text.slice(0, 2), text.at(-1)]);
    assert.deepStrictEqual(edges, [
      ['{\n', '\n'],
      ['# ', '\n'],
      ['<!', '\n'],
    ]);
  });

  it('says whose session it is only when it is asked to', async () => {
    const { summary, events } = createTraceOf('a text');
    const user = 'user-name-5512';
    const trace = { summary, events: [...events].map((event) => ({ ...event, user })) };
    for (const format of exportFormats) {
      const text = await joinPieces(exportTrace(format, trace, viewerFolder));
      assert.equal(text.includes(user), false, format);
    }
    const shown = exportTrace('json', { ...trace, showsUser: true }, viewerFolder);
    assert.ok((await joinPieces(shown)).includes(`"user": "${user}"`));
  });

  it('hands out a long trace before it has read all of it', async () => {
    const { summary, events } = createTraceOf('x'.repeat(100_000));
    let asked = 0;
    function* readEvents(): Generator<TraceEvent> {
      for (const event of events) {
        asked += 1;
        yield event;
      }
    }
    for (const format of exportFormats) {
      asked = 0;
      const pieces = exportTrace(format, { summary, events: readEvents() }, viewerFolder);
      await pieces.next();
      await pieces.return(undefined);
      assert.ok(asked < 7, `${format}: ${asked}`);
    }
  });

  it('is Unicode in every format, down to the JSON inside, whatever the trace holds', async () => {
    const property = fc.asyncProperty(arbitraryTrace, async (events) => {
      for (const format of exportFormats) {
        const pieces: string[] = [];
        for await (const piece of exportTrace(format, toExported(events), viewerFolder)) {
          pieces.push(piece);
        }
        const text = Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString();
        assert.equal(text, pieces.join(''), format);
        const jsons =
          format === 'json'
            ? [text]
            : [...text.matchAll(/<script type="application\/json"[^>]*>([^]*?)<\/script>/gu)].map(
                ([, json = '']) => json,
              );
        jsons.forEach((json) => assert.equal(toWellFormedJson(JSON.parse(json)).replaced, 0));
      }
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('says how many lines of the trace could not be read and where, and nothing where all could', async () => {
    const trace = toExported([createOpened()]);
    const gaps = [
      { lines: 1_230, afterStep: null, beforeStep: 0 },
      { lines: 3, afterStep: 4, beforeStep: 5 },
      { lines: 1, afterStep: 9, beforeStep: null },
    ];
    const shown = {
      json: '"unreadable_lines": 1234,\n  "unreadable": [\n    {\n      "lines": 1230,\n      "after_step": null',
      markdown:
        '1,234 lines of this trace could not be read (1,230 before the first step, 3 between step 4 and step 5, 1 after step 9), so',
      html: '{"unreadable": [{"lines":1230,',
    };
    for (const format of exportFormats) {
      const read = (unreadable: readonly UnreadableLines[]): Promise<string> =>
        joinPieces(
          exportTrace(format, { ...trace, readUnreadable: () => unreadable }, viewerFolder),
        );
      const text = await read(gaps);
      assert.ok(text.includes(shown[format]), format);
      assert.ok((await read([])) === (await joinPieces(exportTrace(format, trace, viewerFolder))));
    }
  });

  it('says how many halves of surrogate pairs it replaced', async () => {
    const trace = toExported([createOpened(), createStepStarted({ code: 'a\ud83d\ude00\ud83d' })]);
    const [json = '', markdown = '', html = ''] = await Promise.all(
      exportFormats.map((format) => joinPieces(exportTrace(format, trace, viewerFolder))),
    );
    assert.ok(json.endsWith('"replaced_surrogates": 1\n}\n'));
    assert.ok(markdown.includes('😀‹U+D83D›'));
    assert.ok(html.includes('shown as U+FFFD: 1.'));
  });

  it('says where it looked when the viewer is not there', async () => {
    const pieces = exportTrace('html', toExported(createSampleTrace()), 'no/such/folder');
    await assert.rejects(joinPieces(pieces), { code: 'INTERNAL_ERROR' });
  });
});

describe('StepReader', () => {
  const readSteps = (events: readonly TraceEvent[]): readonly StepRecord[] => {
    const reader = new StepReader();
    return [...events.map((event) => reader.take(event)), reader.end()].filter(
      (step) => step !== null,
    );
  };

  it('puts the events of each step together', () => {
    assert.deepStrictEqual(
      readSteps(createSampleTrace()).map((step) => [step.step, toVerdict(step), step.calls.length]),
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
    const [record] = readSteps([createModelAnswered({ step: 0 })]);
    assert.equal(record?.code, null);
    assert.equal(record?.calls.length, 1);
  });

  it('counts a step that a person ended as stopped, not as failed', () => {
    const error = { type: 'CancelledError', message: '', line: 1, traceback: '' };
    const outcome = createOutcome({ error, interruption: 'cancelled' });
    assert.equal(toVerdict(createRecord(outcome)), 'stopped');
  });

  it('counts a step that lost its variables as failed', () => {
    const outcome = createOutcome({ stateLost: true });
    assert.equal(toVerdict(createRecord(outcome)), 'error');
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
