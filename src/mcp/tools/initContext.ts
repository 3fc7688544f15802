// rlm_init_context: opens a session over a text or files.

import * as z from 'zod';
import { toInline, toInlineCode } from '../../base/markdown';
import { toByteText } from '../../base/text';
import { contextSchema, toContextMarkdown, toContextView } from '../contextView';
import {
  contextPathsField,
  contextTextField,
  countField,
  encodingField,
  includeIgnoredField,
  languageField,
} from '../fields';
import { requireGivenContext } from '../givenContext';
import { limitsInput, toLimits, topLimitsInput } from '../limitsInput';
import { listReplGlobals } from '../replGlobals';
import { defineTool } from '../tool';
import { toLimitsView } from '../usageView';

const input = z.strictObject({
  context_text: contextTextField,
  context_paths: contextPathsField,
  encoding: encodingField,
  include_ignored: includeIgnoredField,
  title: z
    .string()
    .max(200)
    .optional()
    .describe('A short name for people who look at the sessions; made from the context if absent.'),
  language: languageField.default('python').describe('Language of the REPL.'),
  config: limitsInput.optional().describe('Guardrails of this session; each has a default.'),
  ...topLimitsInput,
});

const output = z.object({
  session_id: z.string(),
  config: z.record(z.string(), countField).describe('The guardrails that hold.'),
  counters: z.object({ step_index: countField, budget_used: countField }),
  context: contextSchema,
  repl: z.object({
    language: languageField,
    globals: z.record(z.string(), z.string()).describe('What the REPL offers: name → help.'),
  }),
});

export const initContext = defineTool({
  name: 'rlm_init_context',
  alias: 'init_context',
  title: 'Open a session over a long context',
  description:
    'Opens a session: loads text or files of up to hundreds of megabytes into the variable `context` of a ' +
    'sandboxed Python or JavaScript REPL, so that you can search and process them with code instead of ' +
    'reading them. Use it when a text, log, data set or source tree is too long to read. Give ' +
    'context_paths for files (the server reads them, no tokens spent) or context_text for a text you ' +
    'already hold; at least one of the two. Costs a moment, plus reading the files. Returns a session_id, ' +
    'the size and a preview of the context, and the functions the REPL offers. Next: explore with ' +
    'rlm_run_repl, then end with rlm_finalize.',
  input,
  output,
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  async run({ engine, signal, progress }, args) {
    const given = requireGivenContext(args);
    const session = await engine.sessions.openSession(
      {
        context: given,
        language: args.language,
        title: args.title ?? '',
        limits: toLimits(args),
      },
      signal,
      (bytes) => progress.report(bytes, (read) => `${toByteText(read)} read`),
    );
    const [context] = session.summary.contexts;
    if (!context) {
      throw new Error('The session was opened without its context.');
    }
    const { seed } = session;
    return {
      session_id: session.id,
      config: { ...toLimitsView(seed.limits) },
      counters: { step_index: 0, budget_used: 0 },
      context: toContextView(context),
      repl: { language: seed.language, globals: listReplGlobals(seed.language) },
    };
  },
  toMarkdown: (payload) =>
    [
      `## Session ${toInlineCode(payload.session_id)}`,
      toContextMarkdown(payload.context),
      `**Guardrails:** ${Object.entries(payload.config)
        .map(([name, value]) => `${name} ${value.toLocaleString('en')}`)
        .join(', ')}`,
      `**The ${payload.repl.language} REPL offers**`,
      Object.entries(payload.repl.globals)
        .map(([name, help]) => `- ${toInlineCode(name)}: ${toInline(help)}`)
        .join('\n'),
      'Next: explore with rlm_run_repl.',
    ].join('\n\n'),
});
