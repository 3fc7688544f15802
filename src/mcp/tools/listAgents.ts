// list_agents: the profiles there are, and the runs of this home.

import * as z from 'zod';
import type { CallerAgents } from '../../core/agent/callerAgents';
import type { SummaryPage, TraceStore } from '../../core/traceStore';
import { toInlineCode, toTable } from '../../base/markdown';
import { agentStatusField, agentUsageSchema, requireAgents } from '../agentFields';
import { toAgentLimitsView, toAgentUsageView } from '../agentView';
import { countField, isoTimeField } from '../fields';
import { defineTool } from '../tool';

const maxRuns = 50;
const pageSize = 200;

const limitsSchema = z.record(z.string(), z.number());

const output = z.object({
  runs: z.array(
    z.object({
      session_id: z.string(),
      profile_id: z.string(),
      title: z.string(),
      status: agentStatusField,
      waiting_for: countField.describe('Approvals that a person must answer.'),
      queue_place: z.number().nullable(),
      parent_session_id: z.string().nullable(),
      usage: agentUsageSchema,
      started_at: isoTimeField,
    }),
  ),
  profiles: z.array(
    z.object({
      profile_id: z.string(),
      title: z.string(),
      description: z.string(),
      sandbox: z.string(),
      isolation: z.string(),
      limits: limitsSchema,
    }),
  ),
  broken_profiles: z.array(z.string()).describe('Files that cannot be read, with what is wrong.'),
});

export const listAgents = defineTool({
  name: 'list_agents',
  set: 'agents',
  title: 'List agents',
  description:
    'Lists the profiles that agents can be spawned by, and the last 50 agent runs with status and usage. ' +
    'Use it before spawn_agent, and to see which runs wait for a person. Costs nothing. Next: spawn_agent ' +
    'with a profile_id, summarize_session on a run.',
  input: z.strictObject({
    status: agentStatusField.optional().describe('Only runs of this status.'),
  }),
  output,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(context, { status }) {
    const agents = requireAgents(context);
    const { profiles, broken } = await agents.listProfiles();
    return {
      runs: await listRuns(context.engine.traces, agents, status ?? null),
      profiles: profiles.map((profile) => ({
        profile_id: profile.id,
        title: profile.title,
        description: profile.description,
        sandbox: profile.sandbox,
        isolation: profile.workspace.isolation ?? 'worktree, else folder',
        limits: toAgentLimitsView(profile.limits),
      })),
      broken_profiles: broken.map(({ message }) => message),
    };
  },
  toMarkdown: ({ runs, profiles, broken_profiles: broken }) =>
    [
      '## Agent runs',
      ...(runs.length === 0 ? ['None.'] : []),
      ...toTable(
        ['session', 'profile', 'title', 'status', 'waits for you'],
        runs.map((run) => [
          run.session_id,
          run.profile_id,
          run.title,
          run.status,
          String(run.waiting_for),
        ]),
      ),
      '## Profiles',
      ...toTable(
        ['profile', 'what for', 'may'],
        profiles.map((one) => [one.profile_id, one.description, one.sandbox]),
      ),
      ...broken.map(toInlineCode),
    ].join('\n\n'),
});

async function listRuns(
  traces: TraceStore,
  agents: CallerAgents,
  status: z.output<typeof agentStatusField> | null,
) {
  const runs: z.output<typeof output>['runs'] = [];
  let cursor: string | null = null;
  do {
    const page: SummaryPage = await traces.listSummaries({ status, limit: pageSize, cursor });
    for (const summary of page.summaries) {
      if (summary.agent && runs.length < maxRuns && (await agents.sees(summary))) {
        const { agent } = summary;
        runs.push({
          session_id: summary.sessionId,
          profile_id: agent.profileId,
          title: summary.title,
          status: summary.status as z.output<typeof agentStatusField>, // an agent has no other
          waiting_for: agent.waitingFor,
          queue_place: agent.queuePlace,
          parent_session_id: summary.parentSessionId,
          usage: toAgentUsageView(agent.usage),
          started_at: new Date(summary.createdAt).toISOString(),
        });
      }
    }
    cursor = runs.length < maxRuns ? page.nextCursor : null;
  } while (cursor !== null);
  return runs;
}
