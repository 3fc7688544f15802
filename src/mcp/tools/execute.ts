// rlm_execute: a whole run, in which a model writes the code.

import { maxTaskChars } from '../../core/loop';
import * as z from 'zod';
import { toGivenContext } from '../givenContext';
import { callLoop } from '../loopCall';
import { loopContextFields, loopResultFields, loopRunFields } from '../loopFields';
import { toLoopMarkdown, toLoopView } from '../loopView';
import { defineTool } from '../tool';

export const execute = defineTool({
  name: 'rlm_execute',
  set: 'runs',
  title: 'Solve a task over a long context',
  description:
    'Gives a task over a context of any length to a model that works by itself: it writes code in a ' +
    'sandboxed REPL, sees what comes of it, asks sub-models about pieces, and hands in an answer. None ' +
    'of the context passes through you. Use it for a result without the work; to steer each step use ' +
    'rlm_init_context. Spends tokens of a model that the server reaches (rlm_status names them), up to ' +
    'the limits in config; where none is set up, status is waiting and you write the code, by ' +
    'rlm_answer. Takes seconds to minutes: give wait_ms if your client is impatient. Next: rlm_wait when ' +
    'status is running, rlm_answer when it is waiting; rlm_get_trace shows how the answer came about.',
  input: z.strictObject({
    task: z
      .string()
      .min(1)
      .max(maxTaskChars)
      .describe('What to find out or do, and in which form.'),
    ...loopContextFields,
    ...loopRunFields,
  }),
  output: z.object(loopResultFields),
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  async run(context, args) {
    const { task } = args;
    const given = { task, work: { kind: 'execute' }, context: toGivenContext(args) } as const;
    return toLoopView(await callLoop(context, given, args), {});
  },
  toMarkdown: toLoopMarkdown,
});
