// Approvals asked of the person at the terminal, one at a time, with all of the command and the diff shown.

import { createInterface, type Interface } from 'node:readline';
import type { AgentAsked, Decision } from '../../core/agent/agentEvent';
import { toPrintable } from '../render/printable';
import type { Style } from '../render/style';
import { toDurationText } from '../render/words';
import type { Cli } from '../cli';

export interface GivenAnswer {
  readonly decision: Decision;
  /** Told to the agent; null: nothing. */
  readonly note: string | null;
}

const answers: Readonly<Record<string, Decision>> = {
  a: 'accept',
  accept: 'accept',
  d: 'decline',
  decline: 'decline',
  c: 'cancel',
  cancel: 'cancel',
};

/** Each line of the agent's is marked, so that none of it can pass for a line of ours. `now` in epoch ms. */
export function renderApproval(
  { approvalId, subject, command, cwd, diff, reason, deadline }: AgentAsked,
  { style, now }: { readonly style: Style; readonly now: number },
): string {
  const left = Math.max(0, deadline - now);
  return [
    style.yellow(`The agent asks for approval of a ${subject}:`),
    ...toBlock('command', command),
    ...toBlock('in', cwd),
    ...toBlock('why, in its words', reason),
    ...toBlock('diff', diff),
    style.dim(`  approval ${toPrintable(approvalId)}, declined in ${toDurationText(left)}`),
  ].join('\n');
}

function toBlock(title: string, text: string | null): readonly string[] {
  return text === null
    ? []
    : [`  ${title}`, toPrintable(text.trimEnd()).replaceAll(/^/gmu, '    | ')];
}

/** Null: the person leaves it open, or `signal` has aborted. */
export async function askApproval(
  asked: AgentAsked,
  { terminal, interrupts }: Pick<Cli, 'terminal' | 'interrupts'>,
  signal: AbortSignal,
): Promise<GivenAnswer | null> {
  terminal.print(renderApproval(asked, { style: terminal.style, now: Date.now() }));
  const { input, output } = terminal;
  const lines = createInterface({ input, output, terminal: terminal.isInteractive });
  lines.on('SIGINT', () => interrupts.interrupt()); // it takes Ctrl+C from the terminal
  try {
    for (;;) {
      const typed = await ask(
        lines,
        `accept (a), decline (d), cancel its turn (c), later (Enter)? `,
        signal,
      );
      const word = (typed ?? '').trim().toLowerCase();
      if (word === '') {
        return null;
      }
      const decision = answers[word];
      if (decision) {
        return { decision, note: decision === 'decline' ? await askNote(lines, signal) : null };
      }
    }
  } finally {
    lines.close();
  }
}

async function askNote(lines: Interface, signal: AbortSignal): Promise<string | null> {
  const note = (
    (await ask(lines, 'What is it to be told (Enter: nothing)? ', signal)) ?? ''
  ).trim();
  return note === '' ? null : note;
}

/** Null: nobody answers any more. */
function ask(lines: Interface, question: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const onEnd = (): void => resolve(null);
    if (signal.aborted) {
      onEnd();
      return;
    }
    lines.once('close', onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
    lines.question(question, (line) => {
      lines.off('close', onEnd);
      signal.removeEventListener('abort', onEnd);
      resolve(line);
    });
  });
}

/** A question that is answered by yes alone. */
export async function confirm(
  question: string,
  { terminal, interrupts }: Pick<Cli, 'terminal' | 'interrupts'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { input, output } = terminal;
  const lines = createInterface({ input, output, terminal: terminal.isInteractive });
  lines.on('SIGINT', () => interrupts.interrupt());
  try {
    const typed = (await ask(lines, `${question} (yes/no) `, signal)) ?? '';
    return ['y', 'yes'].includes(typed.trim().toLowerCase());
  } finally {
    lines.close();
  }
}
