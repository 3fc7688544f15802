// rlm_add_context: loads more text into a live session.

import * as z from 'zod';
import { toByteText } from '../../base/text';
import type { Language } from '../../core/sandbox';
import { contextSchema, toBriefContext, toContextMarkdown, toContextView } from '../contextView';
import {
  contextPathsField,
  contextTextField,
  encodingField,
  includeIgnoredField,
  sessionIdField,
} from '../fields';
import { requireGivenContext } from '../givenContext';
import { replaySchema, resumeSession, toBriefReplay, toReplayText } from '../replayView';
import { checkVariableName } from '../takenNames';
import { requireFree, runQueued } from '../taskCall';
import { Shown, defineTool } from '../tool';

const input = z.strictObject({
  session_id: sessionIdField,
  context_text: contextTextField,
  context_paths: contextPathsField,
  encoding: encodingField,
  include_ignored: includeIgnoredField,
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/u, 'must be an identifier of at most 100 characters')
    .optional()
    .describe('New variable to load into; default context_2, context_3, and so on.'),
});

const output = z.object({
  session_id: z.string(),
  context: contextSchema,
  note: z.string().describe('What the search helpers look through now.'),
  replay: replaySchema
    .nullish()
    .describe('Set when the record was run again first: this engine did not hold the variables.'),
});

export const addContext = defineTool({
  name: 'rlm_add_context',
  title: 'Load more text into a session',
  description:
    'Loads more text or files into an active session, as a variable beside `context`; other variables ' +
    'stay. Give context_paths (read by the server) or context_text. Costs no step and no budget. Next: ' +
    'rlm_run_repl with the variable that the result names.',
  input,
  output,
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true, // the place may be another machine: Daytona
  },
  async run({ engine, signal, progress }, args) {
    const given = requireGivenContext(args);
    requireFree(engine, args.session_id);
    const options = {
      ...(args.name === undefined ? {} : { name: args.name }),
      onProgress: (bytes: number) => progress.report(bytes, (read) => `${toByteText(read)} read`),
    };
    return runQueued({ engine, signal }, args.session_id, async (queued) => {
      const opening = { engine, signal: queued, progress };
      const { session, replay } = await resumeSession(opening, args.session_id);
      if (args.name !== undefined) {
        checkVariableName(args.name, session.seed.language);
      }
      const context = await session.addContext(given, options, queued);
      const view = toContextView(context);
      const told = { session_id: session.id, ...(replay && { replay }) };
      const note = toSearchNote(view.variable, session.seed.language);
      return new Shown(
        { ...told, note, context: view },
        {
          session_id: session.id,
          ...(replay && { replay: toBriefReplay(replay) }),
          note,
          context: toBriefContext(view),
        },
      );
    });
  },
  toMarkdown: ({ context, note, replay }) =>
    [
      '## Context added',
      ...(replay ? [toReplayText(replay)] : []),
      toContextMarkdown(context),
      note,
      'Next: rlm_run_repl.',
    ].join('\n\n'),
});

function toSearchNote(variable: string, language: Language): string {
  const option = language === 'python' ? `text=${variable}` : `{ text: ${variable} }`;
  return `grep, count, search and chunk look through context alone; for what was added give ${option}.`;
}
