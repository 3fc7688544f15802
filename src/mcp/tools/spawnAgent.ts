// spawn_agent: starts an agent by a profile, or goes on with one that has ended.

import * as z from 'zod';
import { toInlineCode } from '../../base/markdown';
import type { AgentRun } from '../../core/agent/agentRun';
import { approvalModes, isolations, sandboxModes } from '../../core/agent/permissions';
import {
  agentIdField,
  agentStatusField,
  approvalSchema,
  requireAgents,
  throwIfBlank,
  toApprovalViews,
} from '../agentFields';
import { createInvalidInput } from '../invalidInput';
import { readWaiting } from '../agentWaiting';
import { defineTool } from '../tool';

const amount = (help: string) => z.int().min(0).optional().describe(help);

const input = z.strictObject({
  profile_id: z
    .string()
    .max(64)
    .optional()
    .describe('As list_agents has it. Not with resume_session_id.'),
  custom_prompt: z.string().min(1).max(50_000).describe('What to do, or to go on with.'),
  goalset: z
    .array(z.string().min(1).max(1_000))
    .max(50)
    .default([])
    .describe('Goals beside those of the profile.'),
  inputs: z
    .record(z.string().max(100), z.string().max(20_000))
    .default({})
    .describe('Texts or paths, by the names that the prompt calls them.'),
  working_dir: z.string().max(4_096).optional().describe('Left out: the engine’s own folder.'),
  isolation: z
    .enum(isolations)
    .optional()
    .describe('Left out: a worktree where there is a repository, else the folder.'),
  flags: z
    .strictObject({
      model: z.string().max(200).optional().describe('Left out: as configured.'),
      sandbox: z.enum(sandboxModes).optional().describe('What its commands may do.'),
      approvals: z.enum(approvalModes).optional().describe('When it asks a person.'),
      network: z.boolean().optional().describe('For its commands.'),
    })
    .default({})
    .describe('Only less than the profile allows.'),
  limits: z
    .strictObject({
      tokens: amount('Of models.'),
      usd: amount('US dollars.'),
      turns: amount('Messages to it.'),
      wall_ms: amount('Time that it runs.'),
      commands: amount('Commands, patches and tool calls.'),
      children: amount('Agents it spawns.'),
      depth: amount('How deep they nest.'),
      idle_ms: amount('Without a sign of life.'),
    })
    .default({})
    .describe('Only less than the profile allows.'),
  resume_session_id: agentIdField.optional().describe('A run that has ended, to go on with.'),
  wait_ms: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(0)
    .describe('How long to wait for its end; 0: not at all.'),
});

const output = z.object({
  session_id: z.string(),
  status: agentStatusField,
  approvals: z.array(approvalSchema).describe('What it waits for a person to answer.'),
  events: z.array(z.string()).describe('The last of what happened, a line each.'),
  branch: z.string().nullable(),
  workspace: z.string().nullable(),
});

export const spawnAgent = defineTool({
  name: 'spawn_agent',
  set: 'agents',
  title: 'Spawn an agent',
  description:
    'Starts a Codex agent that works by itself on a task in a git worktree or folder, within the limits of ' +
    'its profile, and returns at once (wait_ms: waits). It costs tokens of the user. What it changes stays ' +
    'on a branch of its own; nothing is committed or pushed. With resume_session_id a run that has ended ' +
    'goes on. Next: summarize_session to follow it, agent_message to steer it, terminate_session to stop it.',
  input,
  output,
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run(context, args) {
    const agents = requireAgents(context);
    throwIfBlank('custom_prompt', args.custom_prompt);
    throwIfResumedAnew(args);
    const run = args.resume_session_id
      ? await agents.resume(args.resume_session_id, args.custom_prompt)
      : await agents.spawn(toRequest(args));
    if (args.wait_ms > 0) {
      const { signal, askPerson } = context;
      await readWaiting(run.id, { agents, askPerson, waitMs: args.wait_ms, signal });
    }
    return toRunView(run);
  },
  toMarkdown: ({ session_id: id, status, approvals, branch, events }) =>
    [
      `## Agent ${toInlineCode(id)}: ${status}`,
      ...(branch === null ? [] : [`Works on branch ${toInlineCode(branch)}.`]),
      ...(approvals.length === 0
        ? []
        : [`**Waits for ${approvals.length} approvals of a person.**`]),
      ...events.map((line) => `- ${line}`),
    ].join('\n\n'),
});

function toRunView(run: AgentRun): z.output<typeof output> {
  const place = run.place;
  return {
    session_id: run.id,
    status: run.status,
    approvals: toApprovalViews(run),
    events: [...run.trace.lastLines],
    branch: place?.branch ?? null,
    workspace: place?.folder ?? null,
  };
}

/** A run goes on as what it was spawned: what would be left out is refused. */
function throwIfResumedAnew(args: z.output<typeof input>): void {
  if (args.resume_session_id === undefined) {
    return;
  }
  const { profile_id, goalset, inputs, working_dir, isolation, flags, limits } = args;
  const anew = { profile_id, goalset, inputs, working_dir, isolation, flags, limits };
  const names = Object.entries(anew)
    .filter(([, value]) =>
      typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined,
    )
    .map(([name]) => name);
  if (names.length > 0) {
    throw createInvalidInput(
      `A run that is resumed keeps what it was spawned with: ${names.join(', ')}.`,
      'Leave these out, or spawn a new agent without resume_session_id.',
    );
  }
}

function toRequest(args: z.output<typeof input>) {
  const { flags, limits } = args;
  if (args.profile_id === undefined) {
    throw createInvalidInput(
      'Neither profile_id nor resume_session_id was given.',
      'Give the profile_id of one that list_agents shows.',
    );
  }
  const given = {
    tokens: limits.tokens,
    usd: limits.usd,
    turns: limits.turns,
    wallMs: limits.wall_ms,
    commands: limits.commands,
    children: limits.children,
    depth: limits.depth,
    idleMs: limits.idle_ms,
  };
  return {
    profileId: args.profile_id,
    task: args.custom_prompt,
    goals: args.goalset,
    inputs: args.inputs,
    folder: args.working_dir ?? null,
    isolation: args.isolation ?? null,
    flags: {
      model: flags.model ?? null,
      sandbox: flags.sandbox ?? null,
      approvals: flags.approvals ?? null,
      network: flags.network ?? null,
    },
    limits: Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, number] => entry[1] !== undefined),
    ),
    title: null,
  };
}
