import assert from 'node:assert/strict';
import fc from 'fast-check';
import { renderEvent } from '../../../../src/cli/render/event';
import { renderGauge } from '../../../../src/cli/render/gauge';
import { toJsonText } from '../../../../src/cli/render/json';
import { toPrintable } from '../../../../src/cli/render/printable';
import { renderStep } from '../../../../src/cli/render/step';
import { createStyle } from '../../../../src/cli/render/style';
import { renderTable } from '../../../../src/cli/render/table';
import { Terminal } from '../../../../src/cli/terminal';
import { toAgeText, toAmountText, toDurationText } from '../../../../src/cli/render/words';
import type { SessionReplayed } from '../../../../src/core/event';
import { createLimits, noUsage } from '../../../../src/core/limits';
import { arbitraryTrace } from '../../../support/arbitraryTrace';
import { InputStream, TextStream } from '../fakeCli';
import {
  createClosed,
  createContextLoaded,
  createFinalized,
  createModelAnswered,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
  createStopped,
} from '../../../support/sampleTrace';

function createReplayed(): SessionReplayed {
  return {
    kind: 'session.replayed',
    at: 0,
    step: 2,
    status: 'active',
    usage: noUsage,
    sourceSessionId: 's-1',
    throughStep: 2,
    stepsRun: 2,
    stepsSkipped: 0,
    differences: [{ step: 1, field: 'stdout', recorded: 'a', replayed: 'b' }],
    differenceCount: 1,
    engineId: 'e-1',
  };
}

const plain = createStyle({}, false);
const coloured = createStyle({}, true);

describe('colours', () => {
  const isOn = (env: Record<string, string>, isTerminal: boolean) =>
    createStyle(env, isTerminal).red('x') !== 'x';

  it('are for terminals, unless the person says otherwise', () => {
    assert.deepStrictEqual(
      [
        isOn({}, true),
        isOn({}, false),
        isOn({ NO_COLOR: '1' }, true),
        isOn({ NO_COLOR: '' }, true),
        isOn({ TERM: 'dumb' }, true),
        isOn({ FORCE_COLOR: '1' }, false),
        isOn({ FORCE_COLOR: '1', NO_COLOR: '1' }, false),
        isOn({ FORCE_COLOR: '0' }, true),
      ],
      [true, false, false, true, false, true, true, false],
    );
  });

  it('leave empty text empty', () => {
    assert.equal(coloured.red(''), '');
  });
});

describe('text for a terminal', () => {
  it('shows control and direction characters instead of sending them', () => {
    assert.equal(
      toPrintable('a\u001b[2J\u0007\u009b\u202eb\r\nc\td\re\u007f'),
      'a\\u001b[2J\\u0007\\u009b\\u202eb\nc\td\\u000de\\u007f',
    );
  });
});

/** C0 but tab and line feed, DEL, C1, every bidirectional control, the separators, and lone surrogates. */
const unsafe =
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Cs}]/u;

describe('what reaches a terminal', () => {
  const everyUnit = Array.from({ length: 0x1_0000 }, (_, unit) => String.fromCharCode(unit));

  it('has no control character of any kind, out of a text or as JSON', () => {
    const text = everyUnit.join(' ');
    assert.doesNotMatch(toPrintable(text), unsafe);
    const json = toJsonText({ [text]: text });
    assert.doesNotMatch(json, unsafe);
    const { replaced_surrogates: replaced } = JSON.parse(json) as Record<string, unknown>;
    assert.equal(replaced, 2 * 0x800);
  });

  it('has none in any event of any trace', () => {
    fc.assert(
      fc.property(arbitraryTrace, (events) => {
        for (const event of events) {
          assert.doesNotMatch(renderEvent(event, plain), unsafe);
          assert.doesNotMatch(toJsonText(event, 0), unsafe);
        }
      }),
    );
  });

  it('passes the last gate with colours alone', () => {
    const [output, errors] = [new TextStream(true), new TextStream(true)];
    const terminal = new Terminal({ input: new InputStream(true), output, errors, env: {} });
    terminal.print(`${terminal.style.red('red')}\u001b[2J\u009b`);
    terminal.printError('\u202e');
    assert.equal(output.text, `${coloured.red('red')}\\u001b[2J\\u009b\n`);
    assert.equal(errors.text, '\\u202e\n');
  });
});

describe('numbers and times', () => {
  it('are written for people', () => {
    assert.deepStrictEqual(
      [0, 999.6, 1_000, 1_234, 119_999, 120_000, 3_600_000, 9_000_000].map(toDurationText),
      ['0 ms', '1000 ms', '1 s', '1.2 s', '120.0 s', '2 min 0 s', '60 min 0 s', '2 h'],
    );
    assert.deepStrictEqual([0, 59_000, 60_000, 7_200_000, 200_000_000].map(toAgeText), [
      '0 s',
      '59 s',
      '1 min',
      '2 h',
      '2 d',
    ]);
    assert.deepStrictEqual(
      [0, 1, 1_234].map((count) => toAmountText(count, 'step')),
      ['0 steps', '1 step', '1,234 steps'],
    );
  });
});

