// How an agent's entry stands: what its colour and its icon say.

import type { ActionResult, Decision } from '../../src/core/agent/agentEvent';
import type { AgentStatus } from '../../src/core/agent/agentState';
import type { AgentEntry } from './agentEntries';

/** `waiting`: for a person. `muted`: there is nothing to judge, or it is not known. */
export type AgentTone = 'ok' | 'error' | 'stopped' | 'running' | 'waiting' | 'muted';

const resultTones: Readonly<Record<ActionResult, AgentTone>> = {
  ok: 'ok',
  failed: 'error',
  refused: 'stopped',
  interrupted: 'stopped',
  unknown: 'muted',
};

const decisionTones: Readonly<Record<Decision, AgentTone>> = {
  accept: 'ok',
  decline: 'stopped',
  cancel: 'stopped',
};

const statusTones: Readonly<Record<AgentStatus, AgentTone>> = {
  queued: 'muted',
  preparing: 'muted',
  running: 'muted',
  awaiting_approval: 'muted',
  completed: 'ok',
  failed: 'error',
  terminated: 'stopped',
  interrupted: 'stopped',
};

export function toAgentTone({ last }: AgentEntry): AgentTone {
  switch (last.kind) {
    case 'agent.started':
      return 'running';
    case 'agent.ran':
    case 'agent.edited':
    case 'agent.called':
      return resultTones[last.result];
    case 'agent.asked':
      return 'waiting';
    case 'agent.decided':
      return decisionTones[last.decision];
    case 'agent.changed':
      return statusTones[last.to];
    case 'agent.delegated':
      return last.childStatus === 'running' ? 'running' : statusTones[last.childStatus];
    case 'agent.checked':
      return 'ok';
    case 'agent.failed':
      return 'error';
    case 'agent.refused':
      return 'stopped';
    case 'agent.said':
    case 'agent.noted':
    case 'agent.summarized':
    case 'agent.audited':
      return 'muted';
  }
}
