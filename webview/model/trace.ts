// The events of one trace, put together for display as they come. Status, usage and limits are the
// core's own fold; entries are replaced, never changed, so that a view sees by identity what is new.

import {
  isAgentEvent,
  type ContextLoaded,
  type FileWritten,
  type LoopFinished,
  type LoopStarted,
  type ModelAnswered,
  type SessionClosed,
  type SessionFinalized,
  type SessionReplayed,
  type SessionStopped,
  type ShellFinished,
  type TraceEvent,
} from '../../src/core/event';
import { applyEvent, createSummary, type Summary } from '../../src/core/summary';
import type { UnreadableLines } from '../../src/core/unreadableLines';
import { type StepRecord, type StepVerdict, toVerdict } from '../../src/export/exportedTrace';
import { AgentEntries, type AgentEntry } from './agentEntries';

export interface TraceStep extends StepRecord {
  readonly kind: 'step';
  /** Epoch ms; null while it has not finished. */
  readonly finishedAt: number | null;
}

/** Something that happened to the session between its steps. */
export interface TraceMark {
  readonly kind: 'mark';
  readonly event: MarkEvent;
}

export type MarkEvent =
  | ContextLoaded
  | LoopStarted
  | LoopFinished
  | FileWritten
  | ShellFinished
  | SessionStopped
  | SessionFinalized
  | SessionClosed
  | SessionReplayed;

/** A model at work on the session. */
export interface Run {
  readonly started: LoopStarted;
  /** Null while it goes on. */
  readonly finished: LoopFinished | null;
  /** What the model said after the last step; no step followed it. */
  readonly replies: readonly ModelAnswered[];
}

export type TraceEntry = TraceStep | TraceMark | AgentEntry;

export type ShownVerdict = StepVerdict | 'running';

export class Trace {
  readonly #entries: TraceEntry[] = [];
  readonly #steps: TraceStep[] = [];
  readonly #entryOfStep = new Map<number, number>();
  readonly #indexOfStep = new Map<number, number>();
  readonly #runs: Run[] = [];
  readonly #agent = new AgentEntries(this.#entries);
  /** Events so far: the number that the next one has in the trace. */
  #events = 0;
  #replies: ModelAnswered[] = [];
  #summary: Summary | null = null;
  #lostOpening: Summary | null = null;
  readonly #unreadable: UnreadableLines[] = [];
  #version = 0;

  /** Steps and marks in the order of the trace. */
  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  get steps(): readonly TraceStep[] {
    return this.#steps;
  }

  /** What an agent did, said and asked. */
  get agent(): Pick<AgentEntries, 'waiting' | 'find' | 'findAction' | 'last'> {
    return this.#agent;
  }

  /** Oldest first. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Null until the first event. */
  get summary(): Summary | null {
    return this.#summary;
  }

  /** Grows with every event. */
  get version(): number {
    return this.#version;
  }

  findStep(step: number): TraceStep | undefined {
    const index = this.#indexOfStep.get(step);
    return index === undefined ? undefined : this.#steps[index];
  }

  /** What could not be read, in the order of the trace. */
  get unreadable(): readonly UnreadableLines[] {
    return this.#unreadable;
  }

  /** What the list knows of the session stands in for an opening that cannot be read. */
  begin(listed: Summary): void {
    const unknown = { stopCause: null, finalAnswer: null, finalVariable: null, running: false };
    this.#lostOpening = { ...listed, ...unknown, contexts: [] };
  }

  /** Events must come in the order of the trace. */
  append(events: readonly TraceEvent[], unreadable: readonly UnreadableLines[] = []): void {
    this.#unreadable.push(...unreadable);
    this.#version += unreadable.length;
    for (const event of events) {
      this.#version += 1;
      this.#events += 1;
      if (event.kind === 'session.opened') {
        this.#summary = createSummary(event);
        continue;
      }
      this.#summary ??= this.#lostOpening;
      if (this.#summary) {
        this.#summary = applyEvent(this.#summary, event);
        this.#take(event);
      }
    }
  }

  /** How a step stands, told apart from a step that will never finish. */
  readVerdict(step: TraceStep): ShownVerdict {
    const verdict = toVerdict(step);
    const isLast = this.#steps.at(-1) === step;
    return verdict === 'unfinished' && isLast && this.#summary?.running ? 'running' : verdict;
  }

  #take(event: Exclude<TraceEvent, { kind: 'session.opened' }>): void {
    if (isAgentEvent(event)) {
      this.#agent.take(event, this.#events - 1);
      return;
    }
    switch (event.kind) {
      case 'step.started':
        this.#put({
          ...this.#stepOf(event.step),
          code: event.code,
          startedAt: event.at,
          thinking: this.#replies,
        });
        this.#replies = [];
        return;
      case 'step.finished': {
        const { step, outcome, stop, at } = event;
        this.#put({ ...this.#stepOf(step), outcome, stop, finishedAt: at });
        return;
      }
      case 'model.answered': {
        if (event.purpose === 'loop') {
          this.#replies.push(event);
          return;
        }
        const step = this.#stepOf(event.step);
        // The list grows in place: copying it at every call would make a large batch quadratic.
        (step.calls as ModelAnswered[]).push(event); // made by #stepOf, and owned here
        this.#put({ ...step });
        return;
      }
      case 'loop.started':
        this.#runs.push({ started: event, finished: null, replies: [] });
        this.#replies = [];
        this.#entries.push({ kind: 'mark', event });
        return;
      case 'loop.finished': {
        const run = this.#runs.pop();
        if (run) {
          this.#runs.push({ ...run, finished: event, replies: this.#replies });
        }
        this.#replies = [];
        this.#entries.push({ kind: 'mark', event });
        return;
      }
      case 'context.loaded':
      case 'file.written':
      case 'shell.finished':
      case 'session.stopped':
      case 'session.finalized':
      case 'session.closed':
      case 'session.replayed':
        this.#entries.push({ kind: 'mark', event });
        return;
    }
  }

  #stepOf(step: number): TraceStep {
    const start = { code: null, startedAt: null, outcome: null, finishedAt: null, stop: null };
    return this.findStep(step) ?? { kind: 'step', step, ...start, calls: [], thinking: [] };
  }

  #put(step: TraceStep): void {
    const entry = this.#entryOfStep.get(step.step);
    const index = this.#indexOfStep.get(step.step);
    if (entry === undefined || index === undefined) {
      this.#entryOfStep.set(step.step, this.#entries.push(step) - 1);
      this.#indexOfStep.set(step.step, this.#steps.push(step) - 1);
    } else {
      this.#entries[entry] = step;
      this.#steps[index] = step;
    }
  }
}
