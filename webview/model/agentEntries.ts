// What an agent did, said and asked, one entry for what belongs together: a command with its end, an approval with its
// answer, a child with how it stands.

import type { AgentEvent } from '../../src/core/event';

export interface AgentEntry {
  readonly kind: 'agent';
  /** Of its first event in the trace, from 0. */
  readonly number: number;
  readonly first: AgentEvent;
  /** What ended or answered it; `first` itself where one event says all, or nothing has. */
  readonly last: AgentEvent;
}

export class AgentEntries {
  /** All entries of the trace, others among them. */
  readonly #all: { kind: string }[];
  readonly #indexOfNumber = new Map<number, number>();
  /** Entries that a later event may be added to. */
  readonly #open = new Map<string, number>();
  readonly #waiting = new Map<string, AgentEntry>();
  readonly #actions = new Map<number, AgentEntry>();
  #last: AgentEntry | null = null;

  /** `all`: grows at its end, and takes the entries. */
  constructor(all: { kind: string }[]) {
    this.#all = all;
  }

  /** Approvals without an answer, in the order they were asked. */
  get waiting(): readonly AgentEntry[] {
    return [...this.#waiting.values()];
  }

  /** The newest that is more than another state of the run, where there is one. */
  get last(): AgentEntry | null {
    return this.#last;
  }

  /** The entry that has the trace's event of this number. */
  find(number: number): AgentEntry | undefined {
    const entry = this.#all[this.#indexOfNumber.get(number) ?? -1];
    return isAgentEntry(entry) ? entry : undefined;
  }

  /** The action that links and others call step `step`. */
  findAction(step: number): AgentEntry | undefined {
    const found = this.#actions.get(step);
    return found && this.find(found.number);
  }

  take(event: AgentEvent, number: number): void {
    const key = toKey(event);
    const index = key === null ? undefined : this.#open.get(key);
    const known = this.#all[index ?? -1];
    const entry =
      index !== undefined && isAgentEntry(known) && continues(known.last, event)
        ? this.#replace(index, { ...known, last: event }, number)
        : this.#add({ kind: 'agent', number, first: event, last: event }, key);
    this.#note(entry, event);
  }

  #add(entry: AgentEntry, key: string | null): AgentEntry {
    const index = this.#all.push(entry) - 1;
    this.#indexOfNumber.set(entry.number, index);
    this.#last = this.#last && isQuiet(entry) ? this.#last : entry;
    if (key !== null) {
      this.#open.set(key, index);
    }
    return entry;
  }

  #replace(index: number, entry: AgentEntry, number: number): AgentEntry {
    this.#all[index] = entry;
    this.#indexOfNumber.set(number, index);
    this.#last = this.#last?.number === entry.number ? entry : this.#last;
    return entry;
  }

  #note(entry: AgentEntry, event: AgentEvent): void {
    if (event.kind === 'agent.asked') {
      this.#waiting.set(event.approvalId, entry);
    } else if (event.kind === 'agent.decided') {
      this.#waiting.delete(event.approvalId);
    } else if ('result' in event) {
      this.#actions.set(event.step, entry);
    }
  }
}

function isQuiet({ first }: AgentEntry): boolean {
  return first.kind === 'agent.changed' || first.kind === 'agent.audited';
}

function isAgentEntry(entry: { kind: string } | undefined): entry is AgentEntry {
  return entry?.kind === 'agent';
}

/** What events that belong together have in common; null: it stands by itself. */
function toKey(event: AgentEvent): string | null {
  if (event.kind === 'agent.started' || event.kind === 'agent.ran') {
    return `action ${event.actionId}`;
  }
  if (event.kind === 'agent.asked' || event.kind === 'agent.decided') {
    return `approval ${event.approvalId}`;
  }
  return event.kind === 'agent.delegated' ? `child ${event.childSessionId}` : null;
}

/** A program may use the id of an action that has ended for another. */
function continues(last: AgentEvent, { kind }: AgentEvent): boolean {
  return (
    (kind === 'agent.ran' && last.kind === 'agent.started') ||
    (kind === 'agent.decided' && last.kind === 'agent.asked') ||
    kind === 'agent.delegated'
  );
}
