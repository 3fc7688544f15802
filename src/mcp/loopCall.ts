// One call that starts or follows a run: to its end, until it waits for its caller's answers, or as long as
// the caller can wait.

import type { GivenContext } from '../core/context';
import type { Verbosity } from '../core/event';
import type { Engine } from '../core/engine';
import { type LoopRequest, type LoopWork, toRunWarnings } from '../core/loop';
import type { BackendName, Language } from '../core/sandbox';
import { Task, type TaskCall } from '../core/task/task';
import { type limitsInput, toLimits } from './limitsInput';
import { createLoopReporter } from './loopProgress';
import { toRunFailure } from './runFailure';
import type { LoopOutcome } from './loopView';
import type { ToolContext } from './tool';
import type * as z from 'zod';

/** The shared arguments, as parsed. */
interface LoopArgs {
  readonly max_iterations?: number | undefined;
  readonly model?: string | undefined;
  readonly sub_model?: string | undefined;
  readonly language: Language;
  readonly backend?: BackendName | undefined;
  readonly image?: string | undefined;
  readonly config?: z.output<typeof limitsInput> | undefined;
  readonly verbosity: Verbosity;
  readonly wait_ms?: number | undefined;
}

interface LoopTask {
  readonly task: string;
  readonly work: LoopWork;
  readonly context: GivenContext;
}

/**
 * Without `wait_ms` the run is the call's: cancelling it ends the run. With it, the run goes on whatever
 * becomes of the call.
 */
export async function callLoop(
  context: ToolContext,
  given: LoopTask,
  args: LoopArgs,
): Promise<LoopOutcome> {
  const { engine, signal, sample } = context;
  const { loops, clock, tasks } = engine;
  const waitMs = args.wait_ms ?? null;
  const request = toRequest(given, args);
  const task = new Task({
    kind: 'run',
    sessionId: null,
    clock,
    canSample: sample !== null,
    waitMs,
    start: (caller, taskSignal) => loops.run({ ...request, ...caller }, taskSignal),
  });
  tasks.add(task);
  return withProgress(context, task, async () => {
    const calledAt = clock.monotonic();
    await task.untilOpened(signal);
    const openedMs = clock.monotonic() - calledAt;
    const leftMs = waitMs === null ? null : Math.max(0, waitMs - openedMs);
    return follow(context, task, { waitMs: leftMs, ownsTask: waitMs === null });
  });
}

type RunCallOptions = Pick<TaskCall, 'waitMs' | 'ownsTask'> & { readonly showWhole?: boolean };

export function followRun(
  context: ToolContext,
  task: Task<'run'>,
  options: RunCallOptions,
): Promise<LoopOutcome> {
  return withProgress(context, task, () => follow(context, task, options));
}

async function withProgress<T>(
  { progress }: ToolContext,
  task: Task<'run'>,
  wait: () => Promise<T>,
): Promise<T> {
  const reporter = createLoopReporter(progress, task);
  const listening = task.onDidProgress(reporter.onProgress);
  try {
    return await wait();
  } catch (thrown) {
    throw toRunFailure(thrown, task.sessionId);
  } finally {
    listening.dispose();
    reporter.dispose();
  }
}

async function follow(
  { engine, signal, sample }: ToolContext,
  task: Task<'run'>,
  { showWhole = false, ...call }: RunCallOptions,
): Promise<LoopOutcome> {
  const report = await task.follow({ sample, showWhole, ...call }, signal);
  const sessionId = await task.opened;
  if (report.status === 'completed') {
    const verbosity = await readVerbosity(engine, sessionId);
    return { ...report, verbosity };
  }
  const summary = await engine.sessions.readSummary(sessionId);
  const { usage, limits, shared, verbosity = 'normal' } = summary;
  const standing = { usage, limits, shared, verbosity, warnings: toRunWarnings(summary) };
  return { ...report, sessionId, iterations: task.iterations, ...standing };
}

/** A result is given even when its trace has been deleted. */
async function readVerbosity({ sessions }: Engine, sessionId: string): Promise<Verbosity> {
  const summary = await sessions.readSummary(sessionId).catch(() => null);
  return summary?.verbosity ?? 'normal';
}

function toRequest(
  { task, work, context }: LoopTask,
  args: LoopArgs,
): Omit<LoopRequest, 'client' | 'onProgress'> {
  return {
    task,
    work,
    context,
    title: '',
    language: args.language,
    backend: args.backend ?? null,
    image: args.image ?? null,
    maxIterations: args.max_iterations ?? null,
    model: args.model ?? null,
    subModel: args.sub_model ?? null,
    limits: toLimits({ config: args.config }),
    ...(args.verbosity !== 'normal' && { verbosity: args.verbosity }),
    parent: null,
  };
}
