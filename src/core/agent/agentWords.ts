// One line on each event of an agent run, in words that every surface shares. Pure.

import { toOneLine } from '../../base/text';
import type { AgentEventBody, ActionResult, AgentRan } from './agentEvent';
import type { AgentStatus } from './agentState';

export const agentStatusWords: Readonly<Record<AgentStatus, string>> = {
  queued: 'Waits in line',
  preparing: 'Prepares its workspace',
  running: 'Running',
  awaiting_approval: 'Waits for you',
  completed: 'Completed',
  failed: 'Failed',
  terminated: 'Terminated',
  interrupted: 'Interrupted',
};

export const actionResultWords: Readonly<Record<ActionResult, string>> = {
  ok: 'done',
  failed: 'failed',
  refused: 'refused',
  interrupted: 'interrupted',
  unknown: 'its end is not known',
};

const lineChars = 200;

/** A title and what follows it, each one line of plain text. */
export interface AgentLine {
  readonly title: string;
  readonly detail: string;
}

export function toAgentLine(event: AgentEventBody): AgentLine {
  const { title, detail } = describe(event);
  return { title: toOneLine(title, lineChars), detail: toOneLine(detail, lineChars) };
}

function describe(event: AgentEventBody): AgentLine {
  switch (event.kind) {
    case 'agent.changed':
      return { title: agentStatusWords[event.to], detail: event.reason ?? event.branch ?? '' };
    case 'agent.said': {
      const what = event.form === 'message' ? '' : ` (${event.form})`;
      return { title: `${speakerWords[event.by]}${what}`, detail: event.text };
    }
    case 'agent.started':
      return { title: 'Command started', detail: event.command };
    case 'agent.ran':
      return { title: `Command ${toEndText(event)}`, detail: event.command };
    case 'agent.edited': {
      const files = event.changes.map(({ path, change }) => `${change} ${path}`).join(', ');
      return { title: `Patch ${actionResultWords[event.result]}`, detail: files };
    }
    case 'agent.called': {
      const name = event.server === null ? event.tool : `${event.server}.${event.tool}`;
      return { title: `Tool ${name}: ${actionResultWords[event.result]}`, detail: event.arguments };
    }
    case 'agent.asked':
      return {
        title: `Asks for approval of a ${event.subject}`,
        detail: event.command ?? event.reason ?? '',
      };
    case 'agent.decided': {
      const note = event.note === null ? '' : `: ${event.note}`;
      return {
        title: decisionWords[event.decision],
        detail: `by ${deciderWords[event.by]}${note}`,
      };
    }
    case 'agent.noted':
      return { title: `Note${event.tags.map((tag) => ` #${tag}`).join('')}`, detail: event.note };
    case 'agent.checked': {
      const how = event.byEvent === null ? 'by hand' : `by event ${event.byEvent}`;
      return { title: `Checklist: ${event.item} is done`, detail: event.note ?? how };
    }
    case 'agent.summarized':
      return { title: 'Summary', detail: event.narrative ?? event.facts };
    case 'agent.delegated':
      return {
        title: `Agent ${event.profileId}: ${agentStatusWords[event.childStatus]}`,
        detail: event.childSessionId,
      };
    case 'agent.failed':
      return { title: event.willRetry ? 'Error, tries again' : 'Error', detail: event.message };
    case 'agent.audited':
      return { title: `Audit: ${event.source}`, detail: event.payload };
    case 'agent.refused':
      return { title: `Refused by ${event.rule}`, detail: event.what };
  }
}

function toEndText({ result, exitCode, durationMs }: AgentRan): string {
  const took = durationMs === null ? '' : ` after ${Math.round(durationMs)} ms`;
  return exitCode === null || result !== 'failed'
    ? `${actionResultWords[result]}${took}`
    : `failed with exit code ${exitCode}${took}`;
}

const speakerWords = {
  user: 'User',
  agent: 'Agent',
  parent: 'Parent agent',
  host: 'RLM Companion',
} as const;

const decisionWords = { accept: 'Accepted', decline: 'Declined', cancel: 'Cancelled' } as const;

const deciderWords = {
  person: 'a person',
  client: 'a person, through an MCP client',
  rule: 'a rule of its profile',
  deadline: 'its deadline',
  ended: 'the end of the run',
} as const;
