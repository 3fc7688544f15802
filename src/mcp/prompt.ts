// What a prompt is that a user can pick in the client.

import type { Engine } from '../core/engine';

export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  render(engine: Engine, args: Readonly<Record<string, string>>): string | Promise<string>;
}

interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** Values are put in once and never looked through for further marks. */
export function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/gu, (mark, name: string) => values[name] ?? mark).trim();
}
