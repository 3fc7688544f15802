// When a run's record gets a summary of what it has done so far.

import type { Clock } from '../../clock';
import { toFactsText } from '../agentFacts';
import type { AgentTrace } from '../agentTrace';
import type { Profile } from '../profile';
import type { RunState } from './runState';

interface RunSummariesParts {
  readonly trace: AgentTrace;
  readonly state: RunState;
  readonly clock: Clock;
  readonly policy: Profile['summaries'];
}

export class RunSummaries {
  readonly #parts: RunSummariesParts;
  #throughEvent: number;
  #at: number;

  constructor(parts: RunSummariesParts) {
    this.#parts = parts;
    this.#throughEvent = parts.trace.events;
    this.#at = parts.clock.now();
  }

  /** On record; nothing where its trace is closed. */
  add(narrative: string | null): void {
    const { trace, state, clock } = this.#parts;
    if (!trace.isOpen) {
      return;
    }
    const { status, usage } = state;
    this.#throughEvent = trace.events;
    this.#at = clock.now();
    trace.append({
      kind: 'agent.summarized',
      throughEvent: trace.events,
      facts: toFactsText(trace.facts.view, { status, usage, checklist: trace.checklist }),
      narrative,
    });
  }

  addWhenDue(): void {
    const { trace, clock, policy } = this.#parts;
    const events = trace.events - this.#throughEvent;
    if (events >= policy.everyEvents || clock.now() - this.#at >= policy.everyMs) {
      this.add(null);
    }
  }
}
