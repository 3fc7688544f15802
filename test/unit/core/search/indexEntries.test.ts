import assert from 'node:assert/strict';
import {
  foldIntoEntries,
  type HeldEntries,
  nothingHeld,
} from '../../../../src/core/search/indexEntries';
import type { IndexEntry } from '../../../../src/core/search/contextIndex';
import type { AgentEvent, TraceEvent } from '../../../../src/core/event';
import { noUsage } from '../../../../src/core/limits';
import { createAgentOpened } from '../../../support/arbitraryAgentEvents';
import {
  createClosed,
  createOutcome,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
  sampleSessionId,
} from '../../../support/sampleTrace';

const header = { at: 1, step: 1, status: 'running', usage: noUsage } as const;
const started: AgentEvent = {
  ...header,
  ...{ kind: 'agent.started', actionId: 'a', command: 'npm test', cwd: null },
};
const ran: AgentEvent = {
  ...header,
  ...{ kind: 'agent.ran', actionId: 'a', command: 'npm test', cwd: null, result: 'failed' },
  ...{ exitCode: 1, output: 'one fails', droppedChars: 0, durationMs: 5 },
};

/** The entries that are left of a trace. */
function fold(events: readonly TraceEvent[]): readonly IndexEntry[] {
  const entries = new Map<number, IndexEntry>();
  let held: HeldEntries = nothingHeld;
  events.forEach((event, number) => {
    const next = foldIntoEntries(held, event, { sessionId: sampleSessionId, number });
    held = next.held;
    if (next.remove !== null) {
      entries.delete(next.remove);
    }
    if (next.put) {
      entries.set(number, next.put);
    }
  });
  return [...entries.values()];
}

describe('indexEntries', () => {
  it('makes one entry of a step: its code and what came of it, by the number of its end', () => {
    const outcome = createOutcome({ stdout: 'forty-two', result: '42' });
    const [entry, ...others] = fold([
      createStepStarted({ code: 'print(answer)' }),
      createStepFinished({ outcome }),
    ]);
    assert.deepStrictEqual(
      { number: entry?.number, kind: entry?.kind, outcome: entry?.outcome, text: entry?.text },
      { number: 1, kind: 'run_repl', outcome: 'ok', text: 'print(answer)\nforty-two\n42' },
    );
    assert.deepStrictEqual(others, []);
  });

  it('keeps what has begun as an entry until its end', () => {
    const titles = [[started], [started, ran], [createStepStarted()]].map((events) =>
      fold(events).map(({ number, outcome }) => [number, outcome]),
    );
    assert.deepStrictEqual(titles, [[[0, 'running']], [[1, 'error']], [[0, 'running']]]);
  });

  it('does not take the end of one step for that of another', () => {
    const entries = fold([
      createStepStarted({ step: 1, code: 'first' }),
      createStepStarted({ step: 2, code: 'second' }),
      createStepFinished({ step: 2 }),
    ]);
    assert.deepStrictEqual(
      entries.map(({ number, text }) => [number, text.split('\n')[0]]),
      [
        [0, 'first'],
        [2, 'second'],
      ],
    );
  });

  it('has the task, the parent and the goals of an agent run', () => {
    const opened = createAgentOpened({ parentSessionId: 'parent-session' });
    const [entry] = fold([opened]);
    assert.deepStrictEqual(entry?.relatedSessions, ['parent-session']);
    assert.ok(entry.text.includes(opened.agent.task));
  });

  it('makes an entry of every event of a session but its closing', () => {
    const events = createSampleTrace();
    const ends = events.filter(({ kind }) => kind === 'step.finished' || kind === 'session.closed');
    assert.deepStrictEqual(fold(events).length, events.length - ends.length);
    assert.deepStrictEqual(fold([createClosed()]), []);
  });

  it('cuts a long text in its middle, and says so', () => {
    const outcome = createOutcome({ stdout: `begin ${'x'.repeat(100_000)} end` });
    const [entry] = fold([createStepFinished({ outcome })]);
    assert.ok(entry && entry.text.length < 41_000);
    assert.match(entry.text, /begin [^]*characters left out here[^]* end/u);
  });
});
