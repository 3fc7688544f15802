// rlm_decompose: a task split into parts that run at the same time.

import { maxTaskChars } from '../../core/loop';
import * as z from 'zod';
import { toGivenContext } from '../givenContext';
import { callLoop } from '../loopCall';
import { loopContextFields, loopResultFields, loopRunFields, subtaskFields } from '../loopFields';
import { toLoopMarkdown, toLoopView, toSubtasksMarkdown, toSubtasksView } from '../loopView';
import { defineTool } from '../tool';

const defaultSubtasks = 5;
const mostSubtasks = 20;

export const decompose = defineTool({
  name: 'rlm_decompose',
  set: 'runs',
  title: 'Split a task and solve its parts',
  description:
    'Splits a task into independent parts, has a model work on each in a session of its own, at the same ' +
    'time over the same context, and combines the answers. A part that fails says so and does not lose ' +
    'the others. Use it for several questions or aspects; one question is cheaper with rlm_execute. ' +
    'Costs about an rlm_execute a part, within the limits in config, which all share; model and wait_ms ' +
    'as there. Next: rlm_wait when status is running, rlm_answer when it is waiting.',
  input: z.strictObject({
    complex_task: z.string().min(1).max(maxTaskChars).describe('The whole task.'),
    num_subtasks: z
      .int()
      .min(1)
      .max(mostSubtasks)
      .default(defaultSubtasks)
      .describe('At most so many parts.'),
    ...loopContextFields,
    ...loopRunFields,
  }),
  output: z.object({ ...loopResultFields, ...subtaskFields }),
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  async run(context, args) {
    const outcome = await callLoop(
      context,
      {
        task: args.complex_task,
        work: { kind: 'decompose', maxSubtasks: args.num_subtasks },
        context: toGivenContext(args),
      },
      args,
    );
    return toLoopView(outcome, toSubtasksView(outcome));
  },
  toMarkdown: (view) => toLoopMarkdown(view) + toSubtasksMarkdown(view),
});
