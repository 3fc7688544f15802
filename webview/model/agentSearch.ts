// Which of an agent's entries a search and the filters let through.

import type { AgentEvent } from '../../src/core/event';
import type { AgentEntry } from './agentEntries';
import { toAgentTone } from './agentTone';

/** Names that `stepFilters` has too mean the same. */
export const agentFilters = [
  'all',
  'problems',
  'messages',
  'commands',
  'changes',
  'approvals',
] as const;
export type AgentFilter = (typeof agentFilters)[number];

export function passesAgentFilter(entry: AgentEntry, filter: string): boolean {
  const { kind } = entry.first;
  switch (filter) {
    case 'problems':
      return ['error', 'stopped', 'waiting'].includes(toAgentTone(entry));
    case 'messages':
      return kind === 'agent.said' || kind === 'agent.noted' || kind === 'agent.summarized';
    case 'commands':
      return kind === 'agent.started' || kind === 'agent.ran' || kind === 'agent.called';
    case 'changes':
      return kind === 'agent.edited';
    case 'approvals':
      return kind === 'agent.asked' || kind === 'agent.decided';
    default:
      return true;
  }
}

export function readAgentTexts({ first, last }: AgentEntry): readonly string[] {
  return first === last ? readTexts(first) : [...readTexts(first), ...readTexts(last)];
}

function readTexts(event: AgentEvent): readonly string[] {
  switch (event.kind) {
    case 'agent.changed':
      return [event.reason, event.branch, event.workspace, ...event.leftBehind].filter(isText);
    case 'agent.said':
      return [event.text];
    case 'agent.started':
      return [event.command];
    case 'agent.ran':
      return [event.command, event.output];
    case 'agent.edited':
      return [event.diff, ...event.changes.map(({ path }) => path)];
    case 'agent.called':
      return [event.server, event.tool, event.arguments, event.output].filter(isText);
    case 'agent.asked':
      return [event.command, event.diff, event.reason].filter(isText);
    case 'agent.decided':
      return [event.note].filter(isText);
    case 'agent.noted':
      return [event.note, ...event.tags];
    case 'agent.checked':
      return [event.item, event.note].filter(isText);
    case 'agent.summarized':
      return [event.facts, event.narrative].filter(isText);
    case 'agent.delegated':
      return [event.profileId, event.childSessionId];
    case 'agent.failed':
      return [event.code, event.message];
    case 'agent.audited':
      return [event.source, event.payload];
    case 'agent.refused':
      return [event.rule, event.what];
  }
}

function isText(text: string | null): text is string {
  return text !== null;
}
