// What is told of one thread, in the order in which it came: turns, items, approvals, and the calls that no item tells
// of. After `exited` nothing is told.

import { Emitter } from '../../base/emitter';
import type { AgentError, ExitReason, HappeningBody } from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';
import { Approvals } from './approvals';
import { CallAudit } from './callAudit';
import { Gate } from './gate';
import { Happenings } from './happenings';
import { OpenItems } from './openItems';
import type { RolloutTail } from './rolloutTail';
import { toHappenings } from './toHappening';
import type { Asked } from './toApproval';
import { type WireId, notificationSchemas } from './wire';

export interface ThreadRecordParts {
  readonly clock: Clock;
  /** Where the raw items are read; null: Codex tells them. */
  readonly tail: RolloutTail | null;
  /** How long the end of a turn waits for its raw items there. */
  readonly recordMs: number;
  readonly respond: (requestId: WireId, result: unknown) => void;
}

export class ThreadRecord {
  readonly onDidHappen;
  readonly approvals: Approvals;
  readonly #happenings: Happenings;
  readonly #items = new OpenItems();
  readonly #audit = new CallAudit();
  readonly #gate = new Gate();
  readonly #turnEnded = new Emitter<void>();
  readonly onDidEndTurn = this.#turnEnded.event;
  readonly #knownTurns = new Set<string>();
  readonly #endedTurns = new Set<string>();
  readonly #cutTurns = new Set<string>();
  #turnId: string | null = null;
  /** Why the turn is being ended, where Codex will not say it. */
  failure: AgentError | null = null;
  /** The thread is being stopped: what fails now was ended. */
  isStopping = false;
  #isOver = false;

  constructor(private readonly parts: ThreadRecordParts) {
    this.#happenings = new Happenings(parts.clock);
    this.onDidHappen = this.#happenings.event;
    this.approvals = new Approvals(parts.respond, (body, turnId) => this.#tell(body, turnId));
  }

  get turnId(): string | null {
    return this.#turnId;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get hasCommands(): boolean {
    return this.#items.hasCommands;
  }

  /** By the answer to what was said. False: it was known already. */
  beginTurn(turnId: string): boolean {
    const isNew = !this.#knownTurns.has(turnId);
    this.#knownTurns.add(turnId);
    if (!this.#endedTurns.has(turnId) && !this.#isOver) {
      this.#turnId = turnId;
    }
    return isNew;
  }

  /** It is going to be told as `said`. */
  expectSaid(text: string): void {
    this.#audit.say(text);
  }

  /** Whether the model's call was told: by an item, or by what it asked. */
  findPatch(itemId: string) {
    return this.#items.findPatch(itemId);
  }

  ask(requestId: WireId, asked: Asked): void {
    if (asked.itemId !== null) {
      this.#audit.list(asked.itemId);
    }
    this.approvals.ask(requestId, asked);
  }

  /** In its turn, behind what is still being recorded. */
  run(task: () => void): void {
    this.#gate.run(task);
  }

  tell(body: HappeningBody): void {
    this.#tell(body, this.#turnId);
  }

  /** A notification, inside `run`. */
  follow(method: string, params: unknown): void {
    switch (method) {
      case 'turn/started': {
        const id = notificationSchemas[method].safeParse(params).data?.turn.id;
        if (id !== undefined && !this.#endedTurns.has(id)) {
          this.#turnId = id;
        }
        break;
      }
      case 'turn/completed':
        this.#endTurn(params);
        return;
      case 'serverRequest/resolved': {
        const told = notificationSchemas[method].safeParse(params).data;
        if (told) {
          this.approvals.resolve(told.requestId);
        }
        return;
      }
    }
    this.#record(method, params, this.#turnId);
  }

  /** The last of all, after what the tail has still to tell. */
  end(reason: ExitReason, detail: string): void {
    this.#gate.run(() => this.#end(reason, detail));
  }

  /** As `end`, when the process is gone: what it has recorded last is read. */
  endWithProcess(detail: string): void {
    this.#gate.run(() => {
      const { tail } = this.parts;
      if (this.#isOver || !tail) {
        this.#end('process ended', detail);
        return;
      }
      this.#gate.hold(tail.readTurn('', 0), (items) => {
        this.#takeRaw(items ?? []);
        this.#end('process ended', detail);
      });
    });
  }

  #record(method: string, params: unknown, turnId: string | null): void {
    const record = {
      items: this.#items,
      audit: this.#audit,
      isCut: (id: string) => this.isStopping || this.#cutTurns.has(id),
    };
    for (const body of toHappenings(method, params, record)) {
      const { failure } = this;
      const isFailed = body.kind === 'turnEnded' && failure !== null;
      this.#tell(isFailed ? { ...body, status: 'failed', error: failure } : body, turnId);
    }
  }

  #endTurn(params: unknown): void {
    const turn = notificationSchemas['turn/completed'].safeParse(params).data?.turn;
    const turnId = turn?.id ?? this.#turnId;
    const { tail, recordMs } = this.parts;
    const end = (): void => {
      this.#settleTurn(turnId, turn?.status === 'interrupted');
      this.#record('turn/completed', params, turnId);
      this.failure = null;
      if (turnId === null || this.#turnId === turnId) {
        this.#turnId = null;
      }
      this.#turnEnded.fire();
    };
    if (!tail || turnId === null) {
      end();
      return;
    }
    this.#gate.hold(tail.readTurn(turnId, recordMs), (items) => {
      this.#takeRaw(items ?? []);
      end();
    });
  }

  /** What can come to nothing any more, before the end of the turn is told. */
  #settleTurn(turnId: string | null, isCut: boolean): void {
    if (turnId !== null) {
      this.#endedTurns.add(turnId);
      if (isCut) {
        this.#cutTurns.add(turnId);
      }
      const waiting = this.approvals.itemIds;
      this.approvals.cancel(turnId, 'program');
      // A command may go on behind its turn; what only waited to be allowed does not.
      const isDone = (itemId: string, itsTurn: string): boolean =>
        itsTurn === turnId && (waiting.has(itemId) || !this.#items.isCommand(itemId));
      this.#items.interrupt(isDone).forEach((body) => this.#tell(body, turnId));
    }
    this.#audit.settle().forEach((body) => this.#tell(body, turnId));
  }

  #takeRaw(items: readonly unknown[]): void {
    for (const body of items.flatMap((item) => this.#audit.take(item))) {
      this.#tell(body, this.#turnId);
    }
  }

  #end(reason: ExitReason, detail: string): void {
    if (this.#isOver) {
      return;
    }
    const turnId = this.#turnId;
    this.approvals.cancel(null, 'end');
    this.#items.interrupt(() => true).forEach((body) => this.#tell(body, turnId));
    this.#audit.settle().forEach((body) => this.#tell(body, turnId));
    if (turnId !== null) {
      const error = this.failure ?? { message: detail, code: 'threadEnded', httpStatus: null };
      this.#tell({ kind: 'turnEnded', status: 'interrupted', error }, turnId);
    }
    this.#turnId = null;
    this.#tell({ kind: 'exited', reason, detail }, null);
    this.#isOver = true;
    this.#turnEnded.fire();
    this.#turnEnded.dispose();
    this.#happenings.dispose();
  }

  #tell(body: HappeningBody, turnId: string | null): void {
    if (!this.#isOver) {
      this.#happenings.tell(body, turnId);
    }
  }
}
