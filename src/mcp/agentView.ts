// An agent run in the words of the wire.

import type { AgentInfo, AgentLimits, AgentStanding, AgentUsage } from '../core/agent/agentEvent';

export function toAgentLimitsView(limits: AgentLimits) {
  return {
    tokens: limits.tokens,
    usd: limits.usd,
    turns: limits.turns,
    wall_ms: limits.wallMs,
    commands: limits.commands,
    children: limits.children,
    depth: limits.depth,
    idle_ms: limits.idleMs,
  };
}

export function toAgentUsageView(usage: AgentUsage) {
  return {
    tokens: usage.tokens,
    usd: usage.usd,
    turns: usage.turns,
    wall_ms: Math.round(usage.wallMs),
    commands: usage.commands,
    children: usage.children,
  };
}

/** All that one run's resource shows beside what every session has. */
export function toAgentView(agent: AgentInfo & AgentStanding) {
  return {
    profile_id: agent.profileId,
    profile_title: agent.profileTitle,
    profile_hash: agent.profileHash,
    task: agent.task,
    goals: [...agent.goals],
    model: agent.model,
    isolation: agent.isolation,
    folder: agent.folder,
    permissions: {
      sandbox: agent.permissions.sandbox,
      approvals: agent.permissions.approvals,
      network: agent.permissions.network,
      write: [...agent.permissions.write],
      deny: [...agent.permissions.deny],
      may_spawn: [...agent.permissions.maySpawn],
    },
    limits: toAgentLimitsView(agent.limits),
    usage: toAgentUsageView(agent.usage),
    waiting_for: agent.waitingFor,
    queue_place: agent.queuePlace,
    checklist: {
      items: agent.checklist.map(({ id, description }) => ({ id, description })),
      done: agent.doneItems,
    },
  };
}
