// rlm_analyze: a whole run that answers a question about data.

import { maxTaskChars } from '../../core/loop';
import * as z from 'zod';
import { toGivenContext } from '../givenContext';
import { createInvalidInput } from '../invalidInput';
import { callLoop } from '../loopCall';
import { loopContextFields, loopResultFields, loopRunFields } from '../loopFields';
import { toLoopMarkdown, toLoopView } from '../loopView';
import { defineTool } from '../tool';

export const analyze = defineTool({
  name: 'rlm_analyze',
  set: 'runs',
  title: 'Answer a question about data',
  description:
    'Answers one question about data of any length: a model covers all of it with code and sub-models, ' +
    'and quotes what supports the answer, with its place. Give context_paths (files, read by the server) ' +
    'or data (a text you hold). Model, cost and wait_ms as in rlm_execute. Next: rlm_wait when status is ' +
    'running, rlm_answer when it is waiting.',
  input: z.strictObject({
    question: z.string().min(1).max(maxTaskChars).describe('What to find out from the data.'),
    data: z.string().min(1).optional().describe('Text to look into. For files give context_paths.'),
    context_paths: loopContextFields.context_paths,
    encoding: loopContextFields.encoding,
    include_ignored: loopContextFields.include_ignored,
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
    if (args.data === undefined && args.context_paths === undefined) {
      throw createInvalidInput(
        'Neither data nor context_paths was given.',
        'Give context_paths (files, folders, globs), data, or both.',
      );
    }
    const data = toGivenContext({ ...args, context_text: args.data });
    const given = { task: args.question, work: { kind: 'analyze' }, context: data } as const;
    return toLoopView(await callLoop(context, given, args), {});
  },
  toMarkdown: toLoopMarkdown,
});
