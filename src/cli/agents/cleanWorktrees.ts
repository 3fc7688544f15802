// `agents clean`: removes worktrees of runs that have ended. What is in them and nowhere else is shown before, and
// kept unless the person says otherwise.

import type { AgentWorktree } from '../cli';
import { toByteText } from '../../base/text';
import { isAtRest } from '../../core/agent/agentState';
import { RlmError } from '../../core/errors';
import type { TraceStore } from '../../core/traceStore';
import { exitCodes, usageError } from '../failure';
import { toHome } from '../options';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import { toAgeText, toAmountText } from '../render/words';
import { readAllEvents } from '../traces';
import { confirm } from './askApprovals';
import type { AgentsOptions, RunContext } from './runContext';
import { findRun, toAgentStatus, toAgentSummary } from './runRecord';

export interface CleanOptions extends AgentsOptions {
  readonly yes?: true;
  readonly force?: true;
  readonly olderThan?: number;
}

const dayMs = 86_400_000;

export async function cleanWorktrees(
  ids: readonly string[],
  options: CleanOptions,
  context: RunContext,
): Promise<void> {
  const { cli, runtime, traces } = context;
  const { terminal } = cli;
  const worktrees = await runtime.openWorktrees({ home: toHome(options, cli) });
  const unused = await findUnused(await worktrees.list(), traces);
  const chosen = await choose(unused, { ids, options, traces });
  const removable = chosen.filter(({ work }) => work === null || options.force);
  const kept = chosen.filter((one) => !removable.includes(one));
  if (!options.json) {
    print(removable, kept, context);
  }
  const isSure =
    removable.length > 0 && (options.yes || (await isConfirmed(removable, options, context)));
  const removed = isSure ? removable : [];
  for (const one of removed) {
    await removeIfUnused(one, { worktrees, traces });
  }
  if (options.json) {
    const done = removed.map(toDocument);
    const left = chosen.filter((one) => !removed.includes(one)).map(toDocument);
    terminal.print(toJsonText({ removed: done, kept: left }));
  } else if (isSure) {
    terminal.printError(`Removed ${toAmountText(removed.length, 'worktree')}.`);
  } else if (removable.length > 0) {
    terminal.printError('Nothing is removed. Add --yes to remove these.');
  }
}

/** Those that no run works in. One that is at rest and still held may be given another turn, so it is left out. */
export async function findUnused(
  worktrees: readonly AgentWorktree[],
  traces: TraceStore,
): Promise<readonly AgentWorktree[]> {
  const isUsed = await Promise.all(worktrees.map((one) => isInUse(one, traces)));
  return worktrees.filter((_, at) => !isUsed[at]);
}

async function isInUse(
  { sessionId, isEngineAlive }: Pick<AgentWorktree, 'sessionId' | 'isEngineAlive'>,
  traces: TraceStore,
): Promise<boolean> {
  if (!isEngineAlive) {
    return false;
  }
  const summary = await traces.readSummary(sessionId).catch(() => undefined);
  if (!summary?.agent) {
    return true; // its trace is just being written, or cannot be read
  }
  const status = toAgentStatus(toAgentSummary(summary));
  if (!isAtRest(status)) {
    return true;
  }
  return status === 'completed' && !(await isLetGo(sessionId, traces));
}

/** A run that was let go of says last what it has left. */
async function isLetGo(sessionId: string, traces: TraceStore): Promise<boolean> {
  let isLeft = false;
  for await (const event of readAllEvents(traces, sessionId)) {
    isLeft = event.kind === 'agent.changed' ? event.leftBehind.length > 0 : isLeft;
  }
  return isLeft;
}

