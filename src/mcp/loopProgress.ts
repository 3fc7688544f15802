// What a call that follows a run tells of its progress.

import type { Disposable } from '../base/disposable';
import type { LoopProgress } from '../core/loop';
import type { Task } from '../core/task/task';
import type { Progress } from './progress';

interface LoopReporter extends Disposable {
  readonly onProgress: (step: LoopProgress) => void;
}

/** Tells every iteration, and in between how long it takes. */
export function createLoopReporter(progress: Progress, { iterations }: Task<'run'>): LoopReporter {
  const startedAt = performance.now();
  let last = 0;
  let words = iterations === 0 ? 'opening the context' : `iteration ${iterations}`;
  const heartbeat = progress.startHeartbeat((ms) => `${words}, ${Math.floor(ms / 1_000)} s`);
  return {
    onProgress: (step: LoopProgress): void => {
      const said = describeProgress(step);
      if (said !== null) {
        words = said;
        last = Math.max(last + 1, Math.round(performance.now() - startedAt));
        progress.report(last, () => said);
      }
    },
    dispose: () => heartbeat.dispose(),
  };
}

/** Null: too small to tell. */
function describeProgress(step: LoopProgress): string | null {
  switch (step.kind) {
    case 'opened':
      return `session ${step.sessionId} is open`;
    case 'thinking':
      return `iteration ${step.iteration} of ${step.maxIterations}: the model writes code`;
    case 'running':
      return `iteration ${step.iteration}: the code runs`;
    case 'ran':
      return `iteration ${step.iteration}: step ${step.step} has run`;
    case 'subtask':
      return `${step.ended} of ${step.total} parts done: ${step.title} ${step.state}`;
    case 'text':
      return null;
  }
}
