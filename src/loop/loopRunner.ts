// Runs whole tasks: opens a session, lets a model work on it, and ends the session with the answer.

import { neverAborted, onAbort } from '../base/abort';
import { cutMarked, toOneLine } from '../base/text';
import { RlmError, cancelledError, toRlmError } from '../core/errors';
import { expectFirstAsk } from '../core/firstAsk';
import { limitRanges, type Limits } from '../core/limits';
import {
  checkTask,
  type LoopProgress,
  type LoopRequest,
  type LoopResult,
  type LoopRunner,
  type LoopWork,
  toRunWarnings,
} from '../core/loop';
import type { Session } from '../core/session';
import { requireDepth } from '../core/sessionParent';
import type { SessionRegistry } from '../core/sessionRegistry';
import { Decomposition } from './decomposition';
import { type LoopEnd, type LoopOrder, LoopRun } from './loopRun';
import { ProgramCheck } from './programCheck';
import { type Prompts, readPrompts } from './promptFiles';

export interface LoopRunnerParts {
  readonly sessions: SessionRegistry;
  /** Folder of the user's own prompt files; null: none. */
  readonly promptFolder: string | null;
  /** For runs whose caller says none; null: the user has configured none. */
  readonly readMaxIterations: () => Promise<number | null>;
}

/** Source: the tool contract, `rlm_execute` max_iterations. */
const usualIterations = 15;

/** What a kind of work gives: its end, and what the result holds besides. */
type WorkEnd = LoopEnd & Pick<LoopResult, 'program' | 'subtasks'>;

const openings = {
  execute: 'taskExecute',
  analyze: 'taskAnalyze',
  code: 'taskCode',
} as const satisfies Partial<Record<LoopWork['kind'], string>>;

export class SessionLoopRunner implements LoopRunner {
  readonly #parts: LoopRunnerParts;

  constructor(parts: LoopRunnerParts) {
    this.#parts = parts;
  }

  async run(request: LoopRequest, signal: AbortSignal): Promise<LoopResult> {
    if (request.parent === null) {
      checkTask(request.task);
    }
    const { promptFolder, readMaxIterations } = this.#parts;
    const prompts = await readPrompts(promptFolder);
    const maxIterations = request.maxIterations ?? (await readMaxIterations()) ?? usualIterations;
    return this.#runWith(prompts, { ...request, maxIterations }, signal);
  }

  /** A child asks soon after it has begun: its caller is shown the first prompts of all of them together. */
  async #runWith(prompts: Prompts, request: LoopOrder, signal: AbortSignal): Promise<LoopResult> {
    const expected = expectFirstAsk(request.parent ? request.client : null);
    try {
      const client = expected.client ?? request.client;
      return await this.#runOpened(prompts, { ...request, client }, signal);
    } finally {
      expected.dispose();
    }
  }

  async #runOpened(prompts: Prompts, request: LoopOrder, signal: AbortSignal): Promise<LoopResult> {
    const session = await this.#open(request, signal);
    const cancelling = onAbort(signal, () => session.refuseQueued('user'));
    try {
      return await this.#runIn(session, { prompts, request }, signal);
    } finally {
      cancelling.dispose();
    }
  }

  async #runIn(
    session: Session,
    { prompts, request }: { readonly prompts: Prompts; readonly request: LoopOrder },
    signal: AbortSignal,
  ): Promise<LoopResult> {
    let iterations = 0;
    let end: WorkEnd;
    const onProgress = (progress: LoopProgress): void => {
      iterations = progress.kind === 'thinking' ? progress.iteration : iterations;
      request.onProgress?.(progress);
    };
    try {
      onProgress({ kind: 'opened', sessionId: session.id });
      await session.recordLoop({
        kind: 'loop.started',
        task: request.task,
        model: request.model,
        subModel: request.subModel,
        maxIterations: request.maxIterations,
      });
      const watched = { ...request, onProgress };
      end = await this.#work({ session, prompts, request: watched }, signal);
    } catch (thrown) {
      const failure = signal.aborted ? cancelledError('The run') : toRlmError(thrown);
      await abandon(session, failure, iterations);
      throw failure;
    }
    try {
      return await finish(session, end);
    } catch (thrown) {
      await session.stop('run_ended').catch(() => undefined); // it may be this that cannot be recorded
      throw notRecordedError(session, toRlmError(thrown), end);
    }
  }

  #open(request: LoopOrder, signal: AbortSignal): Promise<Session> {
    const { task, context, language, parent, verbosity, backend = null, image = null } = request;
    const isEmpty = context.text === null && context.paths.length === 0;
    return this.#parts.sessions.openSession(
      {
        context: isEmpty ? { ...context, text: '' } : context,
        language,
        backend,
        image,
        title: request.title || toOneLine(task, 120),
        limits: { maxSteps: toMaxSteps(request), ...request.limits },
        ...(verbosity && { verbosity }),
        ...(request.onStage && { onStage: request.onStage }),
        parent,
      },
      signal,
      request.onLoad,
    );
  }

  async #work(
    run: {
      readonly session: Session;
      readonly prompts: Prompts;
      readonly request: LoopOrder;
    },
    signal: AbortSignal,
  ): Promise<WorkEnd> {
    const { session, prompts, request } = run;
    const work = request.work ?? { kind: 'execute' };
    switch (work.kind) {
      case 'execute':
      case 'analyze':
        return new LoopRun({ ...run, opening: openings[work.kind], review: acceptAll }).run(signal);
      case 'code': {
        const check = new ProgramCheck(session);
        const review = (reviewSignal: AbortSignal) => check.run(reviewSignal);
        const end = await new LoopRun({ ...run, opening: openings.code, review }).run(signal);
        const program =
          end.finishReason === 'max_iterations' ? await check.runLast(signal) : check.program;
        return { ...end, ...(program ? { program } : {}) };
      }
      case 'decompose': {
        requireDepth(session.asParent);
        const pool = session.createPool();
        return new Decomposition({
          ...run,
          maxSubtasks: work.maxSubtasks,
          runChild: (child, childSignal) =>
            this.#runWith(
              prompts,
              { ...child, parent: { ...session.asParent, pool } },
              childSignal,
            ),
        }).run(signal);
      }
    }
  }
}

