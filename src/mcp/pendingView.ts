// The prompts that a task waits for its caller to answer, in the words of the wire and of Markdown.

import * as z from 'zod';
import { toFence, toInline } from '../base/markdown';
import type { InputRequired } from '../core/task/task';
import { type cutSchema, countField } from './fields';

export const pendingFields = {
  pending_prompts: z
    .array(
      z.object({
        id: z.string(),
        prompt: z.string(),
        model: z.string().nullable().describe('As the code asked for it; null: any.'),
        purpose: z
          .enum(['loop', 'sub_call'])
          .describe(
            'loop: you are the model that writes the run’s code: reply as the prompt says, with the fenced ' +
              'block it asks for. sub_call: the code asks you about a piece of text: reply with the answer alone.',
          ),
        follows: z
          .string()
          .nullable()
          .describe(
            'The prompt that this one goes on from: only what is new since your answer to it is shown. ' +
              'rlm_answer with no answers shows it whole.',
          ),
      }),
    )
    .nullable()
    .optional()
    .describe(
      'Set while it waits for you, as no model is set up that could be asked: give your reply to each ' +
        'prompt with rlm_answer, as text.',
    ),
  pending_count: countField
    .optional()
    .describe('Prompts that wait in all; those not shown come next.'),
};

type PendingView = z.output<z.ZodObject<typeof pendingFields>>;

export function toPendingView({ prompts, count }: InputRequired): PendingView & {
  readonly truncated: boolean;
  readonly cut: z.output<typeof cutSchema>;
} {
  const isCut = prompts.length < count;
  return {
    pending_prompts: prompts.map((one) => ({ ...one })),
    pending_count: count,
    truncated: isCut,
    cut: isCut ? [{ field: 'pending_prompts', shown: prompts.length, total: count }] : [],
  };
}

export function toPendingMarkdown({
  pending_prompts: prompts,
  pending_count: count = 0,
}: PendingView) {
  return [
    `## ${count} prompt${count === 1 ? ' waits' : 's wait'} for your answer`,
    ...(prompts ?? []).map((one) => `${toHeading(one)}\n\n${toFence(one.prompt)}`),
    'Give your reply to each with rlm_answer; the work then goes on.',
  ].join('\n\n');
}

function toHeading(prompt: NonNullable<PendingView['pending_prompts']>[number]): string {
  const role = prompt.purpose === 'loop' ? 'you write the code of the run' : 'asked by the code';
  const goesOn = prompt.follows === null ? '' : `; goes on from ${prompt.follows}`;
  return `**${toInline(prompt.id)}** (${role}${goesOn})`;
}
