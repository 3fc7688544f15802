// What an agent is shown of the prompts that wait for it: each once, what it knows already by reference, and of many
// a fair share of each session's.

import { toTextHash } from '../../base/textHash';
import type { ModelMessage, ModelRequest, PromptOrigin } from '../model';

export interface TaskPrompt {
  readonly id: string;
  readonly prompt: string;
  /** As asked for; null: any. */
  readonly model: string | null;
  readonly purpose: ModelRequest['purpose'];
  /**
   * The prompt whose conversation this one goes on with: the agent knows what came before, so that
   * only what is new is shown. Null: it begins one.
   */
  readonly follows: string | null;
  /** The prompt whose text is the same, and stands there; null: it stands here. */
  readonly sameAs: string | null;
  /** The prompt whose system message is the same, and stands there; null: it stands here, or there is none. */
  readonly systemAs: string | null;
  /** Null: not known. */
  readonly origin: PromptOrigin | null;
}

/** A prompt as it was asked. */
export interface AskedPrompt extends Omit<TaskPrompt, 'sameAs' | 'systemAs'> {
  readonly messages: readonly ModelMessage[];
  /** With all of its conversation; `prompt` is only what is new. */
  readonly whole: string;
}

export interface PromptPage {
  /** What one refers to comes before it. */
  readonly prompts: readonly TaskPrompt[];
  /** Ids of those that were shown before and still wait. */
  readonly told: readonly string[];
  /** Ids of those that did not fit. */
  readonly left: readonly string[];
}

/** Of one prompt, and of all in one reply, as JSON: they must pass through the agent whole. */
export const maxShownChars = 80_000;
/** Texts that can be referred to. */
const maxKnownTexts = 1_000;

export function fits(prompt: string): boolean {
  return JSON.stringify(prompt).length <= maxShownChars;
}

export class ShownPrompts {
  readonly #told = new Set<string>();
  /** Texts and system messages by their hash, with the prompt that each was shown in. */
  readonly #known = new Map<string, string>();

  /** What is listed counts as shown. `waiting` in the order they were asked. */
  list(waiting: readonly AskedPrompt[], showWhole: boolean): PromptPage {
    const asked = showWhole ? waiting : waiting.filter(({ id }) => !this.#told.has(id));
    const known = showWhole ? new Map<string, string>() : this.#known;
    const taken = new Map<string, TaskPrompt>();
    let left = maxShownChars;
    for (const one of inTurns(asked)) {
      const shown = toShown(one, known, showWhole);
      const chars = JSON.stringify(shown).length;
      if (taken.size === 0 || chars <= left) {
        left -= chars;
        taken.set(one.id, shown);
        this.#learn(one, shown, known);
      }
    }
    const told = waiting.filter(({ id }) => !taken.has(id) && this.#told.has(id));
    taken.forEach((_, id) => this.#told.add(id));
    return {
      prompts: [...taken.values()],
      told: told.map(({ id }) => id),
      left: waiting.filter(({ id }) => !this.#told.has(id)).map(({ id }) => id),
    };
  }

  #learn(asked: AskedPrompt, shown: TaskPrompt, known: Map<string, string>): void {
    if (shown.sameAs !== null || shown.prompt !== toText(asked, shown.systemAs)) {
      return;
    }
    const texts = [toKey('text', asked.whole), ...toSystemKeys(asked)];
    for (const key of texts) {
      if (!known.has(key)) {
        known.set(key, asked.id);
        this.#known.set(key, asked.id);
      }
    }
    const old = [...this.#known.keys()].slice(0, Math.max(0, this.#known.size - maxKnownTexts));
    old.forEach((key) => this.#known.delete(key));
  }
}

/** One of each session in turn, each session's in the order they were asked. */
function inTurns(asked: readonly AskedPrompt[]): readonly AskedPrompt[] {
  const queues = new Map<string, AskedPrompt[]>();
  for (const one of asked) {
    const key = one.origin?.sessionId ?? '';
    queues.set(key, [...(queues.get(key) ?? []), one]);
  }
  const longest = Math.max(0, ...[...queues.values()].map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) =>
    [...queues.values()].flatMap((queue) => queue[turn] ?? []),
  ).flat();
}

function toShown(
  asked: AskedPrompt,
  known: ReadonlyMap<string, string>,
  showWhole: boolean,
): TaskPrompt {
  const { id, model, purpose, follows, origin } = asked;
  const head = { id, model, purpose, origin };
  const isWhole = follows === null || (showWhole && fits(asked.whole));
  if (!isWhole) {
    return { ...head, prompt: asked.prompt, follows, sameAs: null, systemAs: null };
  }
  const sameAs = known.get(toKey('text', asked.whole)) ?? null;
  if (sameAs !== null) {
    return {
      ...head,
      prompt: `The same text as ${sameAs}.`,
      follows: null,
      sameAs,
      systemAs: null,
    };
  }
  const [systemKey] = toSystemKeys(asked);
  const systemAs = (systemKey !== undefined && known.get(systemKey)) || null;
  return { ...head, prompt: toText(asked, systemAs), follows: null, sameAs: null, systemAs };
}

function toText({ messages, whole }: AskedPrompt, systemAs: string | null): string {
  const [first, ...others] = messages;
  return systemAs === null || !first
    ? whole
    : toPromptText([{ ...first, text: `(as in ${systemAs})` }, ...others]);
}

function toSystemKeys({ messages }: AskedPrompt): readonly string[] {
  const [first] = messages;
  return first?.role === 'system' && messages.length > 1 ? [toKey('system', first.text)] : [];
}

/** Of texts alike in hash and length nobody has seen two that differ. */
function toKey(kind: 'text' | 'system', text: string): string {
  return `${kind} ${text.length} ${toTextHash(text)}`;
}

/** A prompt as one text. */
export function toPromptText(messages: readonly ModelMessage[]): string {
  const [only] = messages;
  if (messages.length === 1 && only) {
    return only.text;
  }
  return messages.map(({ role, text }) => `[${role}]\n${text}`).join('\n\n');
}
