// What the resources of agents show: profiles, the checklist of a run, and what happened in it, a line each.

import { toClientAgents } from '../core/agent/callerAgents';
import { toAgentLine } from '../core/agent/agentWords';
import type { Engine } from '../core/engine';
import { isAgentEvent } from '../core/event';
import { toEventAction } from '../core/traceActions';
import { requireAgents } from './agentFields';
import { toAgentLimitsView } from './agentView';
import { cutJsonList } from './fit';

const maxListChars = 90_000;
const maxTimeline = 200;
const maxTimelineChars = 40_000;

/** Resources are for the engine's user: an agent's connection has none. */
function toClient({ agents }: Engine) {
  return { agents: agents && toClientAgents(agents) };
}

export async function readProfiles(engine: Engine) {
  const { profiles, broken } = await requireAgents(toClient(engine)).listProfiles();
  const views = profiles.map((profile) => ({
    profile_id: profile.id,
    title: profile.title,
    description: profile.description,
    model: profile.model,
    sandbox: profile.sandbox,
    approvals: profile.approvals.mode,
    isolation: profile.workspace.isolation,
    network: profile.network,
    goalset: profile.goalset,
    constraints: profile.constraints,
    checklist: profile.checklist.map(({ id, description }) => ({ id, description })),
    limits: toAgentLimitsView(profile.limits),
    may_spawn: profile.maySpawn,
    from: profile.sources,
  }));
  const shown = cutJsonList(views, maxListChars);
  return {
    profiles: shown,
    broken_profiles: cutJsonList(
      broken.map(({ message }) => message),
      maxListChars / 10,
    ),
    ...(shown.length < views.length && { truncated: true, total: views.length }),
  };
}

/** @throws RlmError 'AGENT_NOT_FOUND' */
export async function readChecklist(engine: Engine, sessionId: string) {
  const { status, checklist } = await requireAgents(toClient(engine)).read(sessionId);
  return {
    session_id: sessionId,
    status,
    done: checklist.filter(({ isDone }) => isDone).length,
    items: checklist.map(({ id, description, isDone, byEvent }) => ({
      id,
      description,
      done: isDone,
      by_event: byEvent,
    })),
  };
}

/** The last events of an agent's trace by their numbers, and how many came before. */
export async function readTimeline(engine: Engine, sessionId: string) {
  const lines: object[] = [];
  let number = 0;
  let position: string | null = null;
  for (let isEnd = false; !isEnd;) {
    const piece = await engine.traces.readOn(sessionId, position);
    ({ position, isEnd } = piece);
    for (const event of piece.events) {
      if (isAgentEvent(event)) {
        const { title, detail } = toAgentLine(event);
        const at = new Date(event.at).toISOString();
        const action = toEventAction(event, sessionId);
        lines.push({
          id: `${sessionId}:${number}`,
          at,
          action,
          status: event.status,
          title,
          detail,
        });
      }
      number += 1;
    }
    lines.splice(0, lines.length - maxTimeline);
  }
  const newest = cutJsonList(lines.toReversed(), maxTimelineChars).toReversed();
  return { timeline: newest, total_events: number };
}
