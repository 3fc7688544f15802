// approve_agent: a person's answer to what an agent asks for.

import * as z from 'zod';
import { decisions } from '../../core/agent/agentEvent';
import { agentIdField, agentStatusField, requireAgents } from '../agentFields';
import { countField } from '../fields';
import { defineTool } from '../tool';

const output = z.object({
  session_id: z.string(),
  status: agentStatusField,
  waiting_for: countField,
});

export const approveAgent = defineTool({
  name: 'approve_agent',
  set: 'agents',
  title: 'Answer an agent’s approval',
  description:
    'Answers an approval that an agent waits for. Only for the person: show the command or diff to the ' +
    'user and ask first; never answer by yourself. accept: it is done once; decline: the agent goes on ' +
    'without; cancel: its turn ends. Unanswered ones are declined at their deadline. Next: summarize_session.',
  input: z.strictObject({
    session_id: agentIdField,
    approval_id: z.string().min(1).max(200).describe('As summarize_session shows it.'),
    decision: z.enum(decisions).describe('What the user has said.'),
    note: z.string().max(2_000).optional().describe('Told to the agent.'),
  }),
  output,
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run(context, { session_id: sessionId, approval_id: approvalId, decision, note }) {
    const answer = { approvalId, decision, note: note ?? null };
    const run = requireAgents(context).decide(sessionId, answer);
    return { session_id: run.id, status: run.status, waiting_for: run.approvals.length };
  },
  toMarkdown: ({ session_id: id, status, waiting_for: left }) =>
    `Answered. Agent ${id} is ${status}; ${left} more approvals wait.`,
});
