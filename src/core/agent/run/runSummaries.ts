// When a run's record gets a summary of what it has done so far.

import type { Clock } from '../../clock';
import type { AgentOpened } from '../../event';
import { toFactsText } from '../agentFacts';
import type { AgentTrace } from '../agentTrace';
import type { CallMeter } from '../masking';
import type { Narrator } from '../narrator';
import type { Profile } from '../profile';
import type { RunState } from './runState';

interface RunSummariesParts {
  readonly trace: AgentTrace;
  readonly state: RunState;
  readonly clock: Clock;
  readonly policy: Profile['summaries'];
  readonly opened: AgentOpened;
  readonly narrator: Narrator;
  readonly meter: CallMeter;
  /** Of the run: what it asks ends with it. */
  readonly signal: AbortSignal;
}

export class RunSummaries {
  readonly #parts: RunSummariesParts;
  #throughEvent: number;
  #at: number;
  #isNarrating = false;

  constructor(parts: RunSummariesParts) {
    this.#parts = parts;
    this.#throughEvent = parts.trace.events;
    this.#at = parts.clock.now();
  }

  /** On record; nothing where its trace is closed. A model's words follow as an event of their own. */
  add(): void {
    const { trace, state, clock } = this.#parts;
    if (!trace.isOpen) {
      return;
    }
    const { status, usage } = state;
    this.#throughEvent = trace.events;
    this.#at = clock.now();
    const facts = toFactsText(trace.facts.view, { status, usage, checklist: trace.checklist });
    const throughEvent = trace.events;
    trace.append({ kind: 'agent.summarized', throughEvent, facts, narrative: null });
    void this.#narrate(facts, throughEvent);
  }

  /** One at a time: what comes meanwhile is in the next. */
  async #narrate(facts: string, throughEvent: number): Promise<void> {
    const { trace, opened, narrator, meter, signal } = this.#parts;
    if (this.#isNarrating) {
      return;
    }
    this.#isNarrating = true;
    const { sessionId, title, depth, agent } = opened;
    const origin = { sessionId, title, depth };
    const narrative = await narrator.narrate({ facts, task: agent.task, origin, meter }, signal);
    this.#isNarrating = false;
    if (narrative !== null && trace.isOpen) {
      trace.append({ kind: 'agent.summarized', throughEvent, facts, narrative });
    }
  }

  addWhenDue(): void {
    const { trace, clock, policy } = this.#parts;
    const events = trace.events - this.#throughEvent;
    if (events >= policy.everyEvents || clock.now() - this.#at >= policy.everyMs) {
      this.add();
    }
  }
}
