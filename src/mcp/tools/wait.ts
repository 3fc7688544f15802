// rlm_wait: goes on waiting for a run that another call has started.

import * as z from 'zod';
import { RlmError } from '../../core/errors';
import { sessionIdField } from '../fields';
import { followRun } from '../loopCall';
import { runSchema, waitMsField } from '../loopFields';
import { toRunMarkdown, toRunView } from '../loopView';
import { defineTool } from '../tool';

const defaultWaitMs = 45_000;

export const wait = defineTool({
  name: 'rlm_wait',
  set: 'runs',
  title: 'Wait for a run',
  description:
    'Waits for a run that rlm_execute, rlm_analyze, rlm_code or rlm_decompose left running, and returns ' +
    'what they return: the result, or status running again. Costs nothing; the run goes on whether you ' +
    'wait or not (one that asks your client’s own model only while you wait). A result can be asked for ' +
    'again for a while. Next: rlm_wait again while running, rlm_answer while waiting; rlm_get_trace to ' +
    'see the run.',
  input: z.strictObject({
    session_id: sessionIdField,
    wait_ms: waitMsField
      .unwrap()
      .default(defaultWaitMs)
      .describe('How long to wait, in ms. Stay below your client’s tool timeout.'),
  }),
  output: runSchema,
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run(context, { session_id: sessionId, wait_ms: waitMs }) {
    const task = context.engine.tasks.findRun(sessionId);
    if (!task) {
      throw new RlmError('SESSION_NOT_FOUND', `No run of session ${sessionId} is known here.`, {
        nextStep:
          'Give the session_id that a loop tool returned with status running. Its engine may have ended since: rlm_get_trace shows how far the run came.',
      });
    }
    return toRunView(await followRun(context, task, { waitMs, ownsTask: false }));
  },
  toMarkdown: toRunMarkdown,
});
