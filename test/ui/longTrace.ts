// A trace as long as a session can be: every step with output and a variable, some with errors, calls
// and a child's pause between them.

import type { TraceEvent } from '../../src/core/event';
import { createLimits, noUsage, type Usage } from '../../src/core/limits';
import {
  createContextLoaded,
  createModelAnswered,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
  sampleStart,
} from '../support/sampleTrace';

export function createLongTrace(steps: number): readonly TraceEvent[] {
  const limits = createLimits({ maxSteps: 10_000, budgetLimit: 10_000_000, maxLlmCalls: 100_000 });
  const events: TraceEvent[] = [
    createOpened({ limits, title: `A session of ${steps} steps` }),
    createContextLoaded(),
  ];
  let usage: Usage = noUsage;
  let at = sampleStart + 1_000;
  for (let step = 1; step <= steps; step += 1) {
    const code = `rows = read_page(${step})\nfor row in rows:\n    totals[row.key] += row.value\nprint(len(rows), totals["all"])`;
    events.push(createStepStarted({ at, step, usage, code }));
    for (let call = 0; step % 10 === 0 && call < 4; call += 1) {
      const event = createModelAnswered({
        at: at + 400 + call,
        step,
        call,
        prompt: `Sum up page ${step}.`,
      });
      usage = { ...usage, llmCalls: usage.llmCalls + 1, llmTokens: usage.llmTokens + 6 };
      events.push({ ...event, usage });
    }
    const durationMs = 60 + ((step * 37) % 500);
    at += durationMs;
    usage = {
      ...usage,
      steps: step,
      runtimeMs: usage.runtimeMs + durationMs,
      budgetUsed: usage.budgetUsed + 900,
    };
    const outcome = createOutcome({
      durationMs,
      stdout: `page ${step}: ${'0123456789 '.repeat(70)}\n`,
      variables: ['rows', 'totals'],
      changes: [
        {
          change: 'changed',
          name: 'totals',
          type: 'dict',
          size: step,
          preview: `{'all': ${step * 7}}`,
          hash: null,
        },
      ],
      error:
        step % 97 === 0
          ? {
              type: 'KeyError',
              message: `'page ${step}'`,
              line: 3,
              traceback: `KeyError: 'page ${step}'\n`,
            }
          : null,
    });
    events.push(createStepFinished({ at, step, usage, outcome }));
    at += 2_000 + ((step * 13) % 900);
  }
  return events;
}
