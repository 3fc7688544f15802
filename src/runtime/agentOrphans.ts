// What agents of engines that are gone have left. Their processes are ended before anything new begins; worktrees that
// hold nothing of their own go after a day, and the others are told of.

import { endLeftovers, listMarkedRuns } from '../agents/codex/leftovers';
import { AgentWorktrees } from '../agents/workspaces/agentWorktrees';
import { toByteText, toCounted } from '../base/text';
import { whileHeld } from '../core/agent/whileHeld';
import type { TraceStore } from '../core/traceStore';

interface OrphanParts {
  readonly traces: Pick<TraceStore, 'readSummary' | 'reopenTrace'>;
  /** `<home>/agents/worktrees` */
  readonly worktrees: string;
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
  readonly log: (line: string) => void;
}

const keptCleanMs = 86_400_000;

/** Of runs of this home alone. Never rejects. */
export async function endOrphanProcesses({
  traces,
  isEngineAlive,
  log,
}: OrphanParts): Promise<void> {
  for (const runId of await listMarkedRuns()) {
    const summary = await traces.readSummary(runId).catch(() => undefined);
    if (!summary?.agent || (await isEngineAlive(summary.engineId))) {
      continue;
    }
    // Another engine than the one that began it may be at work on it, or begin just now.
    const ended = await whileHeld(traces, runId, () => endLeftovers(runId)).catch(() => 0);
    if (ended > 0) {
      log(
        `Ended ${ended === 1 ? 'a process' : `${ended} processes`} that agent run ${runId} had left.`,
      );
    }
  }
}

/** Never rejects. */
export async function tidyWorktrees(parts: OrphanParts): Promise<void> {
  const { worktrees: folder, traces, isEngineAlive, log } = parts;
  const worktrees = new AgentWorktrees({ folder, isEngineAlive });
  const left = (await worktrees.list()).filter((one) => !one.isEngineAlive);
  const old = left.filter(({ work, ageMs }) => work === null && ageMs > keptCleanMs);
  const removed = new Set<string>();
  for (const { sessionId } of old) {
    // Looking at all of them takes long: an engine may have gone on with it meanwhile.
    const isGone = await whileHeld(traces, sessionId, () =>
      worktrees.removeUnused(sessionId),
    ).catch(() => false);
    if (isGone) {
      removed.add(sessionId);
      log(`Removed the worktree of agent run ${sessionId}: it held nothing of its own.`);
    }
  }
  const kept = left.filter(({ sessionId }) => !removed.has(sessionId));
  if (kept.length > 0) {
    const bytes = kept.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
    log(
      `${toCounted(kept.length, 'worktree')} of agents whose engine is gone (${toByteText(bytes)}). Look at them with: rlm-companion agents clean`,
    );
  }
}