async function acceptAll(): Promise<null> {
  return null;
}

/** The run has ended: cancelling it now changes nothing, and takes no answer away. */
async function finish(session: Session, end: WorkEnd): Promise<LoopResult> {
  const { answer, finishReason, iterations, program, subtasks } = end;
  await session.recordLoop({ kind: 'loop.finished', finishReason, iterations, error: null });
  if (answer !== null) {
    await session.finalize({ text: answer }, neverAborted);
  } else if (session.status === 'active') {
    await session.stop('run_ended');
  }
  const { summary } = session;
  return {
    sessionId: session.id,
    answer,
    iterations,
    finishReason,
    usage: summary.usage,
    limits: summary.limits,
    shared: summary.shared,
    warnings: toRunWarnings(summary),
    ...(program ? { program } : {}),
    ...(subtasks ? { subtasks } : {}),
  };
}

/** Nothing goes on in a session whose run has failed; what it has done stays readable. */
async function abandon(session: Session, failure: RlmError, iterations: number): Promise<void> {
  const finishReason = failure.code === 'CANCELLED' ? 'cancelled' : 'failed';
  const error = finishReason === 'failed' ? `${failure.code}: ${failure.message}` : null;
  const ending = [
    () => session.recordLoop({ kind: 'loop.finished', finishReason, iterations, error }),
    () => session.stop(finishReason === 'failed' ? 'run_ended' : 'user'),
  ];
  for (const end of ending) {
    // A trace that cannot be written, or is closed, must neither hide why the run failed nor let the session go on.
    await end().catch(() => undefined);
  }
}

/** Steps do not end a run before its iterations do, unless the caller limits them. */
function toMaxSteps({ maxIterations }: LoopOrder): Limits['maxSteps'] {
  const stepsOfAnIteration = 2; // the code's, and a check of a program
  return Math.max(limitRanges.maxSteps.default, maxIterations * stepsOfAnIteration + 1);
}

/** Where the run has its answer all the same, the caller is told it: its trace could not take it. */
function notRecordedError({ id }: Session, cause: RlmError, { answer }: WorkEnd): RlmError {
  const found =
    answer === null ? 'no answer was found' : `the answer was: ${cutMarked(answer, 10_000)}`;
  return new RlmError(cause.code, `The end of the run could not be recorded: ${cause.message}`, {
    cause,
    nextStep: `${cause.nextStep} Session ${id} has what the run did; ${found}`,
  });
}
