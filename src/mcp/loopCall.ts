// One call that starts or follows a run: to its end, until it waits for its caller's answers, or as long as
// the caller can wait.

import type { GivenContext } from '../core/context';
import { CallerRun, type RunRequest } from '../core/callerRun';
import type { LoopWork } from '../core/loop';
import type { Language } from '../core/sandbox';
import { type limitsInput, toLimits } from './limitsInput';
import { createLoopReporter } from './loopProgress';
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
  const { loops, clock, callerWorks } = engine;
  const waitMs = args.wait_ms ?? null;
  const canSample = sample !== null;
  const run = new CallerRun(toRequest(given, args), { loops, clock, canSample, waitMs });
  return followRun(context, run, async () => {
    const calledAt = clock.monotonic();
    const kept = { kind: 'run', run, work: run.work } as const;
    void run.opened.then(
      (sessionId) => callerWorks.add(sessionId, kept),
      () => undefined, // told by the call
    );
    const sessionId = await run.untilOpened(signal);
    const openedMs = clock.monotonic() - calledAt;
    const leftMs = waitMs === null ? null : Math.max(0, waitMs - openedMs);
    return takeTurn(context, run, { sessionId, waitMs: leftMs, onAbort: run.onAbort });
  });
}

interface RunTurnOptions {
  readonly sessionId: string;
  /** Null: to the run's end, or until it waits for answers. */
  readonly waitMs: number | null;
  /** What aborting the call does to the run. */
  readonly onAbort: 'cancel' | 'leave';
  readonly showWhole?: boolean;
}

export function nextRunTurn(
  context: ToolContext,
  run: CallerRun,
  options: RunTurnOptions,
): Promise<LoopOutcome> {
  return followRun(context, run, () => takeTurn(context, run, options));
}

async function followRun<T>(
  { progress }: ToolContext,
  run: CallerRun,
  follow: () => Promise<T>,
): Promise<T> {
  const reporter = createLoopReporter(progress, run);
  const listening = run.onDidProgress(reporter.onProgress);
  try {
    return await follow();
  } finally {
    listening.dispose();
    reporter.dispose();
  }
}

async function takeTurn(
  { engine, signal, sample }: ToolContext,
  run: CallerRun,
  { sessionId, showWhole = false, ...call }: RunTurnOptions,
): Promise<LoopOutcome> {
  const turn = await run.work.next({ sample, showWhole, ...call }, signal);
  if (turn.kind === 'ended') {
    return turn;
  }
  const { usage, limits } = await engine.sessions.readSummary(sessionId);
  return { ...turn, sessionId, iterations: run.iterations, usage, limits };
}

function toRequest({ task, work, context }: LoopTask, args: LoopArgs): RunRequest {
  return {
    task,
    work,
    context,
    title: '',
    language: args.language,
    maxIterations: args.max_iterations ?? null,
    model: args.model ?? null,
    subModel: args.sub_model ?? null,
    limits: toLimits({ config: args.config }),
    parent: null,
  };
}
