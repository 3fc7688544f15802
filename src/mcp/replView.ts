// What the REPL offers: in full once, and by name for who has been told.

import * as z from 'zod';
import type { Language } from '../core/sandbox';
import { languageField } from './fields';
import { listReplGlobals } from '../core/replGlobals';
import { Shown } from './tool';

export const replSchema = z.object({
  language: languageField,
  globals: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'What the REPL offers: name → help, empty where you were told before (help: true tells again).',
    ),
  help: z.string().optional().describe('Set where you were told before: how to be told again.'),
});
type ReplView = z.output<typeof replSchema>;

export function toReplView(
  language: Language,
  { isFull }: { readonly isFull: boolean },
): Shown<ReplView> {
  if (isFull) {
    const view = { language, globals: listReplGlobals(language) };
    return new Shown<ReplView>(view, view);
  }
  const names = Object.keys(listReplGlobals(language));
  const globals = Object.fromEntries(names.map((name) => [name, '']));
  const help =
    'As told before (grep, count, search, lines, around, top, …); help true tells all again.';
  return new Shown<ReplView>({ language, globals }, { language, help });
}
