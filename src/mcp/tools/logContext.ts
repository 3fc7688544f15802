// log_context: puts a note into the trace of an agent run.

import * as z from 'zod';
import { agentIdField, requireAgents } from '../agentFields';
import { defineTool } from '../tool';

export const logContext = defineTool({
  name: 'log_context',
  set: 'agents',
  title: 'Note something about an agent run',
  description:
    'Puts a note with tags into the trace of an agent run at work, for whoever reads it later: a decision, ' +
    'a finding, a question that is open. Costs nothing, and the agent is not told. Next: agent_message ' +
    'where it should know.',
  input: z.strictObject({
    session_id: agentIdField,
    note: z.string().min(1).max(20_000).describe('What to remember.'),
    tags: z.array(z.string().min(1).max(50)).max(20).default([]).describe('Words to find it by.'),
  }),
  output: z.object({ id: z.string().describe('Of the event: session and its number.') }),
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  async run(context, { session_id: sessionId, note, tags }) {
    const number = await requireAgents(context).note(sessionId, note, tags);
    return { id: `${sessionId}:${number}` };
  },
  toMarkdown: ({ id }) => `Noted as ${id}.`,
});
