// rlm_code: a whole run that writes a program and tests it.

import { maxTaskChars } from '../../core/loop';
import * as z from 'zod';
import { toGivenContext } from '../givenContext';
import { callLoop } from '../loopCall';
import { loopContextFields, loopResultFields, loopRunFields, programFields } from '../loopFields';
import { toLoopMarkdown, toLoopView, toProgramMarkdown, toProgramView } from '../loopView';
import { defineTool } from '../tool';

export const code = defineTool({
  name: 'rlm_code',
  set: 'runs',
  title: 'Write a tested program',
  description:
    'Writes a program in Python or JavaScript from a description, with tests that the server runs in its ' +
    'sandbox on the very code it returns; failures go back to the model. Only the standard library; no ' +
    'network, no files; nothing is written to your workspace. Use it for functions and algorithms that ' +
    'stand alone. Model, cost and wait_ms as in rlm_execute. Next: rlm_wait when status is running, ' +
    'rlm_answer when it is waiting; then put the code where it belongs.',
  input: z.strictObject({
    description: z
      .string()
      .min(1)
      .max(maxTaskChars)
      .describe('What the program does: names, arguments, results, edge cases.'),
    ...loopContextFields,
    ...loopRunFields,
  }),
  output: z.object({ ...loopResultFields, ...programFields }),
  hints: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  async run(context, args) {
    const task = args.description;
    const given = { task, work: { kind: 'code' }, context: toGivenContext(args) } as const;
    const outcome = await callLoop(context, given, args);
    return toLoopView(outcome, toProgramView(outcome));
  },
  toMarkdown: (view) => toLoopMarkdown(view) + toProgramMarkdown(view),
});
