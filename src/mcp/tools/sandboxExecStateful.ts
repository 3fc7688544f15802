// sandbox_exec_stateful: runs code in a sandbox that keeps its variables.

import * as z from 'zod';
import { toInlineCode } from '../../base/markdown';
import { codeField } from '../fields';
import { findFreeSandbox, sandboxHints } from '../sandboxCall';
import { sandboxArgs, toTold, toldFields } from '../sandboxFields';
import { stepSchema } from '../stepFields';
import { toStepMarkdown } from '../stepMarkdown';
import { callStep } from '../taskCall';
import { Shown, defineTool } from '../tool';

const input = z.strictObject({
  code: codeField,
  ...sandboxArgs,
  timeout_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .optional()
    .describe('Shortens the session’s step_timeout_ms (default 30,000) for this code.'),
});

const { sandbox_id, note } = toldFields;
const output = stepSchema.extend({ sandbox_id, note });

export const sandboxExecStateful = defineTool({
  name: 'sandbox_exec_stateful',
  set: 'sandbox',
  title: 'Run code in a lasting sandbox',
  description:
    'Runs code in a sandbox whose variables and files stay from call to call: the session named by sandbox_id, or ' +
    'one scratch session of this connection. Use it for work in several steps that needs no long text; with a ' +
    'session_id of rlm_init_context it is rlm_run_repl. Each call is a step of that session and counts against its ' +
    'guardrails. No network, no files of this machine but those uploaded. Next: another call, sandbox_upload and ' +
    'sandbox_download for files, rlm_get_var for long variables.',
  input,
  output,
  hints: sandboxHints,
  async run(context, args) {
    const found = await findFreeSandbox(context, args);
    const { code, timeout_ms: timeoutMs } = args;
    const given = timeoutMs === undefined ? {} : { timeoutMs };
    const { replay, ...rest } = found;
    const step = await callStep(context, rest.session, { code, replay, ...given });
    const told = toTold({ ...rest, replay: null }, false);
    return new Shown({ ...told, ...step.payload }, { ...told, ...step.brief });
  },
  toMarkdown: (payload) =>
    [
      toStepMarkdown(payload),
      ...(payload.note === undefined ? [] : [`**Note:** ${payload.note}`]),
      `Sandbox ${toInlineCode(payload.sandbox_id)}.`,
    ].join('\n\n'),
});
