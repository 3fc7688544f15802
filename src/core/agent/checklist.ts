// The checklist of a run fills itself in from what happens. Pure.

import { RlmError } from '../errors';
import type { AgentEventBody, AgentChecked } from './agentEvent';
import { toInnerCommand } from './innerCommand';
import { PathRules } from './pathRules';
import type { ChecklistItem } from './profile';

/** Longer texts are matched by their ends: what was said last counts. */
const matchedChars = 20_000;

export class Checklist {
  readonly #items: readonly ChecklistItem[];
  readonly #patterns = new Map<string, RegExp>();
  readonly #globs = new Map<string, PathRules>();
  readonly #done = new Map<string, number | null>();

  constructor(items: readonly ChecklistItem[]) {
    this.#items = items;
    for (const { id, doneWhen } of items) {
      if (doneWhen.kind === 'diff') {
        this.#globs.set(id, new PathRules([doneWhen.glob]));
      } else if ('pattern' in doneWhen) {
        this.#patterns.set(id, new RegExp(doneWhen.pattern, 'u'));
      }
    }
  }

  get doneCount(): number {
    return this.#done.size;
  }

  /** With the event that did it; null: by hand. */
  get all(): readonly (ChecklistItem & {
    readonly isDone: boolean;
    readonly byEvent: number | null;
  })[] {
    return this.#items.map((item) => ({
      ...item,
      isDone: this.#done.has(item.id),
      byEvent: this.#done.get(item.id) ?? null,
    }));
  }

  isDone(id: string): boolean {
    return this.#done.has(id);
  }

  /** What `event`, the trace's `number`th, has done; it is done from now on. */
  take(event: AgentEventBody, number: number): readonly Omit<AgentChecked, 'kind'>[] {
    if (event.kind === 'agent.checked') {
      this.#done.set(event.item, event.byEvent); // of a record
      return [];
    }
    const found = this.#items.filter((item) => !this.#done.has(item.id) && this.#fits(item, event));
    found.forEach(({ id }) => this.#done.set(id, number));
    return found.map(({ id }) => ({ item: id, byEvent: number, note: null }));
  }

  /** @throws RlmError 'INVALID_INPUT' for an item that there is not. */
  checkByHand(id: string, note: string | null): Omit<AgentChecked, 'kind'> {
    if (!this.#items.some((item) => item.id === id)) {
      const known = this.#items.map((item) => item.id).join(', ');
      throw new RlmError('INVALID_INPUT', `The checklist has no item ${id}.`, {
        nextStep: known === '' ? 'Its profile has no checklist.' : `Name one of: ${known}.`,
      });
    }
    this.#done.set(id, null);
    return { item: id, byEvent: null, note };
  }

  #fits({ id, doneWhen }: ChecklistItem, event: AgentEventBody): boolean {
    const pattern = this.#patterns.get(id);
    switch (doneWhen.kind) {
      case 'command':
        return (
          event.kind === 'agent.ran' &&
          event.exitCode === doneWhen.exitCode &&
          event.result !== 'refused' &&
          pattern?.test(toInnerCommand(event.command).slice(-matchedChars)) === true
        );
      case 'diff':
        return (
          event.kind === 'agent.edited' &&
          event.result === 'ok' &&
          event.changes.some(({ path }) => this.#globs.get(id)?.matches(path) === true)
        );
      case 'says':
        return (
          event.kind === 'agent.said' &&
          event.by === 'agent' &&
          event.form === 'message' &&
          pattern?.test(event.text.slice(-matchedChars)) === true
        );
      case 'child':
        return (
          event.kind === 'agent.delegated' &&
          event.profileId === doneWhen.profileId &&
          event.childStatus === 'completed'
        );
      case 'manual':
        return false;
    }
  }
}
