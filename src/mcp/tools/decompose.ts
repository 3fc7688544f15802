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
    'Splits a complex task into independent parts, lets a model work on each in a session of its own, at ' +
    'the same time and over the same context, and combines their answers. All share the limits in config; ' +
    'a part that fails is said to have failed and does not lose the others. Use it for tasks of several ' +
    'questions or aspects; for one question rlm_execute is cheaper. Asks a model, or you where none is set up, and ' +
    'costs about as much as an rlm_execute for every part, so give wait_ms if your client is impatient. ' +
    'Next: rlm_wait when status is running, rlm_answer when it is waiting.',
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
