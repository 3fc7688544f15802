// The names of a session's variables, as far as its steps' code tells of them.

import type { Declarations } from './declarations';
import type { RewrittenStep } from './rewriteStep';

/** What can reach any variable, by a text or otherwise. */
const anyName = ['eval', 'Function', 'globalThis'];

/** More than that are not copied. */
const longMentions = 100;

/** Of a longer one no variable is told. */
const maxNameChars = 500;

/** What there is after a step. */
export interface ListedNames {
  /** As many as are listed. */
  readonly variables: readonly string[];
  readonly isWhole: boolean;
  /** Those that the code has removed. */
  readonly removed: readonly string[];
}

export class StepNames {
  /** Variables that were declared with `const`. */
  readonly constants = new Set<string>();
  /** Those that were declared with `let`, with `const` or as classes. */
  readonly lexical = new Set<string>();
  /** Names of what may be or hold functions. */
  carriers: ReadonlySet<string> = new Set();
  /** What the declarations of all steps mention, by the declared name; long lists are shared by all names of one. */
  readonly #declarations = new Map<string, [own: Set<string>, ...long: ReadonlySet<string>[]]>();
  #variables: readonly string[] = [];

  get variables(): readonly string[] {
    return this.#variables;
  }

  /** After a step; undefined where they could not be listed. */
  list(listed: ListedNames | undefined): void {
    if (listed === undefined) {
      return;
    }
    this.#variables = listed.variables;
    const present = new Set(listed.variables);
    const gone = listed.isWhole
      ? [...this.lexical].filter((one) => !present.has(one))
      : listed.removed;
    gone.forEach((name) => this.forget(name));
  }

  /** A context was loaded under the name. */
  load(name: string): void {
    this.forget(name);
    this.#variables = [...new Set([...this.#variables, name])];
  }

  /** `unreached` are those whose declarations were not reached: they are as before. */
  declare(declared: Declarations, unreached: readonly string[]): void {
    const { lexical, renewed, constants, others } = declared;
    others.forEach((name) => this.forget(name));
    for (const name of [...lexical, ...renewed].filter((one) => !unreached.includes(one))) {
      this.forget(name);
      this.lexical.add(name);
      if (constants.includes(name)) {
        this.constants.add(name);
      }
    }
  }

  forget(name: string): void {
    this.lexical.delete(name);
    this.constants.delete(name);
  }

  /** Names that a step can reach by those in it, through what they declare, variables or not; null: any. */
  reach(step: RewrittenStep): string[] | null {
    this.carriers = step.carriers;
    for (const { given, mentions } of step.declarations) {
      given.forEach((name) => this.#addDeclaration(name, mentions));
    }
    if (anyName.some((name) => step.mentions.has(name))) {
      return null;
    }
    const reached = new Set(step.mentions);
    const followed = new Set<ReadonlySet<string>>();
    for (const name of reached) {
      for (const mentions of this.#declarations.get(name) ?? []) {
        if (!followed.has(mentions)) {
          followed.add(mentions);
          mentions.forEach((other) => reached.add(other));
        }
      }
    }
    return [...reached].filter((name) => name.length <= maxNameChars);
  }

  #addDeclaration(name: string, mentions: ReadonlySet<string>): void {
    const known = this.#declarations.get(name) ?? [new Set<string>()];
    this.#declarations.set(name, known);
    if (mentions.size > longMentions) {
      known.push(mentions);
    } else {
      mentions.forEach((other) => known[0].add(other));
    }
  }
}
