// Random traces such as a session makes, for property tests.

import fc from 'fast-check';

import type { TraceEvent } from '../../src/core/event';
import { noUsage, type StopReason, stopReasons, type Usage } from '../../src/core/limits';
import { applyEvent, createSummary, type Summary } from '../../src/core/summary';
import {
  createClosed,
  createContext,
  createContextLoaded,
  createFileWritten,
  createFinalized,
  createModelAnswered,
  createShellFinished,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
  createStopped,
  sampleStart,
} from './sampleTrace';

type Move =
  | { readonly kind: 'context'; readonly text: string }
  | {
      readonly kind: 'step';
      readonly text: string;
      readonly calls: number;
      readonly ends: boolean;
      readonly stop: StopReason | null;
    }
  | { readonly kind: 'file'; readonly text: string; readonly comesOut: boolean }
  | { readonly kind: 'command'; readonly text: string; readonly fails: boolean }
  | { readonly kind: 'stop' }
  | { readonly kind: 'finalize'; readonly text: string }
  | { readonly kind: 'close' };

/** Any text, lone surrogates and control characters included. */
const anyText = fc.string({ unit: 'binary', maxLength: 60 });

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('context' as const), text: anyText }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      text: anyText,
      calls: fc.nat({ max: 3 }),
      ends: fc.boolean(),
      stop: fc.option(fc.constantFrom(...stopReasons), { freq: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      text: anyText,
      comesOut: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      text: anyText,
      fails: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'stop' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('finalize' as const), text: anyText }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
);

/** Opened, then contexts, steps, a stop, an answer and a close in any order the session's rules allow. */
export const arbitraryTrace: fc.Arbitrary<readonly TraceEvent[]> = fc
  .array(move, { maxLength: 40 })
  .map(playMoves);

function playMoves(moves: readonly Move[]): readonly TraceEvent[] {
  const opened = createOpened();
  const events: TraceEvent[] = [opened];
  let summary: Summary = createSummary(opened);
  const add = (event: TraceEvent, usage: Usage = summary.usage): void => {
    const status =
      event.kind === 'session.stopped' || event.kind === 'session.finalized'
        ? event.status
        : event.kind === 'step.finished' && event.stop
          ? 'stopped'
          : summary.status;
    const at = sampleStart + events.length;
    const shared = usage.steps % 2 === 1 && { shared: { steps: { max: 5, left: usage.steps } } };
    const placed = { ...event, ...shared, status, usage, at } as TraceEvent; // only its header differs
    events.push(placed);
    summary = applyEvent(summary, placed);
  };
  for (const made of moves) {
    const step = summary.usage.steps;
    if (made.kind === 'close') {
      add(createClosed({ step }));
      break;
    } else if (made.kind === 'finalize' && summary.status !== 'finalized') {
      add(createFinalized({ step, answer: made.text }));
    } else if (summary.status !== 'active') {
      continue;
    } else if (made.kind === 'context') {
      const context = createContext({ variable: `context_${events.length}`, preview: made.text });
      add(createContextLoaded({ step, context }));
    } else if (made.kind === 'file') {
      const side = made.comesOut ? 'host' : 'sandbox';
      add(
        createFileWritten({ step, side, path: made.text, sourcePath: made.comesOut ? 'a' : null }),
      );
    } else if (made.kind === 'command') {
      const exitCode = made.fails ? 1 : 0;
      add(createShellFinished({ step, exitCode, command: made.text, stdout: made.text }));
    } else if (made.kind === 'stop') {
      add(createStopped({ step }));
    } else if (made.kind === 'step') {
      playStep(made, step + 1, { add, usage: summary.usage });
      if (!made.ends) {
        break; // the engine died in this step
      }
    }
  }
  return events;
}

function playStep(
  made: Extract<Move, { kind: 'step' }>,
  step: number,
  trace: { readonly add: (event: TraceEvent, usage?: Usage) => void; readonly usage: Usage },
): void {
  let usage = trace.usage;
  trace.add(createStepStarted({ step, code: made.text }));
  for (let call = 0; call < made.calls; call += 1) {
    usage = { ...usage, llmCalls: usage.llmCalls + 1 };
    trace.add(createModelAnswered({ step, call, prompt: made.text }), usage);
  }
  if (made.ends) {
    const outcome = createOutcome({ stdout: made.text, result: made.text });
    usage = { ...noUsage, ...usage, steps: step, runtimeMs: usage.runtimeMs + 1.5 };
    trace.add(createStepFinished({ step, outcome, stop: made.stop }), usage);
  }
}
