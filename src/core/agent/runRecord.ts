// What the trace of an agent run says of it, whichever engine wrote it.

import { RlmError } from '../errors';
import type { AgentOpened, TraceEvent } from '../event';
import { isAgentEvent } from '../event';
import { pageEvents, type TraceStore } from '../traceStore';
import type { AgentEventBody, AgentUsage } from './agentEvent';
import { AgentFacts, toFactsText } from './agentFacts';
import type { AgentStatus } from './agentState';
import { actionKinds } from './agentTrace';
import type { EarlierRun } from './run/runParts';
import type { WorkspacePlace } from './workspaces';

/** An event of the run, and its number in the trace. */
export interface Recorded {
  readonly body: AgentEventBody;
  readonly number: number;
  readonly standing: AgentOpened['agentStanding'];
}

export interface RunRecord {
  readonly opened: AgentOpened;
  readonly events: number;
  readonly earlier: EarlierRun;
  readonly bodies: readonly Recorded[];
}

/** @throws RlmError 'AGENT_NOT_FOUND' */
export async function readRecord(traces: TraceStore, sessionId: string): Promise<RunRecord> {
  const events: TraceEvent[] = [];
  let cursor: string | null = null;
  do {
    const page = await traces.readEvents(sessionId, {
      fromStep: null,
      toStep: null,
      cursor,
      limit: pageEvents,
    });
    events.push(...page.events);
    cursor = page.nextCursor;
  } while (cursor !== null);
  const [opened] = events;
  if (opened?.kind !== 'session.opened' || !opened.agent) {
    throw new RlmError('AGENT_NOT_FOUND', `The trace of run ${sessionId} has no beginning.`, {
      nextStep: 'Read what is left of it with rlm_get_trace, and spawn a new agent.',
    });
  }
  const bodies = events.flatMap((event, number) =>
    isAgentEvent(event) ? [{ body: event, number, standing: event.agentStanding }] : [],
  );
  const changes = bodies.map(({ body }) => body).filter((body) => body.kind === 'agent.changed');
  const decided = new Set(
    bodies.map(({ body }) => (body.kind === 'agent.decided' ? body.approvalId : null)),
  );
  const place = changes.findLast(({ workspace }) => workspace !== null);
  return {
    opened,
    events: events.length,
    bodies,
    earlier: {
      status: changes.at(-1)?.to ?? 'queued',
      undecided: bodies.flatMap(({ body }) =>
        body.kind === 'agent.asked' && !decided.has(body.approvalId) ? [body.approvalId] : [],
      ),
      threadId: changes.findLast(({ threadId }) => threadId !== null)?.threadId ?? null,
      place: place?.workspace
        ? { folder: place.workspace, branch: place.branch, container: place.container }
        : null,
    },
  };
}

export function countActions(bodies: readonly Recorded[]): number {
  return bodies.filter(({ body }) => actionKinds.has(body.kind)).length;
}

export interface DoneSoFar {
  readonly status: AgentStatus;
  readonly usage: AgentUsage;
  readonly checklist: readonly {
    readonly id: string;
    readonly description: string;
    readonly isDone: boolean;
    readonly byEvent: number | null;
  }[];
  readonly children: readonly {
    readonly sessionId: string;
    readonly profileId: string;
    readonly status: AgentStatus;
  }[];
  readonly place: WorkspacePlace | null;
  /** Plain text. */
  readonly facts: string;
  /** The newest that a model wrote; null: none is on record. */
  readonly narrative: string | null;
}

/** @throws RlmError 'AGENT_NOT_FOUND' */
export async function readDoneSoFar(traces: TraceStore, sessionId: string): Promise<DoneSoFar> {
  const summary = await traces.readSummary(sessionId);
  if (!summary?.agent) {
    throw new RlmError('AGENT_NOT_FOUND', `There is no agent run ${sessionId}.`, {
      nextStep: 'List runs with list_agents.',
    });
  }
  const record = await readRecord(traces, sessionId);
  const facts = new AgentFacts();
  const done = new Map<string, number | null>();
  const children = new Map<string, DoneSoFar['children'][number]>();
  for (const { body } of record.bodies) {
    facts.take(body);
    if (body.kind === 'agent.checked') {
      done.set(body.item, body.byEvent);
    } else if (body.kind === 'agent.delegated') {
      const { childSessionId, profileId, childStatus } = body;
      children.set(childSessionId, { sessionId: childSessionId, profileId, status: childStatus });
    }
  }
  const status = summary.status as AgentStatus; // an agent run has no other
  const { usage } = summary.agent;
  const checklist = summary.agent.checklist.map((item) => ({
    ...item,
    isDone: done.has(item.id),
    byEvent: done.get(item.id) ?? null,
  }));
  const narrated = record.bodies.findLast(
    ({ body }) => body.kind === 'agent.summarized' && body.narrative !== null,
  )?.body;
  return {
    status,
    usage,
    checklist,
    narrative: narrated?.kind === 'agent.summarized' ? narrated.narrative : null,
    children: [...children.values()],
    place: record.earlier.place,
    facts: toFactsText(facts.view, { status, usage, checklist: { all: checklist } }),
  };
}
