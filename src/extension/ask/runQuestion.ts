// One question of a person, as a run of the engine.

import type { GivenContext } from '../../core/context';
import type { LoadProgress } from '../../core/contextLoading';
import type { LoopProgress, LoopResult } from '../../core/loop';
import type { EngineHost } from '../engineHost';
import { readLanguage, readLimits } from '../settings';
import type { RunModels } from './runModels';

export interface Question {
  readonly text: string;
  readonly context: GivenContext;
  readonly models: RunModels;
}

export interface QuestionWatch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoopProgress) => void;
  readonly onLoad: LoadProgress;
}

export async function runQuestion(
  { text, context, models }: Question,
  host: EngineHost,
  { signal, onProgress, onLoad }: QuestionWatch,
): Promise<LoopResult> {
  const { loops } = await host.start();
  return loops.run(
    {
      ...models,
      task: text,
      work: { kind: 'analyze' },
      context,
      title: '',
      language: readLanguage(),
      maxIterations: null,
      limits: readLimits(),
      client: null,
      parent: null,
      onProgress,
      onLoad,
    },
    signal,
  );
}
