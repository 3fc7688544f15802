// What a trace is made of. `applyEvent` (summary.ts) is the only thing that interprets it.

import type { AgentEventBody, AgentInfo, AgentStanding } from './agent/agentEvent';
import { agentStatuses } from './agent/agentState';
import type { ContextInfo, GivenContext, TextForm } from './context';
import type { NetworkRecord } from './networkRecord';
import { type Limits, type SharedLimits, type StopReason, type Usage, stopReasons } from './limits';
import type { Interruption, Language, Outcome, SandboxPlace } from './sandbox';

/**
 * Of a session with a REPL. `closed`: its engine let go of it while nothing ran in it, and `interrupted`: its engine
 * ended without that, or cut short what ran. Both are gone on with by replay.
 */
export const replStatuses = ['active', 'stopped', 'finalized', 'closed', 'interrupted'] as const;

/** Of any session: agent runs are sessions too. */
export const sessionStatuses = [
  ...replStatuses,
  ...agentStatuses.filter((status) => status !== 'interrupted'),
] as const;
export type SessionStatus = (typeof sessionStatuses)[number];

/** Why a session stopped: a guardrail, a person, or its run, which ended without an answer. */
export const stopCauses = [...stopReasons, 'user', 'run_ended'] as const;
export type StopCause = (typeof stopCauses)[number];

/**
 * How a run ended. `submitted`: the code gave the answer. `max_iterations`: the last iteration had none,
 * and the answer was drawn from what the variables hold. Otherwise the guardrail that ended it.
 */
export const loopFinishReasons = ['submitted', 'max_iterations', ...stopReasons] as const;
export type LoopFinishReason = (typeof loopFinishReasons)[number];

/** How much a session's replies tell. */
export const verbosities = ['terse', 'normal', 'full'] as const;
export type Verbosity = (typeof verbosities)[number];

/** How a session ended with its answer: as it was meant to, or after a guardrail had stopped it. */
export type FinishReason = 'completed' | StopReason;

export interface EventHeader {
  /** Epoch ms. */
  readonly at: number;
  /** The step this event belongs to; 0 before the first. Never decreases along a trace. */
  readonly step: number;
  /** After this event. */
  readonly status: SessionStatus;
  /** After this event. */
  readonly usage: Usage;
  /** Of the client's request that led to it, as the server's log has it; left out where none is known. */
  readonly requestId?: string | undefined;
  /** Whose session it is, as the server's log has it; left out where there is only one user. */
  readonly user?: string | undefined;
  /** After this event, or when the session ended. Left out: the session's own limits leave least. */
  readonly shared?: SharedLimits | undefined;
  /** Of an agent run: after this event. */
  readonly agentStanding?: AgentStanding | undefined;
}

interface OpenedHeader extends EventHeader {
  readonly kind: 'session.opened';
  readonly sessionId: string;
  readonly title: string;
  readonly limits: Limits;
  /** Left out: normal. */
  readonly verbosity?: Verbosity | undefined;
  /** The session whose code asked for this one, or the one that it is a fork of. */
  readonly parentSessionId: string | null;
  /** Of a fork: after which step of its parent; null: it is no fork. */
  readonly sourceStep: number | null;
  readonly depth: number;
  readonly engineId: string;
  readonly version: string;
}

/** A session whose steps are code. */
export interface ReplOpened extends OpenedHeader {
  readonly language: Language;
  /** Where its code runs. */
  readonly sandbox: SandboxPlace;
  readonly agent: null;
}

/** A session whose steps are the actions of an agent. */
export interface AgentOpened extends OpenedHeader {
  readonly language: null;
  readonly sandbox: null;
  readonly agent: AgentInfo;
}

export type SessionOpened = ReplOpened | AgentOpened;

export interface ContextLoaded extends EventHeader {
  readonly kind: 'context.loaded';
  /** The given text itself is kept beside the trace, not in it: here `text` says whether there was one. */
  readonly given: {
    readonly hasText: boolean;
    readonly textForm: TextForm;
    readonly paths: GivenContext['paths'];
    readonly baseFolder: string;
    readonly encoding: string | null;
    readonly includeIgnored: boolean;
  };
  readonly context: ContextInfo;
}

export interface StepStarted extends EventHeader {
  readonly kind: 'step.started';
  readonly code: string;
}

export interface StepFinished extends EventHeader {
  readonly kind: 'step.finished';
  readonly outcome: Outcome;
  readonly stop: StopReason | null;
  /**
   * Of an interrupted step: the first call of the query or batch that it was interrupted in, whose reply never
   * reached the code, whatever the events of its calls say. Left out: it was interrupted between two, or not.
   */
  readonly cutAtCall?: number | undefined;
}

