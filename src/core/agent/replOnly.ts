// Where a session with a REPL is needed and an agent run was named.

import { RlmError } from '../errors';
import type { ReplSummary, Summary } from '../summary';

export function agentRunError(sessionId: string): RlmError {
  return new RlmError(
    'INVALID_INPUT',
    `Session ${sessionId} is an agent run: it has no REPL, variables or files.`,
    {
      nextStep:
        'Follow it with rlm_wait or rlm_get_trace, tell it something with agent_message, or ask what it did with summarize_session.',
    },
  );
}

/** @throws RlmError 'INVALID_INPUT' for an agent run. */
export function requireRepl(summary: Summary): ReplSummary {
  if (summary.agent) {
    throw agentRunError(summary.sessionId);
  }
  return summary;
}
