// What the timeline draws of an agent: lanes of what it said, ran, changed, asked and had children for.

import type { AgentEvent } from '../../src/core/event';
import type { AgentEntry } from './agentEntries';
import { type AgentTone, toAgentTone } from './agentTone';
import type { Interval } from './timeAxis';
import type { TraceEntry } from './trace';

export const agentLaneNames = ['messages', 'commands', 'changes', 'approvals', 'children'] as const;
export type AgentLaneName = (typeof agentLaneNames)[number];

export interface AgentBar extends Interval {
  readonly entry: AgentEntry;
  readonly tone: AgentTone;
}

export interface AgentLane {
  readonly name: AgentLaneName;
  /** By start. */
  readonly bars: readonly AgentBar[];
}

/** Only lanes that have something. `now`: where what still runs ends; null: nothing does. */
export function toAgentLanes(
  entries: readonly TraceEntry[],
  now: number | null,
): readonly AgentLane[] {
  const lanes = new Map<AgentLaneName, AgentBar[]>();
  for (const entry of entries) {
    const name = entry.kind === 'agent' ? toLaneName(entry.first) : null;
    if (entry.kind === 'agent' && name !== null) {
      const bars = lanes.get(name) ?? [];
      bars.push(toBar(entry, now));
      lanes.set(name, bars);
    }
  }
  return agentLaneNames.flatMap((name) => {
    const bars = lanes.get(name);
    return bars ? [{ name, bars: bars.sort((left, right) => left.start - right.start) }] : [];
  });
}

function toBar(entry: AgentEntry, now: number | null): AgentBar {
  const { first, last } = entry;
  const tookMs = 'durationMs' in last ? (last.durationMs ?? 0) : 0;
  const start = Math.min(first.at, last.at - tookMs);
  const tone = toAgentTone(entry);
  const isOpen = tone === 'running' || tone === 'waiting';
  return {
    entry,
    tone: isOpen && now === null ? 'stopped' : tone,
    start,
    end: Math.max(start, isOpen && now !== null ? now : last.at),
  };
}

/** Null: it is in the list alone. */
function toLaneName({ kind }: AgentEvent): AgentLaneName | null {
  switch (kind) {
    case 'agent.said':
    case 'agent.noted':
    case 'agent.failed':
      return 'messages';
    case 'agent.started':
    case 'agent.ran':
    case 'agent.called':
      return 'commands';
    case 'agent.edited':
      return 'changes';
    case 'agent.asked':
      return 'approvals';
    case 'agent.delegated':
      return 'children';
    case 'agent.changed':
    case 'agent.decided':
    case 'agent.checked':
    case 'agent.summarized':
    case 'agent.audited':
    case 'agent.refused':
      return null;
  }
}
