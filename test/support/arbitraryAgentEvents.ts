// Events of agent runs of every kind, with any text in them.

import fc from 'fast-check';
import {
  actionResults,
  type AgentEventBody,
  approvalSubjects,
  deciders,
  decisions,
  fileChangeKinds,
  messageForms,
  speakers,
} from '../../src/core/agent/agentEvent';
import { agentStatuses } from '../../src/core/agent/agentState';
import type { AgentEvent, AgentOpened } from '../../src/core/event';
import { createLimits, noUsage } from '../../src/core/limits';
import { sampleEngineId, sampleSessionId, sampleStart } from './sampleTrace';

/** Objects as JSON gives them. */
const plain = { noNullPrototype: true } as const;
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const orNull = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one);
const count = fc.nat(1_000_000);

const common = { actionId: text, droppedChars: count };
const bodies: { readonly [Kind in AgentEventBody['kind']]: object } = {
  'agent.changed': {
    to: fc.constantFrom(...agentStatuses),
    reason: orNull(text),
    threadId: orNull(text),
    workspace: orNull(text),
    branch: orNull(text),
    container: orNull(text),
    leftBehind: fc.array(text, { maxLength: 3 }),
  },
  'agent.said': {
    by: fc.constantFrom(...speakers),
    form: fc.constantFrom(...messageForms),
    text,
    droppedChars: count,
  },
  'agent.started': { actionId: text, command: text, cwd: orNull(text) },
  'agent.ran': {
    ...common,
    command: text,
    cwd: orNull(text),
    result: fc.constantFrom(...actionResults),
    exitCode: orNull(fc.integer({ min: -9, max: 255 })),
    output: text,
    durationMs: orNull(count),
  },
  'agent.edited': {
    ...common,
    changes: fc.array(
      fc.record({ path: text, change: fc.constantFrom(...fileChangeKinds) }, plain),
      {
        maxLength: 3,
      },
    ),
    diff: text,
    result: fc.constantFrom(...actionResults),
  },
  'agent.called': {
    ...common,
    server: orNull(text),
    tool: text,
    arguments: text,
    result: fc.constantFrom(...actionResults),
    output: text,
    durationMs: orNull(count),
  },
  'agent.asked': {
    approvalId: text,
    subject: fc.constantFrom(...approvalSubjects),
    command: orNull(text),
    cwd: orNull(text),
    diff: orNull(text),
    reason: orNull(text),
    deadline: count,
  },
  'agent.decided': {
    approvalId: text,
    decision: fc.constantFrom(...decisions),
    by: fc.constantFrom(...deciders),
    note: orNull(text),
  },
  'agent.noted': {
    by: fc.constantFrom(...speakers),
    note: text,
    tags: fc.array(text, { maxLength: 3 }),
  },
  'agent.checked': { item: text, byEvent: orNull(count), note: orNull(text) },
  'agent.summarized': { throughEvent: count, facts: text, narrative: orNull(text) },
  'agent.delegated': {
    childSessionId: fc.constant(sampleSessionId),
    profileId: text,
    childStatus: fc.constantFrom(...agentStatuses),
  },
  'agent.failed': { code: text, message: text, willRetry: fc.boolean() },
  'agent.audited': { source: text, actionId: orNull(text), payload: text, droppedChars: count },
  'agent.refused': { rule: text, what: text },
};

const standing = fc.record(
  {
    usage: fc.record(
      {
        tokens: count,
        usd: orNull(count),
        turns: count,
        wallMs: count,
        commands: count,
        children: count,
      },
      plain,
    ),
    waitingFor: count,
    queuePlace: orNull(count),
    doneItems: count,
  },
  plain,
);

export const agentKinds = Object.keys(bodies) as AgentEvent['kind'][]; // a record over all of them

/** One event of `kind`. */
export function arbitraryAgentEvent(kind: AgentEvent['kind']): fc.Arbitrary<AgentEvent> {
  const header = {
    kind: fc.constant(kind),
    at: fc.nat().map((ms) => sampleStart + ms),
    step: fc.nat(1_000),
    status: fc.constantFrom(...agentStatuses),
    usage: fc.constant(noUsage),
    agentStanding: standing,
  };
  // The bodies are written by kind above.
  return fc.record({ ...header, ...bodies[kind] }, plain) as unknown as fc.Arbitrary<AgentEvent>;
}

export function createAgentOpened(over: Partial<AgentOpened> = {}): AgentOpened {
  return {
    kind: 'session.opened',
    at: sampleStart,
    step: 0,
    status: 'queued',
    usage: noUsage,
    sessionId: sampleSessionId,
    title: 'Mend the flaky test',
    language: null,
    sandbox: null,
    agent: {
      profileId: 'generalist',
      profileTitle: 'Generalist',
      profileHash: 'ab'.repeat(32),
      task: 'Mend the flaky test',
      goals: ['npm test passes'],
      model: null,
      isolation: 'worktree',
      permissions: {
        sandbox: 'workspace-write',
        approvals: 'on-request',
        network: false,
        write: [],
        deny: ['.env'],
        maySpawn: ['code_reviewer'],
      },
      limits: {
        tokens: 1_000_000,
        usd: 5,
        turns: 20,
        wallMs: 3_600_000,
        commands: 200,
        children: 4,
        depth: 2,
        idleMs: 600_000,
      },
      folder: '/srv/project',
      checklist: [{ id: 'tests', description: 'Tests pass' }],
    },
    limits: createLimits(),
    parentSessionId: null,
    sourceStep: null,
    depth: 0,
    engineId: sampleEngineId,
    version: '0.1.0',
    ...over,
  };
}