export interface ModelAnswered extends EventHeader {
  readonly kind: 'model.answered';
  /** Order of the call within its step, from 0. */
  readonly call: number;
  /** `loop`: what it answered is the next step's code; `sub_call`: the step's code asked. */
  readonly purpose: 'loop' | 'sub_call';
  /** The session that answered in place of a model, and whose trace has the tokens; null: a model did. */
  readonly childSessionId: string | null;
  readonly model: string;
  /** What the prompt was for, `default` where none was named. Left out where it is `model`. */
  readonly askedModel?: string | undefined;
  readonly prompt: string;
  readonly promptChars: number;
  /** Of the whole prompt, where `prompt` is only its beginning. */
  readonly promptHash?: string | undefined;
  /** Halves of surrogate pairs in the whole prompt: it was sent with U+FFFD in their place. Left out where none are. */
  readonly replacedSurrogates?: number | undefined;
  /** Null when the call failed. */
  readonly answer: string | null;
  readonly error: string | null;
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** The provider counted no tokens. */
  readonly tokensEstimated: boolean;
  /** Null where the provider says none. */
  readonly costUsd: number | null;
  readonly durationMs: number;
}

/** A model begins to write the code of this session's steps. */
export interface LoopStarted extends EventHeader {
  readonly kind: 'loop.started';
  readonly task: string;
  /** As asked for; null: the default. */
  readonly model: string | null;
  readonly subModel: string | null;
  readonly maxIterations: number;
}

export interface LoopFinished extends EventHeader {
  readonly kind: 'loop.finished';
  readonly finishReason: LoopFinishReason | 'cancelled' | 'failed';
  readonly iterations: number;
  /** What went wrong, where something did. */
  readonly error: string | null;
}

export interface SessionStopped extends EventHeader {
  readonly kind: 'session.stopped';
  readonly cause: StopCause;
}

export interface SessionFinalized extends EventHeader {
  readonly kind: 'session.finalized';
  readonly answer: string;
  readonly fromVariable: string | null;
  readonly finishReason: FinishReason;
}

/** The engine let go of a session: its variables are gone. */
export interface SessionClosed extends EventHeader {
  readonly kind: 'session.closed';
  readonly reason: string;
}

/** A whole file went into where the code runs, or came out of it to this machine. */
export interface FileWritten extends EventHeader {
  readonly kind: 'file.written';
  readonly side: 'sandbox' | 'host';
  /** As that side names it. */
  readonly path: string;
  /** Where it came from, as the other side names it; null: the caller gave its content. */
  readonly sourcePath: string | null;
  /** Where that content is kept beside the trace; null: it is not. */
  readonly keptAs: string | null;
  readonly keptForm: KeptForm;
  readonly bytes: number;
  readonly sha256: string;
  /** It took the place of another. */
  readonly replaced: boolean;
}

export const keptForms = ['utf8', 'base64'] as const;
/** How the bytes of a file are a text. */
export type KeptForm = (typeof keptForms)[number];

/** A command of the shell where the code runs. */
export interface ShellFinished extends EventHeader {
  readonly kind: 'shell.finished';
  readonly command: string;
  /** Null: its end is not known, as the sandbox broke. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes of output that were not kept. */
  readonly droppedBytes: { readonly stdout: number; readonly stderr: number };
  /** Whether bytes that are not UTF-8 are U+FFFD in it. */
  readonly replaced: { readonly stdout: boolean; readonly stderr: boolean };
  readonly interruption: Interruption | null;
  /** Why the sandbox ended it; null: it did not. */
  readonly endedBy: string | null;
  readonly durationMs: number;
  /** The variables are gone with the sandbox that broke. */
  readonly stateLost: boolean;
  /** What it connected to, or wanted to. Left out: nothing. */
  readonly network?: NetworkRecord | undefined;
  readonly stop: StopReason | null;
}

/** Recorded steps were run again in a fresh sandbox, to rebuild the variables. */
export interface SessionReplayed extends EventHeader {
  readonly kind: 'session.replayed';
  /** The session whose record was run: this one's own when it was resumed, another when forked. */
  readonly sourceSessionId: string;
  readonly throughStep: number;
  readonly stepsRun: number;
  /** Steps whose variables a later step of the record had lost anyway. */
  readonly stepsSkipped: number;
  readonly differences: readonly ReplayDifference[];
  readonly differenceCount: number;
  /** The engine that holds the session from here on. */
  readonly engineId: string;
}

/** Where the replay did not do what the record says. */
export interface ReplayDifference {
  /** 0: a context. */
  readonly step: number;
  /** What differs: "stdout", "result", "variable x", "context", …. */
  readonly field: string;
  /** Both cut to 200 characters. */
  readonly recorded: string;
  readonly replayed: string;
}

type WithHeader<Body> = Body extends unknown ? Body & EventHeader : never;

export type AgentEvent = WithHeader<AgentEventBody>;

export function isAgentEvent(event: TraceEvent): event is AgentEvent {
  return event.kind.startsWith('agent.');
}

export type TraceEvent =
  | AgentEvent
  | SessionOpened
  | ContextLoaded
  | StepStarted
  | StepFinished
  | ModelAnswered
  | LoopStarted
  | LoopFinished
  | FileWritten
  | ShellFinished
  | SessionStopped
  | SessionFinalized
  | SessionClosed
  | SessionReplayed;
