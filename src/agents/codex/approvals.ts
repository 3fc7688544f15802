// The approvals of one thread that wait for an answer. Each is answered once, to Codex and to the record.

import { randomUUID } from 'node:crypto';
import type { AnswerResult, ApprovalAnswer, HappeningBody } from '../../core/agent/agentDriver';
import { type Asked, refusal } from './toApproval';
import type { WireId } from './wire';

interface OpenApproval {
  readonly requestId: WireId;
  readonly asked: Asked;
}

export class Approvals {
  readonly #open = new Map<string, OpenApproval>();
  readonly #closed = new Set<string>();

  constructor(
    private readonly respond: (requestId: WireId, result: unknown) => void,
    private readonly tell: (body: HappeningBody, turnId: string | null) => void,
  ) {}

  get count(): number {
    return this.#open.size;
  }

  /** Items whose start waits for an answer. */
  get itemIds(): ReadonlySet<string> {
    return new Set([...this.#open.values()].flatMap(({ asked }) => asked.itemId ?? []));
  }

  ask(requestId: WireId, asked: Asked): void {
    const approvalId = randomUUID();
    this.#open.set(approvalId, { requestId, asked });
    const { itemId, reason, subject, turnId } = asked;
    this.tell({ kind: 'approvalAsked', approvalId, itemId, reason, subject }, turnId);
  }

  answer(approvalId: string, answer: ApprovalAnswer): AnswerResult {
    const open = this.#open.get(approvalId);
    if (!open) {
      return this.#closed.has(approvalId) ? 'late' : 'unknown';
    }
    this.#close(approvalId, open, answer, 'answer');
    return 'answered';
  }

  /** Codex has gone on without an answer. */
  resolve(requestId: WireId): void {
    for (const [approvalId, open] of this.#open) {
      if (open.requestId === requestId) {
        this.#close(approvalId, open, refusal('cancel'), 'program');
      }
    }
  }

  /** Of one turn, or of all (null); `by` says whose doing it is. */
  cancel(turnId: string | null, by: 'program' | 'end'): void {
    for (const [approvalId, open] of this.#open) {
      if (turnId === null || open.asked.turnId === turnId) {
        this.#close(approvalId, open, refusal('cancel'), by);
      }
    }
  }

  #close(
    approvalId: string,
    { requestId, asked }: OpenApproval,
    answer: ApprovalAnswer,
    by: 'answer' | 'program' | 'end',
  ): void {
    this.#open.delete(approvalId);
    this.#closed.add(approvalId);
    this.respond(requestId, asked.toResult(answer));
    const { decision } = answer;
    this.tell({ kind: 'approvalResolved', approvalId, decision, by }, asked.turnId);
  }
}
