// What the trace of an agent run has beside `session.opened`: who said, ran, changed, asked and decided what. Each is
// an event of its own, in the order in which it was known. Pure.

import type { AgentStatus } from './agentState';
import type { Isolation, Permissions } from './permissions';

/** What is fixed about a run when it is opened. */
export interface AgentInfo {
  readonly profileId: string;
  readonly profileTitle: string;
  /** SHA-256 of the merged profile, so that a later look can tell whether it has changed since. */
  readonly profileHash: string;
  readonly task: string;
  readonly goals: readonly string[];
  readonly model: string | null;
  readonly isolation: Isolation;
  /** What it may do, its parent's permissions taken into account. */
  readonly permissions: Permissions;
  readonly limits: AgentLimits;
  /** The folder that it was asked to work on; its own workspace is in `agent.changed`. */
  readonly folder: string;
  readonly checklist: readonly { readonly id: string; readonly description: string }[];
}

/** What a run and its children may use together. 0 or more; money in US dollars. */
export interface AgentLimits {
  readonly tokens: number;
  readonly usd: number;
  readonly turns: number;
  /** Time that it ran, waiting for approvals left out. */
  readonly wallMs: number;
  /** Actions: commands, patches and calls of tools. */
  readonly commands: number;
  readonly children: number;
  /** How deep its children may nest. */
  readonly depth: number;
  /** Without any event of it while it runs; 0: no limit. */
  readonly idleMs: number;
}

export interface AgentUsage {
  readonly tokens: number;
  /** Null: no price is known. */
  readonly usd: number | null;
  readonly turns: number;
  readonly wallMs: number;
  readonly commands: number;
  readonly children: number;
}

/** How a run stands after an event; with the first and the last event a list has all that it shows. */
export interface AgentStanding {
  readonly usage: AgentUsage;
  /** Approvals that wait for an answer. */
  readonly waitingFor: number;
  /** From 1; null: it does not wait in line. */
  readonly queuePlace: number | null;
  /** Items of its checklist that are done. */
  readonly doneItems: number;
}

/** It is in another state, or its workspace or thread has become known. */
export interface AgentChanged {
  readonly kind: 'agent.changed';
  readonly to: AgentStatus;
  /** Why; for people. */
  readonly reason: string | null;
  /** Of the driver. */
  readonly threadId: string | null;
  /** The folder that it works in; null: not known yet. */
  readonly workspace: string | null;
  readonly branch: string | null;
  readonly container: string | null;
  /** What was left where it worked when it ended, for people. */
  readonly leftBehind: readonly string[];
}

export const speakers = ['user', 'agent', 'parent', 'host'] as const;
/** `host`: this program, which says how a run is to go on. */
export type Speaker = (typeof speakers)[number];
export const messageForms = ['message', 'reasoning', 'plan'] as const;

export interface AgentSaid {
  readonly kind: 'agent.said';
  readonly by: Speaker;
  readonly form: (typeof messageForms)[number];
  readonly text: string;
  /** Characters that were not recorded. */
  readonly droppedChars: number;
}

/** How an action ended. `refused`: by the sandbox, a rule or a person, before it had any effect. */
export const actionResults = ['ok', 'failed', 'refused', 'interrupted', 'unknown'] as const;
export type ActionResult = (typeof actionResults)[number];

/** A command has begun; `agent.ran` has its end. */
export interface AgentStarted {
  readonly kind: 'agent.started';
  readonly actionId: string;
  readonly command: string;
  readonly cwd: string | null;
}

