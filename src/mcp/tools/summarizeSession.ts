// summarize_session: what an agent has done, and what is open.

import * as z from 'zod';
import { toFence, toInlineCode } from '../../base/markdown';
import {
  agentIdField,
  agentStatusField,
  agentUsageSchema,
  approvalSchema,
  requireAgents,
  toApprovalViews,
} from '../agentFields';
import { readWaiting } from '../agentWaiting';
import { toAgentUsageView } from '../agentView';
import { fitPayload } from '../fit';
import { cutSchema } from '../fields';
import { defineTool } from '../tool';

const output = z.object({
  session_id: z.string(),
  status: agentStatusField,
  approvals: z.array(approvalSchema),
  summary: z.string().describe('What was done, files, commands, tests, open questions.'),
  narrative: z.string().optional().describe('The newest in a model’s words, where one is set up.'),
  checklist: z.array(
    z.object({
      id: z.string(),
      description: z.string(),
      done: z.boolean(),
      by_event: z.number().nullable().describe('Number of the event in the trace that did it.'),
    }),
  ),
  usage: agentUsageSchema,
  children: z.array(
    z.object({ session_id: z.string(), profile_id: z.string(), status: agentStatusField }),
  ),
  branch: z.string().nullable(),
  workspace: z.string().nullable(),
  truncated: z.boolean(),
  cut: cutSchema,
});

export const summarizeSession = defineTool({
  name: 'summarize_session',
  set: 'agents',
  title: 'Summarize an agent run',
  description:
    'Says what an agent run has done so far, what it waits for, and which items of its checklist are done ' +
    'by which event. wait_ms waits for its end first, or for what it asks of a person. Costs nothing. Next: agent_message, approve_agent ' +
    '(with the user), terminate_session; rlm_get_trace for everything.',
  input: z.strictObject({
    session_id: agentIdField,
    narrative: z.boolean().default(true).describe('false: without a model’s words.'),
    wait_ms: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(0)
      .describe('Wait so long for it to rest or ask.'),
  }),
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(context, { session_id: sessionId, wait_ms: waitMs, narrative }) {
    const agents = requireAgents(context);
    const { signal, askPerson } = context;
    const read = await readWaiting(sessionId, { agents, askPerson, waitMs, signal });
    const { payload, cut } = fitPayload(
      {
        session_id: sessionId,
        status: read.status,
        approvals: read.run ? toApprovalViews(read.run) : [],
        summary: read.facts,
        ...(narrative && read.narrative !== null && { narrative: read.narrative }),
        checklist: read.checklist.map(({ id, description, isDone, byEvent }) => ({
          id,
          description,
          done: isDone,
          by_event: byEvent,
        })),
        usage: toAgentUsageView(read.usage),
        children: read.children.map((child) => ({
          session_id: child.sessionId,
          profile_id: child.profileId,
          status: child.status,
        })),
        branch: read.place?.branch ?? null,
        workspace: read.place?.folder ?? null,
      },
      ['summary', 'narrative', 'children'],
    );
    return { ...payload, truncated: cut.length > 0, cut };
  },
  toMarkdown: ({ session_id: id, status, summary, narrative, checklist, approvals, branch }) =>
    [
      `## Agent ${toInlineCode(id)}: ${status}`,
      toFence(summary),
      ...(narrative === undefined ? [] : [toFence(narrative)]),
      ...checklist.map(
        ({ id: item, description, done }) => `- [${done ? 'x' : ' '}] ${item}: ${description}`,
      ),
      ...(approvals.length === 0
        ? []
        : [`**Waits for ${approvals.length} approvals of a person.**`]),
      ...(branch === null ? [] : [`Branch ${toInlineCode(branch)}.`]),
    ].join('\n\n'),
});
