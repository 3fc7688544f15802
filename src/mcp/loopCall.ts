// One call of a tool that runs or awaits a loop: to the run's end, or as long as the caller can wait.

import type { GivenContext } from '../core/context';
import type { LoopProgress, LoopRequest, LoopWork } from '../core/loop';
import type { Language } from '../core/sandbox';
import { createInvalidInput } from './invalidInput';
import { type limitsInput, toLimits } from './limitsInput';
import type { LoopOutcome } from './loopView';
import type { ToolContext } from './tool';
import type * as z from 'zod';

/** The shared arguments, as parsed. */
interface LoopArgs {
  readonly max_iterations?: number | undefined;
  readonly model?: string | undefined;
  readonly sub_model?: string | undefined;
  readonly language: Language;
  readonly config?: z.output<typeof limitsInput> | undefined;
  readonly wait_ms?: number | undefined;
}

interface LoopTask {
  readonly task: string;
  readonly work: LoopWork;
  readonly context: GivenContext;
}

interface ContextArgs {
  readonly context_text?: string | undefined;
  readonly context?: string | undefined;
  readonly context_paths?: readonly string[] | undefined;
}

/** Neither text nor paths: the task has no context. @throws RlmError 'INVALID_INPUT' for both names. */
export function toGivenContext(args: ContextArgs): GivenContext {
  if (args.context_text !== undefined && args.context !== undefined) {
    throw createInvalidInput(
      'Both context_text and context were given; they are the same argument.',
      'Give the text once, as context_text.',
    );
  }
  return { text: args.context_text ?? args.context ?? null, paths: args.context_paths ?? [] };
}

/** Without `wait_ms` the run ends with the call; with it, it goes on whatever becomes of the call. */
export async function callLoop(
  context: ToolContext,
  given: LoopTask,
  args: LoopArgs,
): Promise<LoopOutcome> {
  const { engine, signal } = context;
  const request = toRequest(context, given, args);
  if (args.wait_ms === undefined) {
    const reporter = createReporter(context);
    try {
      const { onProgress } = reporter;
      const result = await engine.loops.run({ ...request, onProgress }, signal);
      return { kind: 'ended', result };
    } finally {
      reporter.dispose();
    }
  }
  const calledAt = engine.clock.monotonic();
  const sessionId = await engine.loops.start(request);
  const openedMs = engine.clock.monotonic() - calledAt;
  return awaitLoop(context, sessionId, Math.max(0, args.wait_ms - openedMs));
}

export async function awaitLoop(
  context: ToolContext,
  sessionId: string,
  waitMs: number,
): Promise<LoopOutcome> {
  const { engine, signal } = context;
  const reporter = createReporter(context);
  try {
    const { onProgress } = reporter;
    const standing = await engine.loops.wait(sessionId, { waitMs, onProgress }, signal);
    if (standing.kind === 'ended') {
      return standing;
    }
    const { usage, limits } = await engine.sessions.readSummary(sessionId);
    return { ...standing, sessionId, usage, limits };
  } finally {
    reporter.dispose();
  }
}

function toRequest(
  { engine, sample }: ToolContext,
  { task, work, context }: LoopTask,
  args: LoopArgs,
): LoopRequest {
  return {
    task,
    work,
    context,
    title: '',
    language: args.language,
    maxIterations: args.max_iterations ?? engine.loops.defaultIterations,
    model: args.model ?? null,
    subModel: args.sub_model ?? null,
    limits: toLimits({ config: args.config }),
    client: { sample, ask: null },
    parent: null,
  };
}

/** Tells every iteration, and in between how long it takes. */
function createReporter({ progress }: ToolContext) {
  const startedAt = performance.now();
  let last = 0;
  let words = 'opening the context';
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
