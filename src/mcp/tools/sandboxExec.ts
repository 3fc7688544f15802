// sandbox_exec: runs code once, in a sandbox of its own.

import * as z from 'zod';
import { toInlineCode } from '../../base/markdown';
import { backendField, codeField, imageInput, languageField } from '../fields';
import { sandboxHints } from '../sandboxCall';
import { openSandbox } from '../scratch';
import { stepSchema } from '../stepFields';
import { toStepMarkdown } from '../stepMarkdown';
import { callStep } from '../taskCall';
import { Shown, defineTool } from '../tool';

const input = z.strictObject({
  code: codeField,
  language: languageField.default('python').describe('Language of the code.'),
  backend: backendField.optional().describe('Where it runs; as rlm_init_context.'),
  image: imageInput,
});

const output = stepSchema.extend({
  session_id: z.string().describe('Whose trace has the code and what came of it.'),
});

export const sandboxExec = defineTool({
  name: 'sandbox_exec',
  set: 'sandbox',
  title: 'Run code in a fresh sandbox',
  description:
    'Runs code once in a fresh sandbox without any text, and returns its output; variables and files are gone ' +
    'afterwards. Use it for a calculation or to try something out; for several steps over the same variables use ' +
    'sandbox_exec_stateful, and to work on a long text rlm_init_context. Costs a new sandbox (milliseconds on wasm, ' +
    'seconds for a first container). No network, no files of this machine. Next: read the result; rlm_get_trace with ' +
    'session_id has the record.',
  input,
  output,
  hints: sandboxHints,
  async run(context, args) {
    const { code, language, backend } = args;
    const session = await openSandbox(context, {
      ...{ language, backend, image: args.image },
      title: code,
      limits: {},
    });
    const { id } = session;
    let isWaiting = false;
    try {
      const { payload, brief } = await callStep(context, session, { code, replay: null });
      isWaiting = (payload.pending_prompts ?? []).length > 0;
      return new Shown({ session_id: id, ...payload }, { session_id: id, ...brief });
    } finally {
      if (!isWaiting) {
        await context.engine.sessions.closeSession(id, 'its code has run');
      }
    }
  },
  toMarkdown: (payload) =>
    [toStepMarkdown(payload), `Session ${toInlineCode(payload.session_id)}.`].join('\n\n'),
});