export interface AgentRan {
  readonly kind: 'agent.ran';
  readonly actionId: string;
  readonly command: string;
  readonly cwd: string | null;
  readonly result: ActionResult;
  /** Null: it has none. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly droppedChars: number;
  readonly durationMs: number | null;
}

/** Files were changed by a patch. What commands changed is seen in the workspace alone. */
export interface AgentEdited {
  readonly kind: 'agent.edited';
  readonly actionId: string;
  readonly changes: readonly FileChange[];
  readonly diff: string;
  readonly droppedChars: number;
  readonly result: ActionResult;
}

export const fileChangeKinds = ['add', 'update', 'delete'] as const;
export interface FileChange {
  readonly path: string;
  readonly change: (typeof fileChangeKinds)[number];
}

/** A tool of an MCP server, of Codex itself, or a search of the web. */
export interface AgentCalled {
  readonly kind: 'agent.called';
  readonly actionId: string;
  readonly server: string | null;
  readonly tool: string;
  /** JSON. */
  readonly arguments: string;
  readonly result: ActionResult;
  readonly output: string;
  readonly droppedChars: number;
  readonly durationMs: number | null;
}

export const approvalSubjects = ['command', 'patch', 'permissions', 'tool', 'input'] as const;
export type ApprovalSubject = (typeof approvalSubjects)[number];

export interface AgentAsked {
  readonly kind: 'agent.asked';
  readonly approvalId: string;
  readonly subject: ApprovalSubject;
  readonly command: string | null;
  readonly cwd: string | null;
  readonly diff: string | null;
  /** Why the agent wants it, or what it asks. */
  readonly reason: string | null;
  /** Epoch ms; declined then. */
  readonly deadline: number;
}

export const decisions = ['accept', 'decline', 'cancel'] as const;
export type Decision = (typeof decisions)[number];
export const deciders = ['person', 'client', 'rule', 'deadline', 'ended'] as const;
/** `client`: a person by way of an MCP client. `rule`: of its profile. `ended`: the run ended first. */
export type Decider = (typeof deciders)[number];

export interface AgentDecided {
  readonly kind: 'agent.decided';
  readonly approvalId: string;
  readonly decision: Decision;
  readonly by: Decider;
  /** The rule, or what the person said. */
  readonly note: string | null;
}

export interface AgentNoted {
  readonly kind: 'agent.noted';
  readonly by: Speaker;
  readonly note: string;
  readonly tags: readonly string[];
}

/** An item of the checklist is done. */
export interface AgentChecked {
  readonly kind: 'agent.checked';
  readonly item: string;
  /** The number of the event that did it, in this trace, from 0; null: by hand. */
  readonly byEvent: number | null;
  readonly note: string | null;
}

export interface AgentSummarized {
  readonly kind: 'agent.summarized';
  /** The events before this number are in it. */
  readonly throughEvent: number;
  /** Made of the trace alone. */
  readonly facts: string;
  /** By a model; null: none is configured, or it failed. */
  readonly narrative: string | null;
}

/** A child was spawned, or has ended. */
export interface AgentDelegated {
  readonly kind: 'agent.delegated';
  readonly childSessionId: string;
  readonly profileId: string;
  readonly childStatus: AgentStatus;
}

export interface AgentFailed {
  readonly kind: 'agent.failed';
  readonly code: string;
  readonly message: string;
  readonly willRetry: boolean;
}

/** Something of the raw stream that no other event tells: refused calls, unknown kinds. */
export interface AgentAudited {
  readonly kind: 'agent.audited';
  readonly source: string;
  readonly actionId: string | null;
  /** JSON, masked. */
  readonly payload: string;
  readonly droppedChars: number;
}

/** What a rule of the profile, or the budget, forbade: for the record, whatever was asked of whom. */
export interface AgentRefused {
  readonly kind: 'agent.refused';
  readonly rule: string;
  readonly what: string;
}

export type AgentEventBody =
  | AgentChanged
  | AgentSaid
  | AgentStarted
  | AgentRan
  | AgentEdited
  | AgentCalled
  | AgentAsked
  | AgentDecided
  | AgentNoted
  | AgentChecked
  | AgentSummarized
  | AgentDelegated
  | AgentFailed
  | AgentAudited
  | AgentRefused;
