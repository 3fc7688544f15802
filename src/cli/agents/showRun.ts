// `agents show`: what a run has done so far, what it waits for, and where its work is.

import type { Style } from '../render/style';
import { toPrintable } from '../render/printable';
import { toJsonText } from '../render/json';
import { toAgeText, toCountText, toDurationText } from '../render/words';
import { renderApproval } from './askApprovals';
import { toStatusText } from './listRuns';
import type { AgentsOptions, RunContext } from './runContext';
import { findRun, readRunRecord, type RunRecord } from './runRecord';

export async function showRun(
  id: string,
  options: AgentsOptions,
  { cli: { terminal }, traces }: RunContext,
): Promise<void> {
  const record = await readRunRecord(traces, await findRun(traces, id));
  terminal.print(
    options.json ? toJsonText(toRunDocument(record)) : renderRun(record, terminal.style),
  );
}

/** What a program is told of a run. */
export function toRunDocument(record: RunRecord): object {
  const { summary, status, checklist, children, place, leftBehind, reason } = record;
  const workspace = place?.folder ?? null;
  const branch = place?.branch ?? null;
  const { sessionId, title, createdAt, updatedAt, parentSessionId, agent } = summary;
  const { profileId, task, goals, model, isolation, folder, permissions, limits, usage } = agent;
  const approvals = record.approvals.map(
    ({ approvalId, subject, command, cwd, diff, reason: why, deadline }) => ({
      ...{ approvalId, subject, command, cwd, diff, reason: why },
      deadline: new Date(deadline).toISOString(),
    }),
  );
  return {
    ...{ sessionId, title, status, reason, profileId, task, goals, model, isolation, folder },
    ...{ workspace, branch, leftBehind, permissions, limits, usage, checklist, children },
    ...{ approvals, parentSessionId, createdAt, updatedAt, summary: record.facts },
  };
}

function renderRun(record: RunRecord, style: Style): string {
  const { summary, checklist, children, place, approvals, leftBehind } = record;
  const { agent } = summary;
  const { usage, limits, permissions } = agent;
  const now = Date.now();
  const ofLimit = (used: number, limit: number): string =>
    `${toCountText(used)} of ${toCountText(limit)}`;
  const rows = [
    ['run', summary.sessionId],
    ['status', `${toStatusText(summary)}${record.reason === null ? '' : `: ${record.reason}`}`],
    ['profile', `${agent.profileId}, ${agent.profileTitle}`],
    ['begun', `${toAgeText(now - summary.createdAt)} ago`],
    ['folder', agent.folder],
    ['works in', place?.folder ?? 'not known yet'],
    ...(place?.branch ? [['branch', place.branch]] : []),
    ...leftBehind.map((one) => ['kept', one]),
    ['may', `${permissions.sandbox}, ${permissions.network ? 'with' : 'without'} network`],
    ['tokens', ofLimit(usage.tokens, limits.tokens)],
    ['turns', ofLimit(usage.turns, limits.turns)],
    ['actions', ofLimit(usage.commands, limits.commands)],
    ['time', `${toDurationText(usage.wallMs)} of ${toDurationText(limits.wallMs)}`],
    ...(usage.usd === null ? [] : [['cost', `$${usage.usd.toFixed(2)} of $${limits.usd}`]]),
    ...checklist.map(({ id, description, isDone, byEvent }) => [
      isDone ? 'done' : 'open',
      `${id}: ${description}${byEvent === null ? '' : ` (event ${byEvent})`}`,
    ]),
    ...children.map((child) => ['child', `${child.sessionId} ${child.profileId} ${child.status}`]),
  ];
  const head = rows.map(
    ([name = '', text = '']) => `${style.bold(name.padEnd(10))}${toPrintable(text)}`,
  );
  return [
    ...head,
    '',
    toPrintable(record.facts),
    ...approvals.map((asked) => `\n${renderApproval(asked, { style, now })}`),
    ...(approvals.length > 0
      ? [style.dim(`Answer by: rlm-companion agents approve ${summary.sessionId}`)]
      : []),
  ].join('\n');
}
