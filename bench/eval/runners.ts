// The two ways to put a case to a model: a whole loop over the text, or the whole text in one request.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LoopRunner } from '../../src/core/loop';
import type { Model } from '../../src/core/model';
import type { Limits } from '../../src/core/limits';
import type { EvalCase } from './case';

/** `provider/model` of those that write the code and answer what it asks. */
export interface ModelPair {
  readonly model: string;
  readonly subModel: string;
}

export interface Run {
  /** Empty when there is none. */
  readonly answer: string;
  readonly iterations: number;
  /** `submitted`, or why the run ended otherwise. */
  readonly finish: string;
}

export interface Runner {
  readonly name: string;
  /** Whether the case is one for this runner; others are left out. */
  fits(evalCase: EvalCase): boolean;
  /** @throws RlmError of the model and of opening a session */
  run(evalCase: EvalCase, models: ModelPair, signal: AbortSignal): Promise<Run>;
}

export const maxIterations = 15;
/** Of the product's own, those that a slow model or the longest texts would reach. */
const evalLimits: Partial<Limits> = {
  maxRuntimeMs: 3_600_000,
  stepTimeoutMs: 900_000,
  maxLlmCalls: 500,
  maxLlmTokens: 50_000_000,
};

interface LoopParts {
  readonly loops: Pick<LoopRunner, 'run'>;
  /** Contexts are written here, for the engine to read. */
  readonly folder: string;
  /** Lets go of the session of a run that is over. */
  readonly closeSessions: () => Promise<void>;
  readonly limits?: Partial<Limits>;
}

export function createLoopRunner(parts: LoopParts): Runner {
  const { loops, folder, closeSessions } = parts;
  const limits = { ...evalLimits, ...parts.limits };
  return {
    name: 'RLM',
    fits: () => true,
    async run({ task, context, question }, models, signal) {
      const file = path.join(folder, 'context.txt');
      await writeFile(file, context);
      try {
        const request = {
          task: question,
          context: { text: null, paths: [file] },
          title: task,
          language: 'python',
          maxIterations,
          ...models,
          limits,
          client: null,
          parent: null,
        } as const;
        const { answer, iterations, finishReason } = await loops.run(request, signal);
        return { answer: answer ?? '', iterations, finish: finishReason };
      } finally {
        await closeSessions();
      }
    },
  };
}

const charsPerToken = 4;
const maxAnswerTokens = 8_192;

/** `windowTokens`: what the model takes, its answer included. */
export function createWholeTextRunner(model: Model, windowTokens: number): Runner {
  const maxChars = (windowTokens - maxAnswerTokens) * charsPerToken;
  return {
    name: 'whole text',
    fits: ({ context, question }) => context.length + question.length <= maxChars,
    async run({ context, question }, models, signal) {
      const request = {
        messages: [{ role: 'user', text: `${context}\n\n${question}` }],
        model: models.model,
        purpose: 'loop',
        maxAnswerTokens,
        client: null,
      } as const;
      const { text } = await model.answer(request, signal);
      return { answer: text, iterations: 1, finish: 'submitted' };
    },
  };
}
