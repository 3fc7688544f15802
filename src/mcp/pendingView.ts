// The prompts that a task waits for its caller to answer, in the words of the wire and of Markdown.

import * as z from 'zod';
import { toFence, toInline } from '../base/markdown';
import type { TaskPrompt } from '../core/task/shownPrompts';
import type { InputRequired } from '../core/task/task';
import { withoutEmpty } from './brief';
import { type cutSchema, countField } from './fields';

export const pendingFields = {
  pending_prompts: z
    .array(
      z.object({
        id: z.string(),
        prompt: z.string(),
        model: z.string().nullable().optional().describe('As the code asked for it; null: any.'),
        purpose: z
          .enum(['loop', 'sub_call'])
          .describe(
            'loop: you are the model that writes the run’s code: reply as the prompt says, with the fenced ' +
              'block it asks for. sub_call: the code asks you about a piece of text: reply with the answer alone.',
          ),
        follows: z
          .string()
          .nullable()
          .optional()
          .describe('The prompt that this one goes on from: only what is new since is shown.'),
        same_as: z
          .string()
          .optional()
          .describe('The prompt with the same text. Answer this one by itself all the same.'),
        system_as: z
          .string()
          .optional()
          .describe('The prompt whose [system] part holds for this one too.'),
        child: z
          .object({ session_id: z.string(), depth: countField, title: z.string() })
          .optional()
          .describe('The child session that asks.'),
      }),
    )
    .nullable()
    .optional()
    .describe(
      'Set while it waits for you, as no model is set up that could be asked: give your reply to each ' +
        'prompt with rlm_answer, as text. Each is shown once.',
    ),
  pending_count: countField.optional().describe('Prompts that wait for you in all.'),
  still_waiting: z
    .array(z.string())
    .optional()
    .describe(
      'Ids of prompts that you were shown before and have not answered. rlm_answer with no answers shows them again.',
    ),
  not_shown: z
    .array(z.string())
    .optional()
    .describe('Ids of prompts that did not fit: they come once you have answered others.'),
};

type PendingView = z.output<z.ZodObject<typeof pendingFields>>;
type PromptView = NonNullable<PendingView['pending_prompts']>[number];

const maxListedIds = 200;
const maxTitleChars = 200;

export function toPendingView({ prompts, told, left, count }: InputRequired): PendingView & {
  readonly truncated: boolean;
  readonly cut: z.output<typeof cutSchema>;
} {
  const isCut = left.length > 0;
  return {
    pending_prompts: prompts.map(toPromptView),
    pending_count: count,
    ...withoutEmpty({
      still_waiting: told.slice(0, maxListedIds),
      not_shown: left.slice(0, maxListedIds),
    }),
    truncated: isCut,
    cut: isCut
      ? [{ field: 'pending_prompts', shown: prompts.length, total: prompts.length + left.length }]
      : [],
  };
}

function toPromptView(asked: TaskPrompt): PromptView {
  const { id, prompt, model, purpose, follows, sameAs, systemAs, origin } = asked;
  return {
    id,
    ...(origin &&
      origin.depth > 0 && {
        child: {
          session_id: origin.sessionId,
          depth: origin.depth,
          title: origin.title.slice(0, maxTitleChars),
        },
      }),
    model,
    purpose,
    follows,
    ...(sameAs !== null && { same_as: sameAs }),
    ...(systemAs !== null && { system_as: systemAs }),
    prompt,
  };
}

/** What the text of a reply shows of them. */
export function toBriefPending(
  prompts: PendingView['pending_prompts'],
): PendingView['pending_prompts'] {
  return prompts?.map((one) => withoutEmpty(one, ['id', 'prompt', 'purpose']));
}

/** Also where all that waits has been shown before. */
export function isPending({
  pending_prompts: prompts,
  pending_count: count = 0,
}: PendingView): boolean {
  return count > 0 || (prompts ?? []).length > 0;
}

export function toPendingMarkdown(view: PendingView): string {
  const { pending_prompts: prompts, pending_count: count = 0, still_waiting: told = [] } = view;
  const { not_shown: left = [] } = view;
  return [
    `## ${count} prompt${count === 1 ? ' waits' : 's wait'} for your answer`,
    ...(prompts ?? []).map((one) => `${toHeading(one)}\n\n${toFence(one.prompt)}`),
    ...(told.length > 0
      ? [
          `Shown before and not answered: ${told.join(', ')}. rlm_answer with no answers shows them again.`,
        ]
      : []),
    ...(left.length > 0 ? [`Shown once others are answered: ${left.join(', ')}.`] : []),
    'Next: rlm_answer with your reply to each.',
  ].join('\n\n');
}

function toHeading({ id, purpose, follows, child }: PromptView): string {
  const role = purpose === 'loop' ? 'you write the code of the run' : 'asked by the code';
  const goesOn = follows ? `; goes on from ${follows}` : '';
  const whose = child
    ? `; child session ${toInline(child.session_id)}, depth ${child.depth}: ${toInline(child.title)}`
    : '';
  return `**${toInline(id)}** (${role}${goesOn}${whose})`;
}
