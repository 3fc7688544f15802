// rlm_wait: goes on waiting for a run that another call has started.

import * as z from 'zod';
import { sessionIdField } from '../fields';
import { awaitLoop } from '../loopCall';
import { loopResultFields, programFields, subtaskFields, waitMsField } from '../loopFields';
import {
  toLoopMarkdown,
  toLoopView,
  toProgramMarkdown,
  toProgramView,
  toSubtasksMarkdown,
  toSubtasksView,
} from '../loopView';
import { defineTool } from '../tool';

const defaultWaitMs = 45_000;

export const wait = defineTool({
  name: 'rlm_wait',
  set: 'runs',
  title: 'Wait for a run',
  description:
    'Goes on waiting for a run that rlm_execute, rlm_analyze, rlm_code or rlm_decompose left with status ' +
    'running, and returns what they return: the result once there is one, else status running again. ' +
    'Costs nothing; the run goes on whether you wait or not. A result is kept for a while and can be ' +
    'asked for again. code and tests are set for rlm_code, subtasks for rlm_decompose. Next: rlm_wait ' +
    'again while status is running; rlm_get_trace to see the run.',
  input: z.strictObject({
    session_id: sessionIdField,
    wait_ms: waitMsField
      .unwrap()
      .default(defaultWaitMs)
      .describe('How long to wait, in ms. Stay below your client’s tool timeout.'),
  }),
  output: z.object({ ...loopResultFields, ...programFields, ...subtaskFields }),
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  async run(context, { session_id: sessionId, wait_ms: waitMs }) {
    const outcome = await awaitLoop(context, sessionId, waitMs);
    return toLoopView(outcome, { ...toProgramView(outcome), ...toSubtasksView(outcome) });
  },
  toMarkdown: (view) => toLoopMarkdown(view) + toProgramMarkdown(view) + toSubtasksMarkdown(view),
});
