// The events of agent runs as they lie on disk. What is null, false or an empty list is left out there.

import * as z from 'zod';
import {
  actionResults,
  approvalSubjects,
  deciders,
  decisions,
  fileChangeKinds,
  messageForms,
  speakers,
} from '../core/agent/agentEvent';
import { agentStatuses } from '../core/agent/agentState';
import { approvalModes, isolations, sandboxModes } from '../core/agent/permissions';
import { isId } from './home';

const count = z.number().nonnegative();
const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);
const list = <T extends z.ZodType>(item: T) => z.array(item).default([]);
const flag = z.boolean().default(false);
const text = z.string();
const id = z.string().refine(isId);

const usage = z.object({
  tokens: count,
  usd: orNull(count),
  turns: count,
  wallMs: count,
  commands: count,
  children: count,
});

export const agentStanding = z.object({
  usage,
  waitingFor: count,
  queuePlace: orNull(count),
  doneItems: count,
});

const permissions = z.object({
  sandbox: z.enum(sandboxModes),
  approvals: z.enum(approvalModes),
  network: flag,
  write: list(text),
  deny: list(text),
  maySpawn: list(text),
});

export const agentInfo = z.object({
  profileId: text,
  profileTitle: text,
  profileHash: text,
  task: text,
  goals: list(text),
  model: orNull(text),
  isolation: z.enum(isolations),
  permissions,
  limits: z.object({
    tokens: count,
    usd: count,
    turns: count,
    wallMs: count,
    commands: count,
    children: count,
    depth: count,
    idleMs: count,
  }),
  folder: text,
  checklist: list(z.object({ id: text, description: text })),
});

/** `header`: what every event of a trace has. */
export function createAgentEventSchemas<H extends z.ZodRawShape>(header: H) {
  return [
    z.object({
      ...header,
      kind: z.literal('agent.changed'),
      to: z.enum(agentStatuses),
      reason: orNull(text),
      threadId: orNull(text),
      workspace: orNull(text),
      branch: orNull(text),
      container: orNull(text),
      leftBehind: list(text),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.said'),
      by: z.enum(speakers),
      form: z.enum(messageForms),
      text,
      droppedChars: count,
    }),
    z.object({
      ...header,
      kind: z.literal('agent.started'),
      actionId: text,
      command: text,
      cwd: orNull(text),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.ran'),
      actionId: text,
      command: text,
      cwd: orNull(text),
      result: z.enum(actionResults),
      exitCode: orNull(z.int()),
      output: text,
      droppedChars: count,
      durationMs: orNull(count),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.edited'),
      actionId: text,
      changes: list(z.object({ path: text, change: z.enum(fileChangeKinds) })),
      diff: text,
      droppedChars: count,
      result: z.enum(actionResults),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.called'),
      actionId: text,
      server: orNull(text),
      tool: text,
      arguments: text,
      result: z.enum(actionResults),
      output: text,
      droppedChars: count,
      durationMs: orNull(count),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.asked'),
      approvalId: text,
      subject: z.enum(approvalSubjects),
      command: orNull(text),
      cwd: orNull(text),
      diff: orNull(text),
      reason: orNull(text),
      deadline: count,
    }),
    z.object({
      ...header,
      kind: z.literal('agent.decided'),
      approvalId: text,
      decision: z.enum(decisions),
      by: z.enum(deciders),
      note: orNull(text),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.noted'),
      by: z.enum(speakers),
      note: text,
      tags: list(text),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.checked'),
      item: text,
      byEvent: orNull(count),
      note: orNull(text),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.summarized'),
      throughEvent: count,
      facts: text,
      narrative: orNull(text),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.delegated'),
      childSessionId: id,
      profileId: text,
      childStatus: z.enum(agentStatuses),
    }),
    z.object({
      ...header,
      kind: z.literal('agent.failed'),
      code: text,
      message: text,
      willRetry: flag,
    }),
    z.object({
      ...header,
      kind: z.literal('agent.audited'),
      source: text,
      actionId: orNull(text),
      payload: text,
      droppedChars: count,
    }),
    z.object({ ...header, kind: z.literal('agent.refused'), rule: text, what: text }),
  ] as const;
}
