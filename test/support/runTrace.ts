// A run: a model writes the code of a session, a child session answers one call, the last reply has no code.

import type { TraceEvent } from '../../src/core/event';
import {
  createFinalized,
  createModelAnswered,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
} from './sampleTrace';

export const runCode = 'hits = grep("ERROR")\nprint(len(hits))';

export function createRunTrace(): readonly TraceEvent[] {
  const { status, usage, at } = createOpened();
  const said = { purpose: 'loop', model: 'openai/gpt-5' } as const;
  return [
    createOpened({ title: 'Count the errors' }),
    {
      kind: 'loop.started',
      at,
      step: 0,
      status,
      usage,
      task: 'Count the errors in the log.',
      model: 'openai/gpt-5',
      subModel: null,
      maxIterations: 5,
    },
    createModelAnswered({
      ...said,
      at: at + 3_200,
      step: 0,
      answer: `First I look for the word.\n\n\`\`\`repl\n${runCode}\n\`\`\`\n`,
      tokensEstimated: true,
      costUsd: 0.012,
      durationMs: 3_200,
    }),
    createStepStarted({ at: at + 3_210, code: runCode }),
    createModelAnswered({ at: at + 3_215, childSessionId: 'child-session', answer: '7' }),
    createStepFinished({ at: at + 3_220, outcome: createOutcome({ stdout: '7\n' }) }),
    createModelAnswered({ ...said, at: at + 4_000, answer: 'There were 7.' }),
    {
      kind: 'loop.finished',
      at: at + 4_010,
      step: 1,
      status,
      usage,
      finishReason: 'max_iterations',
      iterations: 5,
      error: null,
    },
    createFinalized({ at: at + 4_020, step: 1, answer: 'There were 7.', fromVariable: null }),
  ];
}
