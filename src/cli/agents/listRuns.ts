// `agents list`: the runs of this home, newest first, and what waits for the person.

import { isAtRest } from '../../core/agent/agentState';
import type { AgentSummary } from '../../core/summary';
import type { TraceStore } from '../../core/traceStore';
import { toByteText } from '../../base/text';
import { toJsonText } from '../render/json';
import { type Column, renderTable } from '../render/table';
import { toAgeText, toAmountText, toCountText } from '../render/words';
import { findUnused } from './cleanWorktrees';
import type { AgentsOptions, RunContext } from './runContext';
import { toHome } from '../options';
import { toAgentStatus } from './runRecord';
import type { AgentStatus } from '../../core/agent/agentState';

export interface ListOptions extends AgentsOptions {
  readonly status?: AgentStatus;
  readonly limit: number;
}

const pageSize = 200;

export async function listRuns(options: ListOptions, context: RunContext): Promise<void> {
  const { cli, runtime, traces } = context;
  const { terminal } = cli;
  const { runs, hasMore } = await readRuns(traces, options);
  const worktrees = await runtime.openWorktrees({ home: toHome(options, cli) });
  const unused = await findUnused(await worktrees.list(), traces);
  const bytes = unused.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  if (options.json) {
    const left = { worktrees: unused.length, bytes };
    terminal.print(toJsonText({ runs: runs.map(toRow), hasMore, leftBehind: left }));
    return;
  }
  if (runs.length === 0) {
    terminal.printError(`No agent runs in ${traces.location}.`);
    terminal.printError("Spawn one by: rlm-companion agents spawn --profile generalist --task '…'");
  } else {
    terminal.print(renderRuns(runs, context));
  }
  const waiting = runs.reduce(
    (sum, run) => sum + (toAgentStatus(run) === 'awaiting_approval' ? run.agent.waitingFor : 0),
    0,
  );
  const hints = [
    ...(hasMore ? ['There are more: raise --limit.'] : []),
    ...(waiting > 0
      ? [`${toAmountText(waiting, 'approval')} for you: rlm-companion agents approve ID`]
      : []),
    ...(unused.length > 0
      ? [
          `${toAmountText(unused.length, 'worktree')} of runs that have ended (${toByteText(bytes)}): rlm-companion agents clean`,
        ]
      : []),
  ];
  hints.forEach((hint) => terminal.printError(terminal.errorStyle.dim(hint)));
}

/** `hasMore`: of those that were asked for. */
async function readRuns(
  traces: TraceStore,
  { status, limit }: Pick<ListOptions, 'status' | 'limit'>,
): Promise<{ readonly runs: readonly AgentSummary[]; readonly hasMore: boolean }> {
  const runs: AgentSummary[] = [];
  let cursor: string | null = null;
  do {
    const page = await traces.listSummaries({ status: status ?? null, limit: pageSize, cursor });
    runs.push(...page.summaries.filter((one): one is AgentSummary => one.agent !== null));
    cursor = page.nextCursor;
  } while (cursor !== null && runs.length <= limit);
  return { runs: runs.slice(0, limit), hasMore: runs.length > limit };
}

/** Every run that is at work now. */
export async function readWorkingRuns(traces: TraceStore): Promise<readonly AgentSummary[]> {
  const { runs } = await readRuns(traces, { limit: Infinity });
  return runs.filter((run) => !isAtRest(toAgentStatus(run)));
}

function toRow({ sessionId, title, status, createdAt, parentSessionId, agent }: AgentSummary) {
  const { profileId, model, isolation, folder, usage, waitingFor, queuePlace } = agent;
  const checklist = { done: agent.doneItems, items: agent.checklist.length };
  return {
    ...{ sessionId, title, status, profileId, model, isolation, folder, usage, waitingFor },
    ...{ queuePlace, parentSessionId, checklist, createdAt },
  };
}

const columns: readonly Column[] = [
  { title: 'ID' },
  { title: 'STATUS' },
  { title: 'PROFILE' },
  { title: 'DONE', align: 'right' },
  { title: 'ACTIONS', align: 'right' },
  { title: 'TOKENS', align: 'right' },
  { title: 'AGE', align: 'right' },
  { title: 'TITLE' },
];

function renderRuns(runs: readonly AgentSummary[], { cli: { terminal } }: RunContext): string {
  const { style, columns: screen, isOutputShown } = terminal;
  const now = Date.now();
  const rows = runs.map((run) => [
    run.sessionId,
    toStatusText(run),
    run.agent.profileId,
    run.agent.checklist.length === 0 ? '' : `${run.agent.doneItems}/${run.agent.checklist.length}`,
    toCountText(run.agent.usage.commands),
    toCountText(run.agent.usage.tokens),
    toAgeText(now - run.createdAt),
    run.title,
  ]);
  return renderTable(columns, rows, { style, width: isOutputShown ? screen : Infinity });
}

export function toStatusText(run: AgentSummary): string {
  const status = toAgentStatus(run);
  const { waitingFor, queuePlace } = run.agent;
  if (status === 'awaiting_approval') {
    return `waits for you (${waitingFor})`;
  }
  return status === 'queued' && queuePlace !== null ? `queued (${queuePlace})` : status;
}
