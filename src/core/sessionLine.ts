// A session and those it works for, as far as they are live.

import type { Session } from './session';

interface LiveOnes {
  readonly live: readonly Pick<Session, 'id' | 'seed'>[];
}

/** The session, its parent, and so on up. A trace from elsewhere may name itself among its parents. */
export function readLine(sessions: LiveOnes, sessionId: string): readonly [string, ...string[]] {
  const parents: string[] = [];
  let id = findParent(sessions, sessionId);
  while (id !== null && id !== sessionId && !parents.includes(id)) {
    parents.push(id);
    id = findParent(sessions, id);
  }
  return [sessionId, ...parents];
}

/** Null too for a fork, which is work of its own, and where the session is not live: nothing of it can wait. */
function findParent(sessions: LiveOnes, sessionId: string): string | null {
  const seed = sessions.live.find(({ id }) => id === sessionId)?.seed;
  return seed?.sourceStep === null ? seed.parentSessionId : null;
}
