// Shows what a run does until it is at rest, asks the person for its approvals, and leaves it when it is told to.

import { isAgentEvent, type TraceEvent } from '../../core/event';
import type { AgentSummary } from '../../core/summary';
import { RlmError } from '../../core/errors';
import { toUnreadableText } from '../../export/wording';
import { exitCodes } from '../failure';
import { renderEvent } from '../render/event';
import { toJsonText } from '../render/json';
import { ApprovalPrompt } from './approvalPrompt';
import { followRun } from './followRun';
import type { RunContext } from './runContext';
import { findRun } from './runRecord';
import { answered } from './wire';

export interface Attendance {
  readonly sessionId: string;
  /** It is in an engine of this process, and ends with it. */
  readonly isOwn: boolean;
  /** `events`: as lines of JSON; `nothing`: what comes of it is printed at its end. */
  readonly shows: 'text' | 'events' | 'nothing';
  /** Also the raw records of what the agent's program did. */
  readonly showsAudit: boolean;
}

/** Null: the person has left it, and the exit code says so. */
export async function attendRun(
  attendance: Attendance,
  context: RunContext,
): Promise<AgentSummary | null> {
  const { cli, traces } = context;
  const { sessionId, isOwn, shows } = attendance;
  const prompt = createPrompt(attendance, context);
  try {
    return await cli.interrupts.during((signal) =>
      followRun(
        traces,
        sessionId,
        {
          onEvent: (event) => showEvent(event, attendance, context),
          onUnreadable: (gaps) => cli.terminal.printError(toUnreadableText(gaps)),
          onApprovals: (open) => prompt.update(open),
        },
        signal,
      ),
    );
  } catch (thrown) {
    if (!(thrown instanceof RlmError) || thrown.code !== 'CANCELLED') {
      throw thrown;
    }
    cli.exitCode = exitCodes.interrupted;
    const how = isOwn
      ? `Its engine was this command, so the run ends with it. Go on with it by: rlm-companion agents resume ${sessionId} --task 'Go on.'`
      : `The agent goes on. Watch it by: rlm-companion agents watch ${sessionId}; stop it by: rlm-companion agents stop ${sessionId}`;
    cli.terminal.printError(shows === 'text' ? `\n${how}` : how);
    return null;
  } finally {
    await prompt.end();
  }
}

function createPrompt({ sessionId, shows }: Attendance, context: RunContext): ApprovalPrompt {
  const { cli, traces, engines } = context;
  return new ApprovalPrompt({
    cli,
    sessionId,
    asks: shows === 'text' && cli.terminal.isInteractive,
    answer: async ({ approvalId }, { decision, note }) => {
      const holder = await engines.findHolder(await findRun(traces, sessionId));
      const told = {
        session_id: sessionId,
        approval_id: approvalId,
        decision,
        ...(note !== null && { note }),
      };
      await holder?.call({ name: 'approve_agent', arguments: told }, answered);
    },
  });
}

async function showEvent(
  event: TraceEvent,
  { shows, showsAudit }: Attendance,
  { cli: { terminal } }: RunContext,
): Promise<void> {
  const isAudit = isAgentEvent(event) && event.kind === 'agent.audited';
  if (shows === 'nothing' || (isAudit && !showsAudit)) {
    return;
  }
  const text = shows === 'events' ? toJsonText(event, 0) : renderEvent(event, terminal.style);
  await terminal.write(`${text}\n`);
}
