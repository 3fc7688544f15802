// rlm_init_context: opens a session over a text or files, and runs its first step where there is one.

import * as z from 'zod';
import { toInline, toInlineCode } from '../../base/markdown';
import { toByteText } from '../../base/text';
import { toRlmError } from '../../core/errors';
import type { Session } from '../../core/session';
import { contextSchema, toBriefContext, toContextMarkdown, toContextView } from '../contextView';
import {
  backendInput,
  codeField,
  contextPathsField,
  contextTextField,
  countField,
  encodingField,
  finalizeField,
  imageInput,
  includeIgnoredField,
  languageField,
  placeSchema,
  verbosityInput,
} from '../fields';
import { requireGivenContext } from '../givenContext';
import { createInvalidInput } from '../invalidInput';
import { limitsInput, toLimits, topLimitsInput } from '../limitsInput';
import { toNotablePlace, toPlaceMarkdown, toPlaceView } from '../placeView';
import { isPending } from '../pendingView';
import { replSchema, toReplView } from '../replView';
import { RunFailure } from '../runFailure';
import { type StepPayload, stepSchema } from '../stepFields';
import { toStepMarkdown } from '../stepMarkdown';
import { callStep } from '../taskCall';
import { Shown, type ToolContext, defineTool } from '../tool';
import { toLimitsView } from '../usageView';

const input = z.strictObject({
  context_text: contextTextField,
  context_paths: contextPathsField,
  encoding: encodingField,
  include_ignored: includeIgnoredField,
  code: codeField
    .optional()
    .describe(
      'The first step, run in the same call. Give it whenever you can guess what to look at first.',
    ),
  finalize: finalizeField,
  title: z.string().max(200).optional().describe('A short name, for people.'),
  language: languageField.default('python').describe('Language of the REPL.'),
  verbosity: verbosityInput,
  help: z
    .boolean()
    .optional()
    .describe('Explain the REPL’s functions again; your first session is told by itself.'),
  backend: backendInput,
  image: imageInput,
  config: limitsInput.optional().describe('Guardrails of the session.'),
  ...topLimitsInput,
});

const output = z.object({
  session_id: z.string(),
  step: stepSchema
    .optional()
    .describe(
      'What rlm_run_repl returns, for code. Also pending_prompts, to be answered by rlm_answer.',
    ),
  context: contextSchema,
  repl: replSchema,
  sandbox: placeSchema.optional(),
  config: z.record(z.string(), countField).optional().describe('The guardrails that hold.'),
  counters: z
    .object({ step_index: countField, budget_used: countField })
    .optional()
    .describe('Before any step.'),
});
type Opened = z.output<typeof output>;

