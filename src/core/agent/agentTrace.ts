// The trace of one run: every event is masked, numbered, counted and folded before it is written.

import { type Disposable } from '../../base/disposable';
import type { Clock } from '../clock';
import { RlmError } from '../errors';
import type { AgentOpened } from '../event';
import type { Usage } from '../limits';
import { Recorder } from '../recorder';
import type { RequestScope } from '../requestScope';
import type { Summary } from '../summary';
import type { TraceSink } from '../traceStore';
import type { AgentEventBody, AgentStanding } from './agentEvent';
import { toAgentLine } from './agentWords';
import { AgentFacts } from './agentFacts';
import type { AgentStatus } from './agentState';
import { Checklist } from './checklist';
import type { Masker } from './masking';
import type { Profile } from './profile';
import { RuleLedger } from './ruleLedger';

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

const keptLines = 20;
/** What an action of a run ends with. */
export const actionKinds: ReadonlySet<AgentEventBody['kind']> = new Set([
  'agent.ran',
  'agent.edited',
  'agent.called',
]);

export class AgentTrace implements Disposable {
  readonly checklist: Checklist;
  readonly facts = new AgentFacts();
  /** What must have happened before it commits or completes. */
  readonly rules: RuleLedger;
  readonly #parts: AgentTraceParts;
  readonly #recorder: Recorder;
  readonly onDidAppend: Recorder['onDidAppend'];
  #masker: Masker;
  #events: number;
  #actions: number;
  #hasFailed = false;
  #closing: Promise<void> | null = null;
  readonly #lines: string[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor({ summary, events, actions }: TraceStart, parts: AgentTraceParts) {
    this.#parts = parts;
    this.#masker = parts.masker;
    this.#events = events;
    this.#actions = actions;
    this.checklist = new Checklist(parts.profile.checklist);
    this.rules = new RuleLedger(parts.profile.rules, this.checklist);
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

  /** One line on each of the last events. */
  get lastLines(): readonly string[] {
    return this.#lines;
  }

  #keepLine(body: AgentEventBody): void {
    const { title, detail } = toAgentLine(body);
    this.#lines.push(detail === '' ? title : `${title}: ${detail}`);
    this.#lines.splice(0, this.#lines.length - keptLines);
  }

  /** Masks also what only this run knows. */
  maskWith(masker: Masker): void {
    this.#masker = masker;
  }

  get masker(): Masker {
    return this.#masker;
  }

  /** False once it is being closed. */
  get isOpen(): boolean {
    return this.#closing === null;
  }

  /** Takes in an event that it holds already, as its `number`th. */
  replay(body: AgentEventBody, number: number): void {
    this.checklist.take(body, number);
    this.facts.take(body);
    this.rules.take(body, number);
  }

  /**
   * The number of the event. `to`: the state of the run from then on.
   * @throws RlmError 'AGENT_NOT_FOUND' once it is being closed: the event is on no record then.
   */
  append(given: AgentEventBody, to?: AgentStatus): number {
    if (!this.isOpen) {
      throw new RlmError('AGENT_NOT_FOUND', 'The run is at rest and its trace is closed.', {
        nextStep: 'Resume it with spawn_agent.',
      });
    }
    const body = maskBody(given, this.#masker);
    const number = this.#events;
    this.#events += 1;
    this.#actions += actionKinds.has(body.kind) ? 1 : 0;
    const done = this.checklist.take(body, number);
    this.facts.take(body);
    this.rules.take(body, number);
    this.#keepLine(body);
    this.#write(body, to);
    done.forEach((item) => this.append({ kind: 'agent.checked', ...item }));
    return number;
  }

  /** Settles when all that was appended would survive the death of this process. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** Ends it; calls share one end. Never rejects: what could not be written was told by `onFail`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
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

/** Words of this program, ids, and what finds the workspace again: a pattern that met one would spoil the record. */
const plainFields: ReadonlySet<string> = new Set([
  ...['kind', 'to', 'by', 'form', 'result', 'change', 'decision', 'subject', 'status', 'item'],
  ...['actionId', 'approvalId', 'threadId', 'childSessionId', 'profileId'],
  ...['workspace', 'branch', 'container'],
]);

/** Every text of it but those of `plainFields`. */
function maskBody<Body extends AgentEventBody>(body: Body, masker: Masker): Body {
  return maskFields({ ...body }, masker) as Body; // the same fields with the same types
}

function maskFields(fields: object, masker: Masker): object {
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [
      field,
      plainFields.has(field) && typeof value === 'string' ? value : maskValue(value, masker),
    ]),
  );
}

function maskValue(value: unknown, masker: Masker): unknown {
  if (typeof value === 'string') {
    return masker.mask(value);
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.map((item) => maskValue(item, masker));
  }
  return typeof value === 'object' && value !== null ? maskFields(value, masker) : value;
}
