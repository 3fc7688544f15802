// `agents approve` and `agents stop`: what a person says to a run that is at work.

import type { AgentAsked, Decision } from '../../core/agent/agentEvent';
import { isEnded } from '../../core/agent/agentState';
import { RlmError } from '../../core/errors';
import type { AgentSummary } from '../../core/summary';
import { exitCodes, toFailureText, usageError } from '../failure';
import { toRlmError } from '../../core/errors';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import { askApproval, type GivenAnswer, renderApproval } from './askApprovals';
import { readWorkingRuns } from './listRuns';
import type { AgentsOptions, RunContext } from './runContext';
import { findRun, readRunRecord, toAgentStatus } from './runRecord';
import { answered, terminated } from './wire';

export interface ApproveOptions extends AgentsOptions {
  readonly accept?: true;
  readonly decline?: true;
  readonly cancel?: true;
  readonly note?: string;
}

export async function approveRun(
  id: string,
  approvalId: string | undefined,
  { options, context }: { readonly options: ApproveOptions; readonly context: RunContext },
): Promise<void> {
  const { cli, traces } = context;
  const { terminal } = cli;
  const decision = toDecision(options);
  const summary = await findRun(traces, id);
  const { approvals } = await readRunRecord(traces, summary);
  const asked = approvals.filter(
    (one) => approvalId === undefined || one.approvalId === approvalId,
  );
  if (asked.length === 0) {
    throw new RlmError(
      'INVALID_INPUT',
      approvalId === undefined
        ? `Run ${summary.sessionId} waits for no approval; it is ${summary.status}.`
        : `Run ${summary.sessionId} waits for no approval ${approvalId}.`,
      { nextStep: 'See which runs wait for you: rlm-companion agents list.' },
    );
  }
  if (decision) {
    const [only] = asked;
    if (!only || asked.length > 1) {
      const ids = asked.map((one) => one.approvalId).join(', ');
      throw usageError(`It waits for ${asked.length} approvals: ${ids}.`, 'Name one of them.');
    }
    await answer(only, { decision, note: options.note ?? null }, { summary, options, context });
    return;
  }
  if (options.json || !terminal.isInteractive) {
    asked.forEach((one) => {
      terminal.printError(renderApproval(one, { style: terminal.errorStyle, now: Date.now() }));
    });
    throw usageError(
      'Nobody can be asked here, and no answer was given.',
      'Give --accept, --decline or --cancel.',
    );
  }
  await cli.interrupts.during(async (signal) => {
    for (const one of asked) {
      const given = await askApproval(one, cli, signal);
      if (given) {
        await answer(one, given, { summary, options, context });
      }
    }
    cli.exitCode = signal.aborted ? exitCodes.interrupted : cli.exitCode;
  });
}

function toDecision({ accept, decline, cancel, note }: ApproveOptions): Decision | null {
  const given = Object.entries({ accept, decline, cancel }).filter(([, isGiven]) => isGiven);
  const [first] = given;
  if (given.length > 1 || (note !== undefined && !first)) {
    throw usageError('One answer is needed.', 'Give one of --accept, --decline and --cancel.');
  }
  return first ? (first[0] as Decision) : null; // the names just written
}

async function answer(
  { approvalId }: AgentAsked,
  { decision, note }: GivenAnswer,
  parts: {
    readonly summary: AgentSummary;
    readonly options: AgentsOptions;
    readonly context: RunContext;
  },
): Promise<void> {
  const { summary, options, context } = parts;
  const { sessionId } = summary;
  const holder = await context.engines.findHolder(summary);
  if (!holder) {
    throw new RlmError('AGENT_NOT_FOUND', `The engine of run ${sessionId} has ended.`, {
      nextStep: `Go on with it by: rlm-companion agents resume ${sessionId} --task '…'`,
    });
  }
  const told = {
    session_id: sessionId,
    approval_id: approvalId,
    decision,
    ...(note !== null && { note }),
  };
  const result = await holder.call({ name: 'approve_agent', arguments: told }, answered);
  const { terminal } = context.cli;
  if (options.json) {
    terminal.print(toJsonText({ approvalId, decision, ...result }));
  } else {
    terminal.print(
      `${decisionWords[decision]}. It is ${result.status}; ${result.waiting_for} more wait.`,
    );
  }
}

const decisionWords = { accept: 'Accepted', decline: 'Declined', cancel: 'Cancelled' } as const;

export interface StopOptions extends AgentsOptions {
  readonly all?: true;
  readonly reason: string;
}

interface Stopped {
  readonly sessionId: string;
  readonly status: string;
  readonly leftBehind: readonly string[];
}

/** Each is stopped, whatever becomes of the others. */
export async function stopRuns(
  ids: readonly string[],
  options: StopOptions,
  context: RunContext,
): Promise<void> {
  const { cli, traces } = context;
  const { terminal } = cli;
  if (ids.length === 0 && !options.all) {
    throw usageError('No run was named.', 'Name one, or give --all.');
  }
  const named = await Promise.all(ids.map((id) => findRun(traces, id)));
  const runs = options.all ? await readWorkingRuns(traces) : named;
  const results = await Promise.allSettled(runs.map((run) => stop(run, options, context)));
  const stopped = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = results.flatMap((one) =>
    one.status === 'rejected' ? [toRlmError(one.reason)] : [],
  );
  if (options.json) {
    const errors = failed.map(({ code, message }) => ({ code, message }));
    terminal.print(toJsonText({ stopped, errors }));
  } else {
    stopped.forEach(({ sessionId, status, leftBehind }) => {
      terminal.print(`${sessionId} is ${status}.`);
      leftBehind.forEach((one) => terminal.print(`  kept: ${toPrintable(one)}`));
    });
    if (runs.length === 0) {
      terminal.printError('No run is at work.');
    }
  }
  failed.forEach((error) => terminal.printError(toFailureText(error, terminal)));
  cli.exitCode = failed.length > 0 ? exitCodes.failed : cli.exitCode;
}

async function stop(
  summary: AgentSummary,
  { reason }: StopOptions,
  { engines }: RunContext,
): Promise<Stopped> {
  const { sessionId } = summary;
  const status = toAgentStatus(summary);
  const holder = isEnded(status) ? null : await engines.findHolder(summary);
  if (!holder) {
    return { sessionId, status, leftBehind: [] }; // nothing of it runs
  }
  const told = { session_id: sessionId, reason };
  const ended = await holder.call({ name: 'terminate_session', arguments: told }, terminated);
  return { sessionId, status: ended.status, leftBehind: ended.left_behind };
}