export const initContext = defineTool({
  name: 'rlm_init_context',
  alias: 'init_context',
  title: 'Open a session over a long context',
  description:
    'Opens a session: loads text or files, up to hundreds of megabytes, into the variable `context` of a ' +
    'sandboxed Python or JavaScript REPL, to be searched and processed by code instead of read. Use it ' +
    'for a text, log, data set or source tree that is too long to read. Give context_paths (files, read ' +
    'by the server) or context_text (a text you hold). Give code too: the first step runs in the same ' +
    'call, and its result is in step. A question that one expression answers is this call alone: code ' +
    '"FINAL(count(r\'^ERROR \'))" with finalize true. Otherwise let code take a first look (samples, ' +
    'counts, shapes): the preview is only 500 characters. Returns a session_id, size and preview, and ' +
    'once what the REPL offers. Next: rlm_run_repl.',
  input,
  output,
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  async run(context, args) {
    const { engine, signal, progress } = context;
    const given = requireGivenContext(args);
    if (args.finalize === true && args.code === undefined) {
      throw createInvalidInput(
        'finalize was given without code.',
        'Give the code whose FINAL, FINAL_VAR or SUBMIT is the answer, or leave finalize out.',
      );
    }
    const stages = progress.startStages();
    const opening = engine.sessions.openSession(
      {
        context: given,
        language: args.language,
        backend: args.backend ?? null,
        image: args.image ?? null,
        title: args.title ?? '',
        limits: toLimits(args),
        ...(args.verbosity !== 'normal' && { verbosity: args.verbosity }),
        onStage: stages.onStage,
      },
      signal,
      (bytes) => progress.report(bytes, (read) => `${toByteText(read)} read`),
    );
    const session = await opening.finally(() => stages.dispose());
    const step = args.code === undefined ? null : await runFirst(context, session, args);
    return toOpened(context, session, { step, needsHelp: args.help ?? false });
  },
  toMarkdown: (payload) =>
    [
      `## Session ${toInlineCode(payload.session_id)}`,
      ...(payload.step ? [toStepMarkdown(payload.step).replace(/^## /u, '### ')] : []),
      toContextMarkdown(payload.context),
      ...(payload.sandbox ? [toPlaceMarkdown(payload.sandbox)] : []),
      ...(payload.config
        ? [
            `**Guardrails:** ${Object.entries(payload.config)
              .map(([name, value]) => `${name} ${value.toLocaleString('en')}`)
              .join(', ')}`,
          ]
        : []),
      ...(payload.repl.help === undefined ? [] : [payload.repl.help]),
      ...(payload.repl.globals === undefined
        ? []
        : [
            `**The ${payload.repl.language} REPL offers**`,
            Object.entries(payload.repl.globals)
              .map(([name, help]) => `- ${toInlineCode(name)}: ${toInline(help)}`)
              .join('\n'),
          ]),
      `Next: ${toNextTool(payload.step)}.`,
    ].join('\n\n'),
});

function toNextTool(step: Opened['step']): string {
  if (step?.finish_reason !== undefined) {
    return 'tell the user the answer';
  }
  if (step && isPending(step)) {
    return 'rlm_answer';
  }
  return step?.guardrail_stop ? 'rlm_finalize' : 'rlm_run_repl';
}

/** What the session is stays known when its step cannot be run; a caller that is gone leaves nothing behind. */
async function runFirst(
  context: ToolContext,
  session: Session,
  {
    code = '',
    finalize = false,
  }: { readonly code?: string | undefined; readonly finalize?: boolean | undefined },
): Promise<Shown<StepPayload>> {
  try {
    return await callStep(context, session, { code, finalize, replay: null });
  } catch (thrown) {
    throw new RunFailure(toRlmError(thrown), session.id);
  } finally {
    if (context.signal.aborted) {
      await context.engine.sessions.closeSession(
        session.id,
        'the call that opened it was cancelled',
      );
    }
  }
}

function toOpened(
  { toldLanguages }: ToolContext,
  session: Session,
  { step, needsHelp }: { readonly step: Shown<StepPayload> | null; readonly needsHelp: boolean },
): Shown<Opened> {
  const { id, seed, summary } = session;
  const [loaded] = summary.contexts;
  if (!loaded) {
    throw new Error('The session was opened without its context.');
  }
  const verbosity = seed.verbosity ?? 'normal';
  const hasEnded = step?.payload.finish_reason !== undefined;
  const isNew = verbosity === 'normal' && !hasEnded && !toldLanguages.has(seed.language);
  const isFull = needsHelp || verbosity === 'full' || isNew;
  const repl = toReplView(seed.language, { isFull });
  if (isFull) {
    toldLanguages.add(seed.language);
  }
  const context = toContextView(loaded);
  const whole = {
    session_id: id,
    ...(step && { step: step.payload }),
    context,
    repl: repl.payload,
    ...(verbosity === 'full'
      ? { sandbox: toPlaceView(seed.sandbox) }
      : toNotablePlace(seed.sandbox)),
    config: { ...toLimitsView(seed.limits) },
    counters: { step_index: 0, budget_used: 0 },
  };
  const brief = {
    session_id: id,
    ...(step && { step: step.brief }),
    context: toBriefContext(context, hasEnded ? 'ended' : step ? 'looked' : 'first'),
    repl: hasEnded && !isFull ? { language: seed.language } : repl.brief,
    ...toNotablePlace(seed.sandbox),
  };
  if (verbosity === 'full') {
    return new Shown<Opened>(whole, whole);
  }
  return new Shown<Opened>(verbosity === 'terse' ? brief : whole, brief);
}