describe('a table', () => {
  it('aligns its columns and cuts the last one at the width', () => {
    const text = renderTable(
      [{ title: 'ID' }, { title: 'N', align: 'right' }, { title: 'TITLE' }],
      [
        ['abc', '7', 'short\nline'],
        ['d', '1,000', 'x'.repeat(60)],
      ],
      { style: plain, width: 34 },
    );
    assert.deepStrictEqual(text.split('\n'), [
      'ID       N  TITLE',
      'abc      7  short line',
      `d    1,000  ${'x'.repeat(21)}…`,
    ]);
  });
});

describe('the guardrail gauge', () => {
  it('says what is used of what, and colours what is nearly used up', () => {
    const usage = { ...noUsage, steps: 3, runtimeMs: 1_500, budgetUsed: 90_000 };
    const limits = createLimits();
    assert.equal(
      renderGauge(usage, limits, plain),
      'step 3/64 · 1.5 s/2 min 0 s · 90,000/100,000 characters',
    );
    assert.ok(
      renderGauge(usage, limits, coloured).includes(coloured.yellow('90,000/100,000 characters')),
    );
  });
});

describe('JSON for programs', () => {
  it('has wire keys and ISO times', () => {
    assert.equal(
      toJsonText({ at: 0, createdAt: 1_000, runtimeMs: 5, list: [{ updatedAt: 0 }] }, 0),
      '{"at":"1970-01-01T00:00:00.000Z","created_at":"1970-01-01T00:00:01.000Z","runtime_ms":5,"list":[{"updated_at":"1970-01-01T00:00:00.000Z"}]}',
    );
  });
});

describe('a step', () => {
  it('tells its error also where the traceback says something else, or nothing', () => {
    const render = (traceback: string): string =>
      renderStep(
        createOutcome({
          error: { type: 'TimeoutError', message: 'It ran too long.', line: 1, traceback },
          interruption: 'timeout',
        }),
        plain,
      );
    assert.deepStrictEqual(
      ['Traceback\nKeyboardInterrupt\n', 'TimeoutError: It ran too long.\n    at 1', ''].map(
        render,
      ),
      [
        'Traceback\nKeyboardInterrupt\nTimeoutError: It ran too long.',
        'TimeoutError: It ran too long.\n    at 1',
        'TimeoutError: It ran too long.',
      ],
    );
  });

  it('shows output, result, error and changes in this order', () => {
    const outcome = createOutcome({
      stdout: 'out\n',
      stderr: 'err\n',
      dropped: { stdout: 1_200, stderr: 0, result: 0 },
      result: '42',
      error: { type: 'KeyError', message: 'x', line: 2, traceback: 'Traceback\nKeyError: x\n' },
      changes: [
        { name: 'a', change: 'added', type: 'list', size: 1_000, preview: '[1,\n2]', hash: null },
        { name: 'b', change: 'removed', type: 'int', size: null, preview: '', hash: null },
      ],
    });
    assert.deepStrictEqual(renderStep(outcome, plain).split('\n'), [
      'out',
      '',
      '… [1,200 more characters]',
      'err',
      '42',
      'Traceback',
      'KeyError: x',
      '+ a: list(1,000) [1, 2]',
      '- b',
    ]);
  });

  it('shows nothing for nothing', () => {
    assert.equal(renderStep(createOutcome(), coloured), '');
  });

  it('says when it was interrupted and when its variables are gone', () => {
    const outcome = createOutcome({ interruption: 'cancelled', stateLost: true });
    assert.match(renderStep(outcome, plain), /^Interrupted\.\n.*variables.*gone\.$/u);
  });
});

describe('an event', () => {
  it('of every kind has a readable head, and a body where there is one', () => {
    const heads = [
      createOpened({ title: 'T' }),
      createContextLoaded(),
      createStepStarted({ code: 'a\nb' }),
      createStepFinished({ stop: 'max_steps' }),
      createModelAnswered(),
      createModelAnswered({ answer: null, error: 'MODEL_UNAVAILABLE: off' }),
      createStopped(),
      createFinalized({ fromVariable: 'report' }),
      createClosed(),
      createReplayed(),
    ].map((event) => renderEvent(event, plain).replace(/^.{19} {2}/u, ''));
    assert.deepStrictEqual(heads, [
      '[0] opened T (python, wasm)',
      '[0] context loaded\n    context is a string: 12 characters in 1 line\n      text  12',
      '[1] code\n    a\n    b',
      '[1] done 10 ms · guardrail max_steps stopped the session',
      '[1] openai/gpt-5-mini answered 6 tokens, 420 ms\n    Say hello.\n    → Hello.',
      '[1] openai/gpt-5-mini failed 6 tokens, 420 ms\n    Say hello.\n    → MODEL_UNAVAILABLE: off',
      '[0] stopped: user',
      '[0] finalized from report (completed)\n    Done.',
      '[0] closed: idle',
      '[2] replayed 2 steps of s-1 1 difference\n    step 1, stdout: a → b',
    ]);
  });
});
