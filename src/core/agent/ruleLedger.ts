// What a profile wants to have happened before a run commits or completes. Pure.

import type { AgentEventBody } from './agentEvent';
import type { Checklist } from './checklist';
import type { ProfileRule } from './profile';

export class RuleLedger {
  readonly #rules: readonly ProfileRule[];
  readonly #checklist: Checklist;
  #lastChange = -1;
  /** By profile: the event that told of the last child of it that has completed. */
  readonly #completed = new Map<string, number>();

  constructor(rules: readonly ProfileRule[], checklist: Checklist) {
    this.#rules = rules;
    this.#checklist = checklist;
  }

  take(event: AgentEventBody, number: number): void {
    if (event.kind === 'agent.edited' && event.result !== 'refused') {
      this.#lastChange = number; // also one that failed or was cut off may have changed something
    } else if (event.kind === 'agent.delegated' && event.childStatus === 'completed') {
      this.#completed.set(event.profileId, number);
    }
  }

  /** For people and for the agent: what is missing; empty: nothing. */
  findMissing(before: ProfileRule['before']): readonly string[] {
    const rules = this.#rules.filter((rule) => rule.before === before);
    return [...new Set(rules.flatMap((rule) => this.#findMissingOf(rule)))];
  }

  #findMissingOf({ child, item }: ProfileRule): readonly string[] {
    const missing: string[] = [];
    if (child !== null && (this.#completed.get(child) ?? -1) <= this.#lastChange) {
      missing.push(`an agent of profile ${child} must have completed since the last change`);
    }
    if (item !== null && !this.#checklist.isDone(item)) {
      const found = this.#checklist.all.find(({ id }) => id === item);
      missing.push(`checklist item ${item} must be done${found ? `: ${found.description}` : ''}`);
    }
    return missing;
  }
}
