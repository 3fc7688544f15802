// One call that follows a step: to its end, or until it needs its caller's answers. What its caller has not
// been told yet stays in `engine.tasks`.

import type { Engine } from '../core/engine';
import type { Session } from '../core/session';
import { readLine } from '../core/sessionLine';
import type { StepInput } from '../core/stepRun';
import { Task } from '../core/task/task';
import type { ReplayView } from './replayView';
import type { StepPayload } from './stepFields';
import { toStepReply, toWaitingReply } from './stepView';
import type { Shown, ToolContext } from './tool';

/**
 * Runs a step to its end, or until it needs its caller's answers.
 * @throws RlmError 'INVALID_INPUT' while the session waits for answers or a run works in it.
 */
export function callStep(
  context: ToolContext,
  session: Session,
  { replay, ...input }: StepInput & { readonly replay: ReplayView | null },
): Promise<Shown<StepPayload>> {
  const { engine, sample } = context;
  const start = (): Task<'step'> =>
    new Task({
      kind: 'step',
      sessionId: session.id,
      clock: engine.clock,
      canSample: sample !== null,
      waitMs: null,
      start: (caller, stepSignal) =>
        session.runStep({ ...input, client: caller.client, onStart: caller.onStart }, stepSignal),
    });
  const task = engine.tasks.startStep(readLine(engine.sessions, session.id), start);
  return followStep(context, task, { replay });
}

export async function followStep(
  { engine, signal, progress, sample }: ToolContext,
  task: Task<'step'>,
  options: { readonly replay?: ReplayView | null; readonly showWhole?: boolean } = {},
): Promise<Shown<StepPayload>> {
  const { replay = null, showWhole = false } = options;
  const sessionId = await task.opened;
  const heartbeat = progress.startHeartbeat((elapsedMs) =>
    toBeatText(findLive(engine, sessionId), elapsedMs),
  );
  let isTold = true;
  try {
    const call = { sample, waitMs: null, ownsTask: true, showWhole } as const;
    const report = await task.follow(call, signal);
    isTold = report.status === 'completed';
    const summary = await engine.sessions.readSummary(sessionId);
    return report.status === 'completed'
      ? toStepReply(report.result, summary, replay)
      : toWaitingReply(report, summary, replay);
  } finally {
    heartbeat.dispose();
    if (isTold) {
      engine.tasks.delete(task);
    }
  }
}

/**
 * Call it before work that would queue up behind a step which waits for its caller.
 * @throws RlmError 'INVALID_INPUT' while the session waits, or one that it is a child of.
 */
export function requireFree(engine: Engine, sessionId: string): void {
  engine.tasks.requireFree(readLine(engine.sessions, sessionId));
}

/**
 * Does work that waits in the session until its step has ended.
 * @throws RlmError 'INVALID_INPUT' when that step waits, or comes to wait, for its caller's answers.
 */
export function runQueued<T>(
  { engine, signal }: Pick<ToolContext, 'engine' | 'signal'>,
  sessionId: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const isQueued = (): boolean => findLive(engine, sessionId)?.summary.running ?? false;
  return engine.tasks.runQueued(readLine(engine.sessions, sessionId), { isQueued, signal }, work);
}

/** Whether a step of the session runs that waits, itself or in a child, for its caller's answers. */
export function waitsInStep(engine: Engine, sessionId: string): boolean {
  const isRunning = findLive(engine, sessionId)?.summary.running ?? false;
  return (
    isRunning && readLine(engine.sessions, sessionId).some((id) => engine.tasks.isInputRequired(id))
  );
}

function findLive({ sessions }: Engine, sessionId: string): Session | undefined {
  return sessions.live.find(({ id }) => id === sessionId);
}

function toBeatText(session: Session | undefined, elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1_000);
  if (!session) {
    return `${seconds} s`;
  }
  const { running, usage } = session.summary;
  return `step ${usage.steps + 1} ${running ? 'running' : 'waiting'}, ${seconds} s`;
}