async function choose(
  unused: readonly AgentWorktree[],
  given: {
    readonly ids: readonly string[];
    readonly options: CleanOptions;
    readonly traces: TraceStore;
  },
): Promise<readonly AgentWorktree[]> {
  const { ids, options, traces } = given;
  const { olderThan = 0 } = options;
  if (ids.length === 0) {
    return unused.filter(({ ageMs }) => ageMs >= olderThan * dayMs);
  }
  const runs = await Promise.all(ids.map((id) => findRun(traces, id)));
  return runs.map(({ sessionId }) => {
    const found = unused.find((one) => one.sessionId === sessionId);
    if (!found) {
      throw new RlmError(
        'INVALID_INPUT',
        `Run ${sessionId} has no worktree, or is at work in it.`,
        {
          nextStep: 'See what there is: rlm-companion agents clean.',
        },
      );
    }
    return found;
  });
}

function print(
  removable: readonly AgentWorktree[],
  kept: readonly AgentWorktree[],
  { cli: { terminal } }: RunContext,
): void {
  const { style } = terminal;
  if (removable.length + kept.length === 0) {
    terminal.printError('No run has left a worktree behind.');
  }
  removable.forEach((one) => terminal.print(`${style.red('remove')}  ${toText(one)}`));
  kept.forEach((one) => terminal.print(`${style.green('keep')}    ${toText(one)}`));
  if (kept.length > 0) {
    terminal.printError(
      'What is kept holds work that is nowhere else: look at it, commit what is not committed there, merge its branch, or add --force to lose it.',
    );
  }
}

function toText(worktree: AgentWorktree): string {
  const { sessionId, folder, branch, ageMs, bytes } = worktree;
  const size = bytes === null ? 'large' : toByteText(bytes);
  return toPrintable(
    `${sessionId}  ${toAgeText(ageMs)}  ${size}  ${branch}  ${toWorkText(worktree)}\n        ${folder}`,
  );
}

function toWorkText({ work }: AgentWorktree): string {
  if (work === null) {
    return 'holds nothing of its own';
  }
  return work === 'unknown'
    ? 'git cannot say what it holds'
    : `${toAmountText(work.files, 'changed file')}, ${toAmountText(work.commits, 'commit')}`;
}

async function isConfirmed(
  removable: readonly AgentWorktree[],
  options: CleanOptions,
  { cli }: RunContext,
): Promise<boolean> {
  if (options.json && !options.yes) {
    throw usageError('With --json nobody is asked.', 'Add --yes to remove them.');
  }
  if (!cli.terminal.isInteractive) {
    return false;
  }
  const held = removable.filter(({ work }) => work !== null).length;
  const warning = held > 0 ? `, ${held} of them with work that is lost for good` : '';
  return cli.interrupts.during(async (signal) => {
    const isYes = await confirm(
      `Remove ${toAmountText(removable.length, 'worktree')}${warning}?`,
      cli,
      signal,
    );
    cli.exitCode = signal.aborted ? exitCodes.interrupted : cli.exitCode;
    return isYes;
  });
}

/** A run may have gone on in it since it was listed. */
async function removeIfUnused(
  worktree: AgentWorktree,
  parts: {
    readonly worktrees: {
      list(): Promise<readonly AgentWorktree[]>;
      remove(id: string): Promise<void>;
    };
    readonly traces: TraceStore;
  },
): Promise<void> {
  const { worktrees, traces } = parts;
  const now = (await worktrees.list()).find(({ sessionId }) => sessionId === worktree.sessionId);
  if (
    now &&
    JSON.stringify(now.work) === JSON.stringify(worktree.work) &&
    !(await isInUse(now, traces))
  ) {
    await worktrees.remove(worktree.sessionId);
    return;
  }
  throw new RlmError('INVALID_INPUT', `${worktree.folder} has changed since it was listed.`, {
    nextStep: 'Run the command again and look at what it shows.',
  });
}

function toDocument({ sessionId, folder, branch, repository, ageMs, bytes, work }: AgentWorktree) {
  return { sessionId, folder, branch, repository, ageMs: Math.round(ageMs), bytes, work };
}
