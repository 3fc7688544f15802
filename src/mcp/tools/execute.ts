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
    'Gives a task over a context of any length to a model that works on it by itself: it writes code in a ' +
    'sandboxed REPL, sees what comes of it, asks sub-models about pieces, and hands in an answer. You get ' +
    'the answer, and none of the context passes through you. Use it when you want the result and not the ' +
    'work; to steer every step yourself use rlm_init_context and rlm_run_repl. Asks a model that the server ' +
    'can reach (rlm_status says which) and spends its tokens, up to the limits in config; where there is ' +
    'none, status is waiting and you write the code yourself, by rlm_answer. Takes from seconds to minutes, ' +
    'so give wait_ms if your client is impatient. Next: rlm_wait when status is running, rlm_answer when it ' +
    'is waiting; rlm_get_trace with the session_id to see how the answer came about.',
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
