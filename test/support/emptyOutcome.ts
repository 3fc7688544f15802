// A step that did nothing.

import type { Outcome } from '../../src/core/sandbox';

/** As a worker says it. */
export const emptyWorkerOutcome = {
  stdout: '',
  stderr: '',
  dropped: { stdout: 0, stderr: 0, result: 0 },
  abridged: [],
  result: null,
  error: null,
  variables: [],
  changes: [],
  finalAnswer: null,
  durationMs: 0,
} satisfies Omit<Outcome, 'interruption' | 'stateLost'>;

export const emptyOutcome: Outcome = {
  ...emptyWorkerOutcome,
  interruption: null,
  stateLost: false,
};
