// One thread of an app-server: says and answers, and ends it. What is told of it is `threadRecord.ts`. Longer than
// others: what is said, asked and stopped at once is one state.

import type { Disposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import type {
  AgentThread,
  AnswerResult,
  ApprovalAnswer,
  ExitReason,
  HappeningBody,
  SaidText,
  StopReport,
  ThreadRequest,
} from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';
import { RlmError, cancelledError, throwIfAborted } from '../../core/errors';
import { type AppServer, type ServerExit, toEndText } from './appServer';
import { CallError, toDriverError } from './callError';
import { canFindLeftovers, endLeftovers, listLeftovers } from './leftovers';
import { LostConnection } from './lostConnection';
import type { RolloutTail } from './rolloutTail';
import { type StopAnswer, type StopDeadlines, stopThread } from './stopThread';
import { comparePermissions, toTurnSandbox } from './threadConfig';
import { ThreadRecord } from './threadRecord';
import { refusal, toAsked } from './toApproval';
import { toRaw } from './toHappening';
import { type WireId, notificationSchemas, turnAnswer } from './wire';

export interface ThreadDeadlines {
  readonly callMs: number;
  /** Without any word of the model while Codex tries to reach it. */
  readonly connectionMs: number;
  /** For the raw items of a turn that has ended. */
  readonly recordMs: number;
  readonly stop?: StopDeadlines;
}

export interface CodexThreadParts {
  readonly server: AppServer;
  readonly clock: Clock;
  readonly request: ThreadRequest;
  readonly effective: AgentThread['effective'];
  readonly tail: RolloutTail | null;
  readonly deadlines: ThreadDeadlines;
}

export class CodexThread implements AgentThread {
  readonly effective;
  readonly onDidHappen;
  readonly #record: ThreadRecord;
  readonly #lost: LostConnection;
  readonly #ended = new Emitter<void>();
  /** Nothing more comes of it. */
  readonly onDidEnd = this.#ended.event;
  readonly #saying = new Set<Promise<unknown>>();
  #stop: Promise<StopReport> | null = null;

  constructor(
    readonly threadId: string,
    private readonly parts: CodexThreadParts,
  ) {
    const { server, clock, tail, deadlines } = parts;
    const { callMs, connectionMs, recordMs } = deadlines;
    this.effective = parts.effective;
    const respond = (id: WireId, result: unknown): void => server.respond(id, result);
    this.#record = new ThreadRecord({ clock, tail, recordMs, respond });
    this.onDidHappen = this.#record.onDidHappen;
    this.#lost = new LostConnection(clock, connectionMs, (error) => {
      this.#record.failure = error;
      void this.#call('turn/interrupt', callMs);
    });
  }

  get turnId(): string | null {
    return this.#record.turnId;
  }

  async say(text: string, signal: AbortSignal): Promise<SaidText> {
    const doing = 'Saying something to the agent';
    throwIfAborted(signal, doing);
    if (this.#record.isOver) {
      throw new RlmError('BACKEND_UNAVAILABLE', 'The thread has ended; the text was not sent.', {
        nextStep: 'Resume the run, and say it again.',
      });
    }
    if (this.#stop) {
      throw cancelledError(doing);
    }
    this.#record.expectSaid(text);
    const saying = this.#startTurn(text);
    this.#saying.add(saying);
    try {
      return await saying;
    } catch (error) {
      throw toDriverError(error, doing);
    } finally {
      this.#saying.delete(saying);
    }
  }

  async answer(approvalId: string, answer: ApprovalAnswer): Promise<AnswerResult> {
    const result = this.#record.approvals.answer(approvalId, answer);
    const { turnId } = this;
    if (result === 'answered' && answer.decision !== 'cancel' && answer.note && turnId !== null) {
      this.#record.expectSaid(answer.note);
      // Only into the turn that asked: a note is no reason to begin another.
      const params = { input: toInput(answer.note), expectedTurnId: turnId };
      await this.#call('turn/steer', this.parts.deadlines.callMs, params);
    }
    return result;
  }

  stop(): Promise<StopReport> {
    this.#stop ??= this.#runStop();
    return this.#stop;
  }

  dispose(): void {
    if (this.#record.isOver) {
      return;
    }
    const { callMs } = this.parts.deadlines;
    if (this.turnId !== null) {
      void this.#call('turn/interrupt', callMs);
    }
    void this.#call('thread/backgroundTerminals/clean', callMs);
    void this.#call('thread/unsubscribe', callMs);
    this.#end('disposed', 'The thread was given up.');
  }

  /** A notification of this thread. */
  receive(method: string, params: unknown): void {
    this.#record.run(() => {
      this.#lost.hear(method, params);
      if (method === 'thread/settings/updated') {
        this.#checkSettings(params);
      } else {
        this.#record.follow(method, params);
      }
    });
  }

  /** A request of this thread. */
  receiveRequest(id: WireId, method: string, params: unknown): void {
    this.#record.run(() => {
      const asked = toAsked(method, params, (itemId) => this.#record.findPatch(itemId));
      if (!asked) {
        this.parts.server.refuse(id, 'This host does not answer it.');
        this.#record.tell(toRaw(method, params));
      } else if (this.#stop || this.#record.isOver) {
        this.parts.server.respond(id, asked.toResult(refusal('cancel')));
      } else {
        this.#record.ask(id, asked);
      }
    });
  }

  /** Something that Codex told could not be read. */
  receiveUnreadable(body: HappeningBody): void {
    this.#record.run(() => this.#record.tell(body));
  }

  processEnded(exit: ServerExit): void {
    this.#record.endWithProcess(toEndText(exit));
    this.#record.run(() => this.#release());
  }

  async #startTurn(text: string): Promise<SaidText> {
    const { request, server, deadlines } = this.parts;
    const sandboxPolicy = toTurnSandbox(request.permissions);
    // It adds to the turn that runs, and begins one where none does: so nothing is lost between the two.
    const result = await server.call(
      'turn/start',
      {
        threadId: this.threadId,
        input: toInput(text),
        ...(sandboxPolicy ? { sandboxPolicy } : {}),
        ...(request.outputSchema === null ? {} : { outputSchema: request.outputSchema }),
      },
      { deadlineMs: deadlines.callMs },
    );
    const answer = turnAnswer.safeParse(result).data;
    if (!answer) {
      throw new CallError('unreadable', 'turn/start', 'Codex gave an answer that is not known.');
    }
    const turnId = answer.turn.id;
    return { turnId, way: this.#record.beginTurn(turnId) ? 'began' : 'steered' };
  }

  #checkSettings(params: unknown): void {
    const told = notificationSchemas['thread/settings/updated'].safeParse(params).data;
    const differences = told
      ? comparePermissions(told.threadSettings, this.parts.request.permissions)
      : ['it does not say how'];
    if (differences.length > 0) {
      const message = `Codex runs the thread in another way than asked: ${differences.join('; ')}.`;
      const error = { message, code: 'permissionsChanged', httpStatus: null };
      this.#record.tell({ kind: 'error', error, willRetry: false });
      void this.stop();
    }
  }

  async #runStop(): Promise<StopReport> {
    const { server, clock, request, deadlines } = this.parts;
    const { sandbox } = request.permissions;
    const record = this.#record;
    record.isStopping = true;
    const report = await stopThread(
      {
        turnId: () => record.turnId,
        hasCommands: () => record.hasCommands,
        isProcessGone: () => server.exit !== null,
        cancelApprovals: () => record.approvals.cancel(null, 'end'),
        untilSaid: (deadlineMs) =>
          this.#within(deadlineMs, Promise.allSettled(this.#saying)).then(() => undefined),
        untilIdle: (deadlineMs) => this.#untilIdle(deadlineMs),
        call: (method, deadlineMs) => this.#call(method, deadlineMs),
        killProcess: () => killServer(server),
        listLeftovers: () => listLeftovers(request.runId),
        endLeftovers: () => endLeftovers(request.runId),
        hasWalls: sandbox === 'read-only' || sandbox === 'workspace-write',
        canFindLeftovers,
      },
      clock,
      deadlines.stop,
    );
    void this.#call('thread/unsubscribe', deadlines.callMs);
    this.#end('stopped', 'It was stopped.');
    return report;
  }

  /** False: a turn runs, or what was said may still begin one. */
  async #untilIdle(deadlineMs: number): Promise<boolean> {
    const isIdle = (): boolean => this.turnId === null && this.#saying.size === 0;
    let heard: Disposable | undefined;
    if (!isIdle()) {
      const ended = new Promise<void>((resolve) => {
        heard = this.#record.onDidEndTurn(resolve);
      });
      await this.#within(deadlineMs, ended);
      heard?.dispose();
    }
    return isIdle();
  }

  async #within(deadlineMs: number, work: Promise<unknown>): Promise<void> {
    let timer: Disposable | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.parts.clock.after(deadlineMs, resolve);
    });
    await Promise.race([work, late]);
    timer?.dispose();
  }

  async #call(method: string, deadlineMs: number, params: object = {}): Promise<StopAnswer> {
    const ofTurn = method === 'turn/interrupt' ? { turnId: this.turnId } : {};
    const given = { threadId: this.threadId, ...ofTurn, ...params };
    try {
      await this.parts.server.call(method, given, { deadlineMs });
      return 'done';
    } catch (error) {
      return error instanceof CallError && error.kind === 'refused' ? 'refused' : 'none';
    }
  }

  #end(reason: ExitReason, detail: string): void {
    this.#record.end(reason, detail);
    this.#record.run(() => this.#release());
  }

  #release(): void {
    this.#lost.dispose();
    this.#ended.fire();
    this.#ended.dispose();
  }
}

function toInput(text: string): readonly object[] {
  return [{ type: 'text', text, text_elements: [] }];
}

function killServer(server: AppServer): Promise<void> {
  return new Promise((resolve) => {
    if (server.exit) {
      resolve();
      return;
    }
    server.onDidExit(() => resolve());
    server.kill();
  });
}
