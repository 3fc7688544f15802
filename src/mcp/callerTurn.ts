// One turn of a step whose prompts the caller may have to answer: to its end, or until it waits.

import type { KeptWork } from '../core/callerWork';
import type { Session } from '../core/session';
import type { ReplayView } from './replayView';
import { type StepPayload, toStepView, toWaitingView } from './stepView';
import type { ToolContext } from './tool';

/** What is not told to the caller yet stays under the session's id in `engine.callerWorks`. */
export async function nextStepTurn(
  { engine, signal, progress }: ToolContext,
  kept: KeptWork,
  replay: ReplayView | null,
): Promise<StepPayload> {
  const { session, work } = kept;
  engine.callerWorks.add(session.id, kept);
  const heartbeat = progress.startHeartbeat((elapsedMs) => toBeatText(session, elapsedMs));
  let isOver = true;
  try {
    const turn = await work.next(signal);
    isOver = turn.kind === 'ended';
    return turn.kind === 'ended'
      ? toStepView(turn.result, session, replay)
      : toWaitingView(turn, session, replay);
  } finally {
    heartbeat.dispose();
    if (isOver) {
      engine.callerWorks.delete(session.id, kept);
    }
  }
}

function toBeatText(session: Session, elapsedMs: number): string {
  const { running, usage } = session.summary;
  const seconds = Math.floor(elapsedMs / 1_000);
  return `step ${usage.steps + 1} ${running ? 'running' : 'waiting'}, ${seconds} s`;
}
