// What of a record could not be read, as tools and resources show it.

import * as z from 'zod';
import { countUnreadable, type UnreadableLines } from '../core/unreadableLines';
import { countField } from './fields';

const maxShownGaps = 20;

export const unreadableFields = {
  unreadable_lines: countField
    .optional()
    .describe('Lines of the record, among those of this page, that are damaged and hold no event.'),
  unreadable: z
    .array(
      z.object({
        lines: countField,
        after_step: countField.nullable(),
        before_step: countField.nullable(),
      }),
    )
    .optional()
    .describe(
      `The first ${maxShownGaps} places where they stand: between an event of after_step and one of before_step; null: no such event was read.`,
    ),
};
type UnreadableView = z.infer<z.ZodObject<typeof unreadableFields>>;

/** Nothing where all could be read. */
export function toUnreadableView(gaps: readonly UnreadableLines[]): UnreadableView {
  return gaps.length === 0
    ? {}
    : {
        unreadable_lines: countUnreadable(gaps),
        unreadable: gaps.slice(0, maxShownGaps).map(({ lines, afterStep, beforeStep }) => ({
          lines,
          after_step: afterStep,
          before_step: beforeStep,
        })),
      };
}

export function toUnreadableLine({
  unreadable_lines: lines = 0,
  unreadable = [],
}: UnreadableView): string[] {
  const steps = unreadable.map(
    ({ lines: count, after_step: after, before_step: before }) =>
      `${count} between step ${after ?? 'none'} and step ${before ?? 'none'}`,
  );
  return lines === 0
    ? []
    : [`Of this page ${lines} line(s) of the record could not be read: ${steps.join(', ')}.`];
}
