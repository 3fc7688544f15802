// What a replay did, as tools show it.

import * as z from 'zod';
import { toInline } from '../base/markdown';
import { describeChangedTexts } from '../core/replaySources';
import { toUnfinishedText } from '../core/replayRun';
import type { ReplayReport } from '../core/replayRun';
import type { Session } from '../core/session';
import type { ReadableSession } from '../core/sessionRegistry';
import { toCounted } from '../base/text';
import { withoutEmpty } from './brief';
import { countField } from './fields';
import type { ToolContext } from './tool';

const maxShownDifferences = 20;

export const replaySchema = z.object({
  steps_run: countField.describe('Recorded steps run again to rebuild the variables.'),
  steps_skipped: countField
    .optional()
    .describe('Steps whose variables were lost in the record too.'),
  difference_count: countField
    .optional()
    .describe('0, or not there: the replay did all that the record says.'),
  differences: z
    .array(
      z.object({
        step: countField.describe('0 for a context.'),
        field: z.string(),
        recorded: z.string(),
        replayed: z.string(),
      }),
    )
    .optional()
    .describe(`The first ${maxShownDifferences} places where they differ.`),
  unfinished_step: countField
    .optional()
    .describe(
      'A step that began and has no end on record, as its engine ended: nothing of it is there.',
    ),
  changed_texts: z
    .string()
    .optional()
    .describe('Set where a context is not what it was: which, and what to do.'),
});
export type ReplayView = z.infer<typeof replaySchema>;

export function toReplayView(report: ReplayReport): ReplayView {
  const changed = describeChangedTexts(report.differences);
  return {
    steps_run: report.stepsRun,
    steps_skipped: report.stepsSkipped,
    difference_count: report.differenceCount,
    differences: report.differences.slice(0, maxShownDifferences).map((one) => ({ ...one })),
    ...(report.unfinishedStep !== null && { unfinished_step: report.unfinishedStep }),
    ...(changed !== null && { changed_texts: changed }),
  };
}

/** The session to work with; where its variables are gone, its record is run again first. */
export async function resumeSession(
  { engine, signal, progress }: Pick<ToolContext, 'engine' | 'signal' | 'progress'>,
  sessionId: string,
): Promise<{ readonly session: Session; readonly replay: ReplayView | null }> {
  const { session, report } = await engine.sessions.resume(sessionId, signal, (done, total) =>
    progress.report(done, () => `replaying ${done} of ${total}`),
  );
  return { session, replay: report && toReplayView(report) };
}

/** What variables are read of. */
export interface Readable {
  readonly session: ReadableSession['session'];
  readonly replay: ReplayView | null;
}

/** A session's variables as its record says, while a step runs in it: the record is run in a sandbox of its own. */
export async function openRecorded(
  { engine, signal, progress }: Pick<ToolContext, 'engine' | 'signal' | 'progress'>,
  sessionId: string,
): Promise<Readable> {
  const { session, report } = await engine.sessions.openRecorded(sessionId, signal, (done, total) =>
    progress.report(done, () => `replaying ${done} of ${total}`),
  );
  return { session, replay: report && toReplayView(report) };
}

/** The session to read variables of; where they are gone, its record is run again, and nothing is recorded of it. */
export async function openForReading(
  { engine, signal, progress }: Pick<ToolContext, 'engine' | 'signal' | 'progress'>,
  sessionId: string,
): Promise<Readable> {
  const { session, report } = await engine.sessions.openForReading(
    sessionId,
    signal,
    (done, total) => progress.report(done, () => `replaying ${done} of ${total}`),
  );
  return { session, replay: report && toReplayView(report) };
}

/** Of a replay that did all that the record says, its steps alone. */
export function toBriefReplay<Replay extends ReplayView | null | undefined>(
  replay: Replay,
): Replay {
  return replay ? withoutEmpty(replay, ['steps_run']) : replay;
}

export function toReplayText(replay: ReplayView): string {
  const { difference_count: count = 0, differences: [first] = [] } = replay;
  const steps = `${toCounted(replay.steps_run, 'recorded step')} run again to rebuild the variables`;
  const changed = replay.changed_texts === undefined ? '' : ` ${toInline(replay.changed_texts)}`;
  const unfinished =
    replay.unfinished_step === undefined ? '' : ` ${toUnfinishedText(replay.unfinished_step)}`;
  return count === 0
    ? `${steps}, all as recorded.${unfinished}`
    : `${steps}; ${toCounted(count, 'difference')} from the record, first in ${toInline(
        first?.field ?? '',
      )} of step ${first?.step ?? 0}.${changed}${unfinished}`;
}
