// Fields that the tools of agents share.

import * as z from 'zod';
import type { AgentRun } from '../core/agent/agentRun';
import { agentStatuses } from '../core/agent/agentState';
import type { CallerAgents } from '../core/agent/callerAgents';
import { RlmError } from '../core/errors';
import { countField } from './fields';
import { createInvalidInput } from './invalidInput';
import type { ToolContext } from './tool';

export const agentIdField = z.string().min(1).max(100).describe('Of the agent run.');
export const agentStatusField = z.enum(agentStatuses);

export const agentUsageSchema = z.object({
  tokens: countField,
  usd: z.number().nullable().describe('null: no price is known.'),
  turns: countField,
  wall_ms: countField,
  commands: countField,
  children: countField,
});

/** @throws RlmError 'BACKEND_UNAVAILABLE' where this engine has none. */
export function requireAgents({ agents }: Pick<ToolContext, 'agents'>): CallerAgents {
  if (!agents) {
    throw new RlmError('BACKEND_UNAVAILABLE', 'This engine has no agents: Codex was not found.', {
      nextStep: 'Install it with npm install -g @openai/codex, and start the engine again.',
    });
  }
  return agents;
}

/** @throws RlmError 'INVALID_INPUT': a turn about nothing costs tokens all the same. */
export function throwIfBlank(name: string, text: string): void {
  if (text.trim() === '') {
    throw createInvalidInput(
      `Argument ${name} is blank.`,
      `Say in ${name} what the agent is to do.`,
    );
  }
}

export const approvalSchema = z.object({
  approval_id: z.string(),
  subject: z.string(),
  command: z.string().optional(),
  reason: z.string().optional(),
  diff: z.string().optional(),
  deadline: z.string().describe('Declined then.'),
});

const shownDiffChars = 8_000;

export function toApprovalViews(run: AgentRun): z.output<typeof approvalSchema>[] {
  return run.approvals.map(({ approvalId, subject, command, reason, diff, deadline }) => ({
    approval_id: approvalId,
    subject,
    ...(command !== null && { command }),
    ...(reason !== null && { reason }),
    ...(diff !== null && { diff: diff.slice(0, shownDiffChars) }),
    deadline: new Date(deadline).toISOString(),
  }));
}
