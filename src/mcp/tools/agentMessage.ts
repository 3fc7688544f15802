// agent_message: tells a running agent something, or gives it its next turn.

import * as z from 'zod';
import { agentIdField, agentStatusField, requireAgents, throwIfBlank } from '../agentFields';
import { defineTool } from '../tool';

const output = z.object({ session_id: z.string(), status: agentStatusField });

export const agentMessage = defineTool({
  name: 'agent_message',
  set: 'agents',
  title: 'Tell an agent something',
  description:
    'Tells an agent something: a running one is steered at once, one that has completed its turn begins ' +
    'another. Use it to correct or to go on. Costs tokens of the user. Next: summarize_session with wait_ms.',
  input: z.strictObject({
    session_id: agentIdField,
    text: z.string().min(1).max(50_000).describe('What to tell it.'),
  }),
  output,
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run(context, { session_id: sessionId, text }) {
    throwIfBlank('text', text);
    const run = await requireAgents(context).tell(sessionId, text);
    return { session_id: run.id, status: run.status };
  },
  toMarkdown: ({ session_id: id, status }) => `Told ${id}, which is ${status}.`,
});
