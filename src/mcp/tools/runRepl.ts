// rlm_run_repl: runs one step of code in a session.

import * as z from 'zod';
import { codeField, finalizeField, sessionIdField } from '../fields';
import { resumeSession } from '../replayView';
import { stepSchema } from '../stepFields';
import { toStepMarkdown } from '../stepMarkdown';
import { callStep, requireFree } from '../taskCall';
import { defineTool } from '../tool';

const input = z.strictObject({
  session_id: sessionIdField,
  code: codeField,
  timeout_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .optional()
    .describe('Shortens the session’s step_timeout_ms (default 30,000) for this step.'),
  finalize: finalizeField,
});

export const runRepl = defineTool({
  name: 'rlm_run_repl',
  alias: 'run_repl',
  title: 'Run code in a session',
  description:
    'Runs one step of code in the REPL of a session; the text is in `context` (several files: a mapping ' +
    'from path to text). Look before you read: count(pattern) says how many, grep(pattern) where (100 ' +
    'unless max_matches=None), search(words) finds passages, lines(a, b) and around(hit) show whole ' +
    'lines. Keep findings in variables and print little: code and output count against budget_limit. ' +
    'FINAL(answer) with finalize true ends the session. Code that raises is a normal result with `error` ' +
    'set. A step out of time keeps its variables, unless a built-in call, such as sum(range(10**11)), ' +
    'does not let go (state_lost). No network, files or processes. Where pending_prompts is set, it ' +
    'waits for you: rlm_answer. Next: another step, rlm_get_var for a long variable, or rlm_finalize, at ' +
    'the latest when guardrail_stop is set.',
  input,
  output: stepSchema,
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  async run(context, args) {
    requireFree(context.engine, args.session_id);
    const { session, replay } = await resumeSession(context, args.session_id);
    const { code, timeout_ms: timeoutMs, finalize = false } = args;
    const given = timeoutMs === undefined ? {} : { timeoutMs };
    return callStep(context, session, { code, finalize, replay, ...given });
  },
  toMarkdown: toStepMarkdown,
});
