// Splits a task, lets child sessions work on its parts at the same time, and combines their answers.

import { RlmError, cancelledError, toRlmError } from '../core/errors';
import { stopReasons } from '../core/limits';
import type { LoopFinishReason } from '../core/event';
import type { LoopProgress, LoopResult, LoopSubtask } from '../core/loop';
import type { Session } from '../core/session';
import { isBlankAnswer } from '../core/sessionErrors';
import { describeContext } from './contextText';
import { dropThinking } from './codeBlocks';
import { type LoopEnd, type LoopOrder, toStopReason } from './loopRun';
import type { Prompts } from './promptFiles';
import { describeAnswers, readPlans, type SubtaskPlan } from './subtasks';

/** Child sessions at one time. Source: about two for each processor, the field's cure for boot storms. */
const maxParallel = 4;
const splitAttempts = 2;

export interface DecompositionParts {
  readonly session: Session;
  readonly prompts: Prompts;
  readonly request: LoopOrder;
  readonly maxSubtasks: number;
  /** Runs one part in a child of `session`. */
  readonly runChild: (request: LoopOrder, signal: AbortSignal) => Promise<LoopResult>;
}

export interface Decomposed extends LoopEnd {
  readonly subtasks: readonly LoopSubtask[];
}

export class Decomposition {
  readonly #parts: DecompositionParts;
  readonly #context: string;
  /** Why parts have no answer. */
  readonly #failures: { readonly reasons: LoopFinishReason[]; readonly errors: RlmError[] } = {
    reasons: [],
    errors: [],
  };
  /** In the order of the split, also those that the end of the run has cut short. */
  #subtasks: LoopSubtask[] = [];
  #iterations = 0;
  #ended = 0;

  constructor(parts: DecompositionParts) {
    const { session } = parts;
    this.#parts = parts;
    this.#context = describeContext(session.summary.contexts[0], session.seed.language);
  }

  /** @throws RlmError 'CANCELLED' | 'MODEL_UNAVAILABLE', and a part's own when every part failed. */
  async run(signal: AbortSignal): Promise<Decomposed> {
    const { session } = this.#parts;
    let finishReason: LoopFinishReason = 'submitted';
    let answer: string | null = null;
    try {
      const plans = await this.#split(signal);
      await session.runChildren((childSignal) => this.#runAll(plans, childSignal), signal);
      const subtasks = this.#subtasks;
      if (subtasks.every((subtask) => subtask.answer === null)) {
        finishReason = this.#requireReason();
      } else {
        answer = await this.#combine(subtasks, signal);
      }
    } catch (thrown) {
      finishReason = toStopReason(thrown, session);
    }
    return { finishReason, answer, iterations: this.#iterations, subtasks: this.#subtasks };
  }

  /** A task that the model does not split is its own only part. */
  async #split(signal: AbortSignal): Promise<readonly SubtaskPlan[]> {
    const { prompts, request, maxSubtasks } = this.#parts;
    const question = prompts.fill('split', {
      task: request.task,
      context: this.#context,
      max_subtasks: String(maxSubtasks),
    });
    for (let attempt = 0; attempt < splitAttempts; attempt += 1) {
      this.#iterations += 1;
      const plans = readPlans(await this.#ask(question, signal), maxSubtasks);
      if (plans) {
        return plans;
      }
    }
    return [{ title: 'The whole task', task: request.task }];
  }

  async #runAll(plans: readonly SubtaskPlan[], signal: AbortSignal): Promise<void> {
    this.#subtasks = plans.map(({ title }) => ({
      title,
      sessionId: null,
      answer: null,
      error: 'not begun',
      finishReason: null,
    }));
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < plans.length; index = next++) {
        const plan = plans[index];
        if (plan) {
          await this.#runOne(plan, { index, total: plans.length }, signal);
        }
      }
    };
    const width = Math.min(maxParallel, plans.length);
    const ended = await Promise.allSettled(Array.from({ length: width }, work));
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed) {
      throw failed.reason;
    }
  }

  /** Rejects only when the whole run is cancelled: one failed part must not lose the others. */
  async #runOne(
    plan: SubtaskPlan,
    { index, total }: { readonly index: number; readonly total: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { prompts, request } = this.#parts;
    const { title } = plan;
    let sessionId: string | null = null;
    const keep = (end: Pick<LoopSubtask, 'answer' | 'error'> & Partial<LoopSubtask>): void => {
      this.#subtasks[index] = { title, sessionId, finishReason: null, ...end };
    };
    this.#tell({ kind: 'subtask', title, state: 'started', ended: this.#ended, total });
    try {
      const result = await this.#parts.runChild(
        {
          ...request,
          work: { kind: 'execute' },
          task: prompts.fill('subtask', { task: request.task, subtask: plan.task }).trim(),
          title,
          onProgress: (progress) => {
            sessionId = progress.kind === 'opened' ? progress.sessionId : sessionId;
          },
        },
        signal,
      );
      this.#iterations += result.iterations;
      const { answer, finishReason } = result;
      if (answer === null) {
        this.#failures.reasons.push(finishReason);
      }
      const error = answer === null ? `no answer (${finishReason})` : null;
      keep({ answer, error, finishReason });
    } catch (thrown) {
      if (signal.aborted) {
        keep({ answer: null, error: 'not finished' });
        throw cancelledError('The run');
      }
      const failure = toRlmError(thrown);
      this.#failures.errors.push(failure);
      keep({ answer: null, error: `${failure.code}: ${failure.message}` });
    }
    const state = this.#subtasks[index]?.answer === null ? 'failed' : 'answered';
    this.#ended += 1;
    this.#tell({ kind: 'subtask', title, state, ended: this.#ended, total });
  }

  /** Why no part has an answer: a guardrail before anything else. @throws what a part threw where none ended. */
  #requireReason(): LoopFinishReason {
    const { reasons, errors } = this.#failures;
    const reason = stopReasons.find((one) => reasons.includes(one)) ?? reasons[0];
    if (reason === undefined) {
      throw errors[0] ?? new Error('No part was begun.');
    }
    return reason;
  }

  async #combine(subtasks: readonly LoopSubtask[], signal: AbortSignal): Promise<string> {
    const { prompts, request } = this.#parts;
    const answers = describeAnswers(subtasks);
    const reply = await this.#ask(prompts.fill('combine', { task: request.task, answers }), signal);
    const answer = dropThinking(reply);
    if (isBlankAnswer(answer)) {
      throw new RlmError('MODEL_UNAVAILABLE', 'The model put the answers together to no text.', {
        nextStep: 'The answers of the parts are in their sessions; ask again, or another model.',
      });
    }
    return answer;
  }

  async #ask(question: string, signal: AbortSignal): Promise<string> {
    const { session, request } = this.#parts;
    const messages = [{ role: 'user', text: question }] as const;
    const { model, client } = request;
    return (await session.ask({ messages, model, client }, signal)).text;
  }

  #tell(progress: LoopProgress): void {
    this.#parts.request.onProgress?.(progress);
  }
}
