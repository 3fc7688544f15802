// One call that follows a step: to its end, or until it waits for its caller's answers. What is not told
// to the caller yet stays under the session's id in `engine.callerWorks`.

import type { KeptStep } from '../core/callerWorks';
import type { Engine } from '../core/engine';
import type { Session } from '../core/session';
import type { ReplayView } from './replayView';
import { type StepPayload, toStepView, toWaitingView } from './stepView';
import type { ToolContext } from './tool';

export async function nextStepTurn(
  { engine, signal, progress, sample }: ToolContext,
  kept: KeptStep,
  options: { readonly replay?: ReplayView | null; readonly showWhole?: boolean } = {},
): Promise<StepPayload> {
  const { session, work } = kept;
  const { replay = null, showWhole = false } = options;
  const heartbeat = progress.startHeartbeat((elapsedMs) => toBeatText(session, elapsedMs));
  let isOver = true;
  try {
    const call = { sample, waitMs: null, onAbort: 'cancel', showWhole } as const;
    const turn = await work.next(call, signal);
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

/**
 * Call it before work that would queue up behind a step which waits for its caller.
 * @throws RlmError 'INVALID_INPUT' while the session waits, or one that it is a child of.
 */
export function requireFree(engine: Engine, sessionId: string): void {
  engine.callerWorks.requireFree(readLine(engine, sessionId));
}

/** The session, its parent, and so on up. */
export function readLine(engine: Engine, sessionId: string): readonly [string, ...string[]] {
  const parents: string[] = [];
  for (let id = findParent(engine, sessionId); id !== null; id = findParent(engine, id)) {
    parents.push(id);
  }
  return [sessionId, ...parents];
}

/** Null too where the session is not live: then nothing of it can wait. */
function findParent({ sessions }: Engine, sessionId: string): string | null {
  return sessions.live.find(({ id }) => id === sessionId)?.seed.parentSessionId ?? null;
}

function toBeatText(session: Session, elapsedMs: number): string {
  const { running, usage } = session.summary;
  const seconds = Math.floor(elapsedMs / 1_000);
  return `step ${usage.steps + 1} ${running ? 'running' : 'waiting'}, ${seconds} s`;
}
