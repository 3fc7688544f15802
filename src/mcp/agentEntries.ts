// What each event of an agent run says in a page of its trace. Pure.

import { toAgentLine } from '../core/agent/agentWords';
import type { ActionResult } from '../core/agent/agentEvent';
import type { AgentStatus } from '../core/agent/agentState';
import type { AgentEvent } from '../core/event';
import { toSnakeKeys } from '../base/keys';
import type { Described, ResultStatus } from './traceWords';

/** What every event has; a page tells it of its entries already. */
const headerFields = new Set<string>([
  ...([
    'at',
    'step',
    'status',
    'usage',
    'kind',
    'shared',
    'requestId',
    'user',
    'agentStanding',
  ] as const),
]);

export function describeAgentEvent(event: AgentEvent): Described {
  const { title, detail } = toAgentLine(event);
  const body = Object.fromEntries(
    Object.entries(event).filter(([field]) => !headerFields.has(field)),
  );
  return {
    status: toResultStatus(event),
    summary: detail === '' ? title : `${title}: ${detail}`,
    detail: toSnakeKeys(body) as Readonly<Record<string, unknown>>, // the keys of an object
    ...('droppedChars' in event && { dropped: { text: event.droppedChars } }),
  };
}

function toResultStatus(event: AgentEvent): ResultStatus {
  if ('result' in event) {
    return resultStatuses[event.result];
  }
  if (event.kind === 'agent.changed') {
    return stateResults[event.to] ?? 'ok';
  }
  if (event.kind === 'agent.decided') {
    return event.decision === 'accept' ? 'ok' : 'stopped';
  }
  if (event.kind === 'agent.started' || event.kind === 'agent.asked') {
    return 'running';
  }
  return event.kind === 'agent.failed' || event.kind === 'agent.refused' ? 'error' : 'ok';
}

const stateResults: Readonly<Partial<Record<AgentStatus, ResultStatus>>> = {
  failed: 'error',
  terminated: 'stopped',
  interrupted: 'stopped',
};

const resultStatuses: Readonly<Record<ActionResult, ResultStatus>> = {
  ok: 'ok',
  failed: 'error',
  refused: 'stopped',
  interrupted: 'stopped',
  unknown: 'error',
};
