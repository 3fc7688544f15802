// The parts of a decomposed task: how a model names them, and how their answers are shown to it.

import * as z from 'zod';
import { cutMiddle } from '../base/text';
import type { LoopSubtask } from '../core/loop';
import { dropThinking } from './codeBlocks';

export interface SubtaskPlan {
  readonly title: string;
  readonly task: string;
}

const maxPartTaskChars = 10_000;
const answersChars = 60_000;

const plansSchema = z
  .array(
    z.object({
      title: z.string().trim().min(1).max(500),
      task: z.string().trim().min(1).max(maxPartTaskChars),
    }),
  )
  .min(1);

/** Null when the reply holds no list of parts. Parts beyond `maxSubtasks` are an error of the model. */
export function readPlans(reply: string, maxSubtasks: number): readonly SubtaskPlan[] | null {
  const text = dropThinking(reply);
  const start = text.indexOf('[');
  const end = text.lastIndexOf(']');
  try {
    const plans = plansSchema.parse(JSON.parse(text.slice(start, end + 1)));
    return plans.length <= maxSubtasks ? plans : null;
  } catch {
    return null;
  }
}

/** Every part with its answer, and how far that can be trusted; long answers share the room. */
export function describeAnswers(subtasks: readonly LoopSubtask[]): string {
  const share = Math.floor(answersChars / Math.max(1, subtasks.length));
  return subtasks
    .map((subtask, index) => {
      const { title, answer, error } = subtask;
      const text = answer === null ? `(failed: ${error ?? 'no answer'})` : cutMiddle(answer, share);
      const doubt = isDrawn(subtask) ? `(${drawnDoubt})\n\n` : '';
      return `## ${index + 1}. ${title}\n\n${doubt}${text}`;
    })
    .join('\n\n');
}

const drawnDoubt =
  'Its work was not finished: this was drawn from what its variables held when its iterations were over.';

/** Whether no iteration handed the answer in. */
function isDrawn({ answer, finishReason }: LoopSubtask): boolean {
  return answer !== null && finishReason === 'max_iterations';
}
