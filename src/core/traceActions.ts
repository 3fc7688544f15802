// The words for what an event of a trace tells, as clients read and search them. Pure.

import { type AgentEvent, isAgentEvent, type TraceEvent } from './event';

/** Source: the tool contract, rlm_get_trace. */
export const traceActions = [
  ...(['init_context', 'add_context', 'run_repl', 'llm_query', 'rlm_query', 'loop'] as const),
  ...(['finalize', 'stop', 'resume', 'fork', 'close', 'file', 'shell'] as const),
  ...(['message', 'command', 'diff', 'approval', 'note', 'summary'] as const),
  ...(['state', 'tool', 'checklist', 'delegate', 'error', 'audit'] as const),
];
export type TraceAction = (typeof traceActions)[number];

const agentActions: Readonly<Record<AgentEvent['kind'], TraceAction>> = {
  'agent.changed': 'state',
  'agent.said': 'message',
  'agent.started': 'command',
  'agent.ran': 'command',
  'agent.edited': 'diff',
  'agent.called': 'tool',
  'agent.asked': 'approval',
  'agent.decided': 'approval',
  'agent.noted': 'note',
  'agent.checked': 'checklist',
  'agent.summarized': 'summary',
  'agent.delegated': 'delegate',
  'agent.failed': 'error',
  'agent.audited': 'audit',
  'agent.refused': 'error',
};

/** `sessionId`: whose trace it is. */
export function toEventAction(event: TraceEvent, sessionId: string): TraceAction {
  if (isAgentEvent(event)) {
    return agentActions[event.kind];
  }
  switch (event.kind) {
    case 'session.opened':
      return 'init_context';
    case 'step.started':
    case 'step.finished':
      return 'run_repl';
    case 'context.loaded':
      return 'add_context';
    case 'model.answered':
      return event.purpose === 'loop'
        ? 'loop'
        : event.childSessionId === null
          ? 'llm_query'
          : 'rlm_query';
    case 'loop.started':
    case 'loop.finished':
      return 'loop';
    case 'session.finalized':
      return 'finalize';
    case 'session.stopped':
      return 'stop';
    case 'session.replayed':
      return event.sourceSessionId === sessionId ? 'resume' : 'fork';
    case 'session.closed':
      return 'close';
    case 'file.written':
      return 'file';
    case 'shell.finished':
      return 'shell';
  }
}
