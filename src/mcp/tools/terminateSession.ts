// terminate_session: stops an agent run and everything it has started.

import * as z from 'zod';
import { agentIdField, agentStatusField, requireAgents } from '../agentFields';
import { defineTool } from '../tool';

const output = z.object({
  session_id: z.string(),
  status: agentStatusField,
  left_behind: z.array(z.string()).describe('Branches and folders with work in them.'),
});

export const terminateSession = defineTool({
  name: 'terminate_session',
  set: 'agents',
  title: 'Stop an agent',
  description:
    'Stops an agent run, its children and all commands they have started; what it changed is kept on its ' +
    'branch. Use it when the user wants it to stop. Costs nothing. Next: summarize_session; spawn_agent ' +
    'with resume_session_id goes on with it.',
  input: z.strictObject({
    session_id: agentIdField,
    reason: z.string().max(1_000).default('The user stopped it.').describe('For the record.'),
  }),
  output,
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run(context, { session_id: sessionId, reason }) {
    const { status, leftBehind } = await requireAgents(context).terminate(sessionId, reason);
    return { session_id: sessionId, status, left_behind: [...leftBehind] };
  },
  toMarkdown: ({ session_id: id, status, left_behind: left }) =>
    [`Agent ${id}: ${status}.`, ...left.map((one) => `- kept: ${one}`)].join('\n'),
});
