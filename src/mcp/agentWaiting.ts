// Waits for an agent run, and asks the person behind the client what the run waits for, where the client can ask.

import { escapeControls } from '../base/visible';
import type { CallerAgents } from '../core/agent/callerAgents';
import type { AgentRun } from '../core/agent/agentRun';
import type { ReadRun } from '../core/agent/agentRuns';
import type { OpenApproval } from '../core/agent/approvalDesk';
import { RlmError } from '../core/errors';
import type { AskPerson } from './eliciting';

interface Waiting {
  readonly agents: CallerAgents;
  readonly askPerson: AskPerson | null;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** What does not fit is answered where all of it can be seen. */
const maxMessageChars = 6_000;

/** As `CallerAgents.read`. What a person leaves open is asked once a call, and waits on. */
export async function readWaiting(
  sessionId: string,
  { agents, askPerson, waitMs, signal }: Waiting,
): Promise<ReadRun> {
  const until = performance.now() + waitMs;
  const seen = new Set<string>();
  for (;;) {
    const leftMs = Math.ceil(Math.max(0, until - performance.now()));
    const read = await agents.read(sessionId, { waitMs: leftMs, signal });
    const { run } = read;
    const approval = run?.approvals.find(({ approvalId }) => !seen.has(approvalId));
    const message = run && approval && toMessage(run, approval);
    if (!askPerson || leftMs === 0 || signal.aborted || !approval || !message) {
      return read;
    }
    seen.add(approval.approvalId);
    const answer = await askWhileOpen(run, approval, (gone) =>
      askPerson(message, AbortSignal.any([signal, gone, AbortSignal.timeout(leftMs)])),
    );
    if (answer) {
      decideIfOpen(agents, sessionId, { approvalId: approval.approvalId, ...answer });
    }
  }
}

/** The question is taken back when it is answered elsewhere. */
async function askWhileOpen<T>(
  run: AgentRun,
  { approvalId }: OpenApproval,
  ask: (gone: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const hearing = run.onDidChangeApprovals(() => {
    if (!run.approvals.some((one) => one.approvalId === approvalId)) {
      gone.abort();
    }
  });
  try {
    return await ask(gone.signal);
  } finally {
    hearing.dispose();
  }
}

function decideIfOpen(
  agents: CallerAgents,
  sessionId: string,
  answer: Parameters<CallerAgents['decide']>[1],
): void {
  try {
    agents.decide(sessionId, answer);
  } catch (error) {
    if (!(error instanceof RlmError)) {
      throw error;
    }
    // It was answered elsewhere, or the run has ended: the record says how.
  }
}

/** Null where it is too long to be judged by. */
function toMessage(run: AgentRun, approval: OpenApproval): string | null {
  const { subject, command, cwd, reason, diff } = approval;
  const parts = [
    `Agent ${run.id} (${run.opened.agent.profileTitle}) asks for ${subjectWords[subject]}.`,
    command === null ? null : `Command:\n${command}`,
    cwd === null ? null : `In: ${cwd}`,
    diff === null ? null : `Diff:\n${diff}`,
    reason === null ? null : `It says: ${reason}`,
  ];
  const text = parts.filter((part) => part !== null).join('\n\n');
  const shown = text.split('\n').map(escapeControls).join('\n');
  return shown.length > maxMessageChars ? null : shown;
}

const subjectWords: Readonly<Record<OpenApproval['subject'], string>> = {
  command: 'a command beyond its permissions',
  patch: 'a change of files',
  permissions: 'other permissions',
  tool: 'a call of a tool',
  input: 'an answer to a question',
};
