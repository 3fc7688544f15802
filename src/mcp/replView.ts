// What the REPL offers: in full once, and by name for who has been told.

import * as z from 'zod';
import type { Language } from '../core/sandbox';
import { languageField } from './fields';
import { listReplGlobals, listShortGlobals } from '../core/replGlobals';
import { Shown } from './tool';

export const replSchema = z.object({
  language: languageField,
  globals: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'What the REPL offers: name → help, or its first argument where you were told before (help: true tells again).',
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
  const globals = listShortGlobals(language);
  const names = Object.keys(globals).join(', ');
  const help = `As told before: ${names}. In full again: help true in rlm_init_context.`;
  return new Shown<ReplView>({ language, globals }, { language, help });
}
