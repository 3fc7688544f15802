// The trace of one run: every event is masked, numbered, counted and folded before it is written.

import { type Disposable } from '../../base/disposable';
import type { Clock } from '../clock';
import type { AgentOpened } from '../event';
import type { Usage } from '../limits';
import { Recorder } from '../recorder';
import type { RequestScope } from '../requestScope';
import type { Summary } from '../summary';
import { LeaseLostError, type TraceSink } from '../traceStore';
import type { AgentEventBody, AgentStanding } from './agentEvent';
import { AgentFacts } from './agentFacts';
import type { AgentStatus } from './agentState';
import { Checklist } from './checklist';
import type { Masker } from './masking';
import type { Profile } from './profile';

export interface TraceStart {
  readonly opened: AgentOpened;
  readonly summary: Summary;
  /** Events the trace holds already. */
  readonly events: number;
  /** Actions among them. */
  readonly actions: number;
}

interface AgentTraceParts {
  readonly sink: TraceSink;
  readonly clock: Clock;
  readonly requests?: RequestScope;
  readonly profile: Profile;
  readonly masker: Masker;
  readonly readStanding: () => Omit<AgentStanding, 'doneItems'>;
  /** The trace can take no more: the run must not go on unrecorded. */
  readonly onFail: (error: unknown) => void;
}

const actionKinds: ReadonlySet<AgentEventBody['kind']> = new Set([
  'agent.ran',
  'agent.edited',
  'agent.called',
]);

export class AgentTrace implements Disposable {
  readonly checklist: Checklist;
  readonly facts = new AgentFacts();
  readonly #parts: AgentTraceParts;
  readonly #recorder: Recorder;
  readonly onDidAppend: Recorder['onDidAppend'];
  #masker: Masker;
  #events: number;
  #actions: number;
  #hasFailed = false;
  #writing: Promise<void> = Promise.resolve();

  constructor({ summary, events, actions }: TraceStart, parts: AgentTraceParts) {
    this.#parts = parts;
    this.#masker = parts.masker;
    this.#events = events;
    this.#actions = actions;
    this.checklist = new Checklist(parts.profile.checklist);
    this.#recorder = new Recorder({ summary, step: actions }, { ...parts, readShared: () => ({}) });
    this.onDidAppend = this.#recorder.onDidAppend;
  }

  get summary(): Summary {
    return this.#recorder.summary;
  }

  /** The number that the next event has. */
  get events(): number {
    return this.#events;
  }

  /** Masks also what only this run knows. */
  maskWith(masker: Masker): void {
    this.#masker = masker;
  }

  get masker(): Masker {
    return this.#masker;
  }

  /** The number of the event. `to`: the state of the run from then on. */
  append(given: AgentEventBody, to?: AgentStatus): number {
    const body = maskBody(given, this.#masker);
    const number = this.#events;
    this.#events += 1;
    this.#actions += actionKinds.has(body.kind) ? 1 : 0;
    const done = this.checklist.take(body, number);
    this.facts.take(body);
    this.#write(body, to);
    done.forEach((item) => this.append({ kind: 'agent.checked', ...item }));
    return number;
  }

  /** Settles when all that was appended would survive the death of this process. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** Ends it. @throws nothing: what could not be written was told by `onFail`. */
  async close(): Promise<void> {
    await this.#writing;
    this.#recorder.dispose();
    await this.#parts.sink.close().catch(() => undefined);
  }

  dispose(): void {
    this.#recorder.dispose();
  }

  #write(body: AgentEventBody, to: AgentStatus | undefined): void {
    const standing = this.#parts.readStanding();
    const written = this.#recorder.append(body, {
      ...(to && { status: to }),
      step: this.#actions,
      usage: this.#toUsage(standing),
      agentStanding: { ...standing, doneItems: this.checklist.doneCount },
    });
    this.#writing = written.catch((thrown: unknown) => {
      if (!this.#hasFailed) {
        this.#hasFailed = true;
        this.#parts.onFail(thrown);
      }
    });
  }

  #toUsage({ usage }: Pick<AgentStanding, 'usage'>): Usage {
    return {
      steps: this.#actions,
      runtimeMs: usage.wallMs,
      budgetUsed: 0,
      llmCalls: usage.turns,
      llmTokens: usage.tokens,
    };
  }
}

export function isLeaseLost(error: unknown): boolean {
  return error instanceof LeaseLostError;
}

/** Every text of it; kinds and ids of this program hold no secrets, and are left as they are. */
function maskBody<Body extends AgentEventBody>(body: Body, masker: Masker): Body {
  const entries = Object.entries({ ...body } as Record<string, unknown>).map(([field, value]) => [
    field,
    field === 'kind' ? value : maskValue(value, masker),
  ]);
  return Object.fromEntries(entries) as Body; // the same fields with the same types
}

function maskValue(value: unknown, masker: Masker): unknown {
  if (typeof value === 'string') {
    return masker.mask(value);
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.map((item) => maskValue(item, masker));
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([field, item]) => [field, maskValue(item, masker)]),
      )
    : value;
}
