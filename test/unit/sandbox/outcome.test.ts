// What the host stands for of a step's outcome: it always fits a line of a trace.

import assert from 'node:assert/strict';
import { noUsage } from '../../../src/core/limits';
import type { GuestOutcome } from '../../../src/protocol/worker';
import { createLostOutcome, toOutcome, toValue } from '../../../src/sandbox/outcome';
import { decodeEvent, encodeEvent } from '../../../src/store/traceCodec';

/** Takes six bytes in JSON. */
const costly = '\u0001';
const error = {
  type: 'E',
  message: costly.repeat(20_000),
  line: 1,
  traceback: costly.repeat(20_000),
};

describe('the outcome of a step', () => {
  it('fits its trace at its longest', () => {
    const change = {
      change: 'added',
      name: costly.repeat(500),
      type: costly.repeat(200),
      size: 1,
      preview: costly.repeat(400),
      hash: costly.repeat(20),
    } as const;
    const guest: GuestOutcome = {
      stdout: costly.repeat(1_000_000),
      stderr: costly.repeat(1_000_000),
      dropped: { stdout: 0, stderr: 0, result: 0 },
      abridged: [],
      result: costly.repeat(1_000_000),
      error,
      variables: Array.from({ length: 10_000 }, () => costly.repeat(500)),
      changes: Array.from({ length: 1_000 }, () => change),
      finalAnswer: costly.repeat(1_000_000),
      durationMs: 1,
    };
    const outcome = toOutcome(guest, 100_000);
    assert.deepStrictEqual([outcome.variables.length, outcome.changes.length], [200, 89]);
    const line = encodeEvent({
      kind: 'step.finished',
      at: 0,
      step: 1,
      status: 'active',
      usage: noUsage,
      outcome,
      stop: null,
    });
    assert.equal(decodeEvent(line.subarray(0, -1))?.kind, 'step.finished');
  });

  it('cuts a value that is longer than was asked for, and says so', () => {
    const value = {
      type: 'str',
      form: 'text',
      text: 'x'.repeat(9),
      totalChars: 9,
      incomplete: null,
    } as const;
    assert.deepStrictEqual(toValue(value, 9), value);
    const { text, incomplete } = toValue(value, 4);
    assert.deepStrictEqual([text.length, incomplete === null], [8, false]);
  });
});

describe('the outcome of a step that lost its worker', () => {
  const lose = (variables: readonly string[], filesLost = false): string =>
    createLostOutcome({
      filesLost,
      interruption: 'timeout',
      lostBy: null,
      timeoutMs: 1_000,
      elapsedMs: 2_500,
      variables,
    }).error?.message ?? '';

  it('names what is lost, and what is kept', () => {
    assert.match(lose(['rows', 'total']), /all variables with it: rows, total\. Run the steps/);
    assert.match(lose(Array.from({ length: 30 }, (_, at) => `v${at}`)), /v19 and 10 more\. Run/);
    assert.match(lose([]), /there were no variables before it\. The contexts are kept\./);
    assert.match(lose([], true), /Files in \/work and \/tmp are gone with it\. The contexts/);
  });
});
