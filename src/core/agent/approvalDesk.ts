// The approvals one run waits for. A rule of its profile answers, or a person, or the deadline; each is answered once.

import { type Disposable, DisposableStore } from '../../base/disposable';
import type { Clock } from '../clock';
import { RlmError } from '../errors';
import type { AskedSubject } from './agentDriver';
import type { AgentAsked, AgentDecided, Decider, Decision } from './agentEvent';
import { cut } from './happenings';
import { isSimpleCommand, toCommandTexts, toInnerCommand } from './innerCommand';
import type { ApprovalPolicy } from './profile';

export interface OpenApproval extends Omit<AgentAsked, 'kind'> {
  readonly askedAt: number;
}

interface DeskParts {
  readonly policy: ApprovalPolicy;
  readonly clock: Clock;
  /** Before it is answered. `waits`: no rule answers it. */
  readonly onAsk: (asked: AgentAsked, waits: boolean) => void;
  /** Told once for each that was asked. */
  readonly onDecide: (decided: AgentDecided) => void;
}

export interface AskedApproval {
  readonly approvalId: string;
  readonly subject: AskedSubject;
  readonly reason: string | null;
}

export class ApprovalDesk implements Disposable {
  readonly #parts: DeskParts;
  readonly #allow: readonly RegExp[];
  readonly #deny: readonly RegExp[];
  readonly #open = new Map<string, { readonly asked: OpenApproval; readonly timer: Disposable }>();
  /** Answered before: a later answer is told by whom. */
  readonly #decided = new Map<string, Decider>();
  readonly #store = new DisposableStore();
  #isClosed = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#allow = parts.policy.allow.map(toWhole);
    this.#deny = parts.policy.deny.map(toWhole);
  }

  /** In the order they were asked. */
  get open(): readonly OpenApproval[] {
    return [...this.#open.values()].map(({ asked }) => asked);
  }

  /** `forced`: what it must be answered, whatever the rules say; null: nothing. */
  take(approval: AskedApproval, forced: { readonly rule: string } | null): void {
    const { approvalId } = approval;
    if (this.#open.has(approvalId) || this.#decided.has(approvalId)) {
      return;
    }
    const { clock, policy, onAsk } = this.#parts;
    const isClosed = this.#isClosed;
    const deadline = clock.now() + policy.timeoutMs;
    const asked = { ...describeSubject(approval), approvalId, deadline };
    const verdict = forced
      ? ({ decision: 'decline', note: forced.rule } as const)
      : this.#judge(approval.subject);
    const timer = this.#store.add(
      clock.after(policy.timeoutMs, () => this.#decide(approvalId, 'decline', 'deadline', null)),
    );
    this.#open.set(approvalId, { asked: { ...asked, askedAt: clock.now() }, timer });
    onAsk({ kind: 'agent.asked', ...asked }, verdict === null && !isClosed);
    if (isClosed) {
      this.forget(approvalId);
    } else if (verdict) {
      this.#decide(approvalId, verdict.decision, 'rule', verdict.note);
    }
  }

  /** @throws RlmError 'INVALID_INPUT' where it does not wait any more, or never did. */
  decide(
    approvalId: string,
    decision: Decision,
    by: 'person' | 'client',
    note: string | null,
  ): void {
    if (!this.#open.has(approvalId)) {
      throw this.#toLateError(approvalId);
    }
    this.#decide(approvalId, decision, by, note);
  }

  /** The program has given it up by itself. */
  forget(approvalId: string): void {
    this.#decide(approvalId, 'cancel', 'ended', null);
  }

  /** Those that wait are cancelled, and so is each that is asked later. */
  dispose(): void {
    this.#isClosed = true;
    for (const approvalId of [...this.#open.keys()]) {
      this.forget(approvalId);
    }
    this.#store.dispose();
  }

  #decide(approvalId: string, decision: Decision, by: Decider, note: string | null): void {
    const found = this.#open.get(approvalId);
    if (found) {
      found.timer.dispose();
      this.#open.delete(approvalId);
      this.#decided.set(approvalId, by);
      this.#parts.onDecide({ kind: 'agent.decided', approvalId, decision, by, note });
    }
  }

  /** Null: a person decides. Rules accept commands alone, and never more network than there is. */
  #judge(subject: AskedSubject): { readonly decision: Decision; readonly note: string } | null {
    if (this.#parts.policy.mode === 'never') {
      return { decision: 'decline', note: 'approvals: never' };
    }
    if (subject.kind !== 'command' || subject.command === null) {
      return null;
    }
    const texts = toCommandTexts(subject.command);
    const denied = this.#deny.find((rule) => texts.some((text) => rule.test(text)));
    if (denied) {
      return { decision: 'decline', note: `deny: ${denied.source}` };
    }
    const inner = toInnerCommand(subject.command);
    const mayAllow = subject.host === null && isSimpleCommand(inner);
    const allowed = mayAllow && this.#allow.find((rule) => rule.test(inner));
    return allowed ? { decision: 'accept', note: `allow: ${allowed.source}` } : null;
  }

  #toLateError(approvalId: string): RlmError {
    const by = this.#decided.get(approvalId);
    const waiting = this.open.map((one) => one.approvalId).join(', ');
    const nextStep =
      waiting === '' ? 'Nothing waits for an approval now.' : `These wait: ${waiting}.`;
    return by === undefined
      ? new RlmError('INVALID_INPUT', `There is no approval ${approvalId} in this run.`, {
          nextStep,
        })
      : new RlmError(
          'INVALID_INPUT',
          `Approval ${approvalId} was answered already: ${decidedWords[by]}.`,
          { nextStep },
        );
  }
}

const decidedWords: Readonly<Record<Decider, string>> = {
  person: 'by a person, in the editor or elsewhere',
  client: 'by a person, through an MCP client',
  rule: 'by a rule of its profile',
  deadline: 'it was declined at its deadline',
  ended: 'the run, or its turn, ended first',
};

/** A rule is about the whole command: `npm test` does not allow `npm test; rm -rf .`. */
function toWhole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'su');
}

function describeSubject({
  subject,
  reason,
}: AskedApproval): Omit<AgentAsked, 'kind' | 'approvalId' | 'deadline'> {
  const nothing = { command: null, cwd: null, diff: null, reason };
  switch (subject.kind) {
    case 'command': {
      const host = subject.host === null ? null : `network access to ${subject.host}`;
      return {
        ...nothing,
        subject: 'command',
        command: subject.command === null ? null : cut(subject.command).text,
        cwd: subject.cwd,
        reason: [reason, host].filter((text) => text !== null).join('; ') || null,
      };
    }
    case 'patch': {
      const root = subject.grantRoot === null ? null : `wants to write below ${subject.grantRoot}`;
      return {
        ...nothing,
        subject: 'patch',
        diff: subject.patch ? cut(subject.patch.diff).text : null,
        reason: [reason, root].filter((text) => text !== null).join('; ') || null,
      };
    }
    case 'permissions':
      return {
        ...nothing,
        subject: 'permissions',
        cwd: subject.cwd,
        reason: [reason, cut(JSON.stringify(subject.permissions) ?? '').text]
          .filter((text) => text !== null)
          .join(': '),
      };
    case 'form':
      return {
        ...nothing,
        subject: 'tool',
        reason: `${subject.server}: ${subject.message}`,
      };
    case 'input':
      return {
        ...nothing,
        subject: 'input',
        reason: subject.questions.map(({ question }) => question).join('\n'),
      };
  }
}
