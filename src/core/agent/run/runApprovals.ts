// What a run asks for: what may never be allowed is refused at once, the rest waits at its desk.

import type { Disposable } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import type { Clock } from '../../clock';
import type { AgentThread } from '../agentDriver';
import type { AgentDecided, Decision } from '../agentEvent';
import { type AskedApproval, ApprovalDesk, type OpenApproval } from '../approvalDesk';
import { toFileChanges } from '../happenings';
import type { Permissions } from '../permissions';
import type { ApprovalPolicy } from '../profile';
import type { RunHold } from './runParts';
import type { RunWorkspace } from './runWorkspace';

interface RunApprovalsParts {
  readonly policy: ApprovalPolicy;
  readonly permissions: Permissions;
  readonly clock: Clock;
  readonly hold: RunHold;
  readonly workspace: RunWorkspace;
  readonly readThread: () => AgentThread | null;
  readonly onWait: () => void;
  /** The last that waited has been answered. */
  readonly onNoneWaits: () => void;
}

export class RunApprovals implements Disposable {
  readonly #parts: RunApprovalsParts;
  readonly #desk: ApprovalDesk;
  readonly #changed = new Emitter<void>();
  /** Fires when one more waits for a person, and when one does no longer. */
  readonly onDidChange = this.#changed.event;

  constructor(parts: RunApprovalsParts) {
    const { policy, permissions, clock, hold } = parts;
    this.#parts = parts;
    this.#desk = new ApprovalDesk({
      policy: { ...policy, mode: permissions.approvals },
      clock,
      onAsk: (asked, waits) => {
        hold.trace.append(asked);
        if (waits) {
          parts.onWait();
          this.#changed.fire();
        }
      },
      onDecide: (decided) => this.#take(decided),
    });
  }

  get open(): readonly OpenApproval[] {
    return this.#desk.open;
  }

  ask(approval: AskedApproval): void {
    const rule = this.#findForbidden(approval);
    this.#desk.take(approval, rule === null ? null : { rule });
  }

  /** @throws RlmError 'INVALID_INPUT' where it does not wait. */
  decide(
    approvalId: string,
    decision: Decision,
    by: 'person' | 'client',
    note: string | null,
  ): void {
    this.#desk.decide(approvalId, decision, by, note);
  }

  /** The program has given it up by itself. */
  forget(approvalId: string): void {
    this.#desk.forget(approvalId);
  }

  forgetAll(): void {
    this.open.forEach(({ approvalId }) => this.#desk.forget(approvalId));
  }

  dispose(): void {
    this.#desk.dispose();
    this.#changed.dispose();
  }

  #take(decided: AgentDecided): void {
    this.#parts.hold.trace.append(decided);
    if (decided.by !== 'ended') {
      void this.#answer(decided);
    }
    if (this.open.length === 0) {
      this.#parts.onNoneWaits();
    }
    this.#changed.fire();
  }

  /** What no approval may allow: permissions never grow beyond those that are on record. */
  #findForbidden({ subject }: AskedApproval): string | null {
    const { permissions, workspace } = this.#parts;
    if (subject.kind === 'permissions') {
      return 'permissions never grow';
    }
    if (subject.kind === 'command' && subject.host !== null && !permissions.network) {
      return 'network: none';
    }
    if (subject.kind !== 'patch') {
      return null;
    }
    if (subject.grantRoot !== null) {
      return 'permissions never grow';
    }
    const changes = subject.patch
      ? toFileChanges(subject.patch, (path) => workspace.toRelative(path))
      : [];
    const found = changes.find(({ path }) => workspace.isForbidden(path));
    return found ? `${found.path} must not be changed` : null;
  }

  async #answer({ approvalId, decision, note }: AgentDecided): Promise<void> {
    const { readThread, hold } = this.#parts;
    const result = await readThread()?.answer(approvalId, { decision, note, values: null });
    if (result !== 'answered' && hold.trace.isOpen) {
      hold.trace.append({
        kind: 'agent.audited',
        source: 'approval',
        actionId: null,
        payload: JSON.stringify({ approvalId, answer: result ?? 'no thread' }),
        droppedChars: 0,
      });
    }
  }
}
