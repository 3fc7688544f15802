// rlm_finalize: ends a session with an answer.

import * as z from 'zod';
import { toFence } from '../../base/markdown';
import { cutText, toCounted } from '../../base/text';
import { countField, cutSchema, sessionIdField, stopReasonField } from '../fields';
import { fitPayload } from '../fit';
import { createInvalidInput } from '../invalidInput';
import { runQueued } from '../taskCall';
import { Shown, defineTool } from '../tool';
import type { Engine } from '../../core/engine';
import type { RlmError } from '../../core/errors';
import { type FinalizeInput, toFinishReason } from '../../core/finalAnswer';
import { findOfferedAnswer } from '../../core/offeredAnswer';
import { toStatsView } from '../usageView';

const input = z.strictObject({
  session_id: sessionIdField,
  final_text: z
    .string()
    .min(1)
    .max(500_000)
    .optional()
    .describe('The answer. Give this or final_var_name.'),
  final_var_name: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('A variable that holds the answer, so that it need not pass through you.'),
});

const output = z.object({
  final_answer: z.string(),
  finish_reason: z
    .enum(['completed', ...stopReasonField.options])
    .describe('completed, or the guardrail that had stopped the session.'),
  stats: z.object({
    steps: countField,
    runtime_ms: countField,
    budget_used: countField,
    llm_calls: countField,
    llm_tokens: countField,
  }),
  truncated: z
    .boolean()
    .optional()
    .describe('Whether final_answer is cut here; the trace names its length.'),
  cut: cutSchema.optional(),
});
type Payload = z.output<typeof output>;

export const finalize = defineTool({
  name: 'rlm_finalize',
  alias: 'finalize',
  title: 'Finish a session with its answer',
  description:
    'Ends a session with an answer and records it; not needed after a step with finalize true. Give ' +
    'final_text (you write it) or final_var_name (a variable holds it). Works on a stopped session too; ' +
    'finish_reason says what stopped it. The same call again returns the same answer; another answer is ' +
    'refused. No step runs afterwards. Next: tell the user; rlm_get_trace shows how the answer came ' +
    'about.',
  input,
  output,
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  async run({ engine, signal }, args) {
    const sessionId = args.session_id;
    const answer = toFinalizeInput(args);
    if (answer === null) {
      throw await toNoAnswer(engine, sessionId);
    }
    if (engine.tasks.isInputRequired(sessionId)) {
      await engine.sessions.checkAnswer(sessionId, answer, signal); // one that is refused ends nothing
      await engine.tasks.cancelAll(sessionId);
    }
    const summary = await runQueued({ engine, signal }, sessionId, (queued) =>
      engine.sessions.finalize(sessionId, answer, queued),
    );
    const { payload, cut } = fitPayload(
      {
        final_answer: summary.finalAnswer ?? '',
        finish_reason: toFinishReason(summary.stopCause),
        stats: toStatsView(summary.usage),
      },
      ['final_answer'],
    );
    const { final_answer: text, ...first } = payload;
    const whole = { ...first, truncated: cut.length > 0, cut, final_answer: text };
    return new Shown<Payload>(whole, cut.length > 0 ? whole : { ...first, final_answer: text });
  },
  toMarkdown: ({ final_answer: answer, finish_reason: reason, stats, cut = [] }) =>
    [
      `## Finished: ${reason}`,
      toFence(answer),
      ...cut.map(({ shown, total }) => `Cut: ${shown} of ${total} characters.`),
      `${toCounted(stats.steps, 'step')}, ${stats.runtime_ms} ms, ${toCounted(stats.budget_used, 'character')}, ${toCounted(stats.llm_calls, 'sub-model call')}.`,
    ].join('\n\n'),
});

/** Null where none was given. */
function toFinalizeInput(args: z.output<typeof input>): FinalizeInput | null {
  const { final_text: text, final_var_name: variable } = args;
  if (text !== undefined && variable === undefined) {
    return { text };
  }
  if (variable !== undefined && text === undefined) {
    return { variable };
  }
  if (text === undefined) {
    return null;
  }
  throw createInvalidInput('Both final_text and final_var_name were given.', giveOne);
}

const giveOne =
  'Give exactly one: final_text with the answer, or final_var_name of the variable that holds it.';
const shownAnswerChars = 1_000;

/** Names what the code has handed in, which is no answer of the session before it is given here. */
async function toNoAnswer({ sessions, traces }: Engine, sessionId: string): Promise<RlmError> {
  const message = 'Neither final_text nor final_var_name was given.';
  const summary = await sessions.readSummary(sessionId).catch(() => null);
  const offered = summary && (await findOfferedAnswer(traces, summary).catch(() => null));
  if (!offered) {
    return createInvalidInput(message, giveOne);
  }
  const { step, text } = offered;
  const { text: shown } = cutText(text, shownAnswerChars);
  const isCut = shown.length < text.length;
  return createInvalidInput(
    `${message} The code of step ${step} has handed in an answer of ${text.length.toLocaleString('en')} characters, which is not ` +
      `committed yet${isCut ? ' and begins' : ''}: ${shown}`,
    isCut
      ? 'To commit it, keep it in a variable in a step and give that as final_var_name.'
      : 'To commit it, give it as final_text, or the variable that holds it as final_var_name.',
  );
}
