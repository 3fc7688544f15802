// Gives events to a trace in order and keeps their fold. An event that cannot be written stays first
// in line, so that nothing is recorded out of order and nothing is lost while the engine lives; one that
// never can, being too long, is left out. Once another engine has taken the session over, nothing is
// recorded here any more.

import { type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { AgentStanding } from './agent/agentEvent';
import type { Clock } from './clock';
import { RlmError } from './errors';
import type { EventHeader, SessionStatus, TraceEvent } from './event';
import type { SharedLimits, StopReason, Usage } from './limits';
import { applyEvent, type Summary } from './summary';
import { type RequestScope, noRequests } from './requestScope';
import { LeaseLostError, type TraceSink } from './traceStore';

/** An event without what the recorder fills in. */
export type EventBody = TraceEvent extends infer E
  ? E extends TraceEvent
    ? Omit<E, keyof EventHeader>
    : never
  : never;

export interface EventHeaderChanges {
  readonly usage?: Usage;
  readonly status?: SessionStatus;
  readonly step?: number;
  readonly stop?: StopReason | null;
  /** Of an agent run. */
  readonly agentStanding?: AgentStanding;
}

interface RecorderParts {
  readonly sink: TraceSink;
  readonly clock: Clock;
  /** What others leave of the session's limits when it has used so much. */
  readonly readShared: (usage: Usage) => SharedLimits;
  /** None: no request is told. */
  readonly requests?: RequestScope;
}

interface Unwritten {
  readonly event: TraceEvent;
  /** Why it never can be written. */
  refusedBy: RlmError | null;
}

export class Recorder implements Disposable {
  readonly #sink: TraceSink;
  readonly #clock: Clock;
  readonly #requests: RequestScope;
  readonly #readShared: RecorderParts['readShared'];
  readonly #appended = new Emitter<TraceEvent>();
  /** Fires after an event has been given to the trace, in order. */
  readonly onDidAppend = this.#appended.event;
  readonly #leaseLost = new Emitter<LeaseLostError>();
  /** Fires once, when another engine turns out to have taken the session over. */
  readonly onDidLoseLease = this.#leaseLost.event;
  #lostBy: LeaseLostError | null = null;
  readonly #unwritten: Unwritten[] = [];
  #writing: Promise<void> = Promise.resolve();
  #summary: Summary;
  /** Of the last event: along a trace it never decreases, whatever became of a step. */
  #step: number;

  /** `start`: the fold of what the trace holds already, and the step of its last event. */
  constructor(start: { readonly summary: Summary; readonly step: number }, parts: RecorderParts) {
    this.#summary = start.summary;
    this.#step = start.step;
    this.#sink = parts.sink;
    this.#clock = parts.clock;
    this.#requests = parts.requests ?? noRequests;
    this.#readShared = parts.readShared;
  }

  get summary(): Summary {
    return this.#summary;
  }

  /** Settles when the event, and all before it, would survive the death of this process. */
  async append(body: EventBody, changes: EventHeaderChanges = {}): Promise<void> {
    this.#requireLease();
    const usage = changes.usage ?? this.#summary.usage;
    this.#step = Math.max(this.#step, changes.step ?? usage.steps);
    const status = this.#toStatus(body.kind, changes);
    const isOpen = status === 'active' || this.#summary.status === 'active';
    const shared = isOpen ? this.#readShared(usage) : this.#summary.shared; // as it was when it ended
    const header = {
      at: this.#clock.now(),
      step: this.#step,
      usage,
      status,
      ...(Object.keys(shared).length > 0 && { shared }),
      ...this.#toRequest(body.kind),
      ...(changes.agentStanding && { agentStanding: changes.agentStanding }),
    };
    const event = { ...body, ...header } as TraceEvent; // EventBody is TraceEvent less the header
    this.#summary = applyEvent(this.#summary, event);
    const unwritten: Unwritten = { event, refusedBy: null };
    this.#unwritten.push(unwritten);
    const written = this.writeOut();
    this.#appended.fire(event);
    await written;
    if (unwritten.refusedBy) {
      throw unwritten.refusedBy;
    }
  }

  /** Writes what is waiting. */
  writeOut(): Promise<void> {
    const previous = this.#writing.catch(() => undefined);
    this.#writing = this.#unwritten.length === 0 ? previous : previous.then(() => this.#drain());
    return this.#writing;
  }

  /** Makes sure that this engine may go on. @throws LeaseLostError */
  async checkLease(): Promise<void> {
    this.#requireLease();
    await this.#sink.checkLease().catch((thrown: unknown) => this.#fail(thrown));
  }

  dispose(): void {
    this.#appended.dispose();
    this.#leaseLost.dispose();
  }

  #requireLease(): void {
    if (this.#lostBy) {
      throw this.#lostBy;
    }
  }

  #fail(thrown: unknown): never {
    if (thrown instanceof LeaseLostError && !this.#lostBy) {
      this.#lostBy = thrown;
      this.#unwritten.length = 0;
      this.#leaseLost.fire(thrown);
    }
    throw thrown;
  }

  /** Stopping and closing also come of timers and other sessions: they are nobody's request. */
  #toRequest(kind: TraceEvent['kind']): Pick<TraceEvent, 'requestId' | 'user'> {
    const { requestId, user } = this.#requests;
    const isTold = requestId !== null && kind !== 'session.stopped' && kind !== 'session.closed';
    return { ...(isTold && { requestId }), ...(user !== null && { user }) };
  }

  #toStatus(kind: TraceEvent['kind'], changes: EventHeaderChanges): SessionStatus {
    if (kind === 'session.finalized') {
      return 'finalized';
    }
    return changes.status ?? (changes.stop ? 'stopped' : this.#summary.status);
  }

  async #drain(): Promise<void> {
    for (let first = this.#unwritten[0]; first; first = this.#unwritten[0]) {
      try {
        await this.#sink.append(first.event);
      } catch (thrown) {
        if (!(thrown instanceof RlmError) || thrown.code !== 'INVALID_INPUT') {
          this.#fail(thrown);
        }
        first.refusedBy = thrown; // it must not hold up all that follow
      }
      this.#unwritten.shift();
    }
  }
}
