// One agent at work, from its place in line to what it leaves behind. What it does is on record before anything else
// follows from it. Its states are those of `agentState.ts`; whoever ends it first decides how. Its parts are in `run/`.
// Longer than other files: the order of these steps is the one thing that must be seen together.

import type { Disposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { cancelledError, toRlmError } from '../errors';
import type { AgentOpened } from '../event';
import type { StopReport } from './agentDriver';
import type { AgentBudget } from './agentBudget';
import type { AgentStanding, Decision, Speaker } from './agentEvent';
import { type AgentStatus, canFollow, isAtRest } from './agentState';
import type { AgentTrace } from './agentTrace';
import type { OpenApproval } from './approvalDesk';
import { RunApprovals } from './run/runApprovals';
import { RunHappenings } from './run/runHappenings';
import { RunMeter } from './run/runMeter';
import type { AgentRunParts, EarlierRun, RunHold } from './run/runParts';
import { RunProgram } from './run/runProgram';
import { RunState } from './run/runState';
import { RunSummaries } from './run/runSummaries';
import { RunTimers } from './run/runTimers';
import { RunTurns, endedError } from './run/runTurns';
import { RunWorkspace } from './run/runWorkspace';
import { settleQuietly } from './run/settleQuietly';
import type { Workspace, WorkspacePlace } from './workspaces';

/** After its turn it can be given another at once for so long. */
const restMs = 300_000;

export class AgentRun {
  readonly trace: AgentTrace;
  readonly #parts: AgentRunParts;
  readonly #controller = new AbortController();
  readonly #state: RunState;
  readonly #timers: RunTimers;
  readonly #meter: RunMeter;
  readonly #workspace: RunWorkspace;
  readonly #program: RunProgram;
  readonly #turns: RunTurns;
  readonly #approvals: RunApprovals;
  readonly #summaries: RunSummaries;
  readonly #happenings: RunHappenings;
  readonly #ended = new Emitter<void>();
  /** Fires once, when this engine holds it no more. */
  readonly onDidEnd = this.#ended.event;
  #slot: Disposable | null = null;
  /** Messages are given in the order they came, each after the one before. */
  #giving: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;

  /** `createTrace`: over this run's standing. */
  constructor(parts: AgentRunParts, createTrace: (run: TraceHooks) => AgentTrace) {
    const { profile, clock, budget, opened, earlier, workspaces } = parts;
    const { signal } = this.#controller;
    const { permissions, limits } = opened.agent;
    this.#parts = parts;
    this.#state = new RunState(earlier?.status ?? 'queued', parts);
    this.trace = createTrace({
      readStanding: () => this.standing,
      onFail: (error) =>
        void this.end('failed', `Its trace cannot be written: ${toRlmError(error).message}`),
    });
    const hold: RunHold = {
      sessionId: this.id,
      trace: this.trace,
      isEnding: () => this.#ending !== null,
      end: (status, reason) => void this.end(status, reason),
    };
    this.#meter = new RunMeter(budget, { hold, isNewThread: !earlier?.threadId });
    this.#timers = new RunTimers({
      ...{ clock, budget, idleMs: limits.idleMs },
      readRunningMs: () => this.#state.runningMs,
      isRunning: () => this.status === 'running' && !this.#ending,
      onWallOver: (shortage) => this.#meter.endFor(shortage),
      onIdle: () => void this.end('terminated', `It gave no sign of life for ${limits.idleMs} ms.`),
    });
    this.#workspace = new RunWorkspace({
      ...{ workspaces, info: opened.agent, hold, signal, earlier: earlier?.place ?? null },
      readParentFolder: parts.readParentFolder,
    });
    this.#program = new RunProgram(parts, hold);
    this.#turns = new RunTurns({
      ...{ hold, program: this.#program, meter: this.#meter, budget, signal },
      readStatus: () => this.status,
      onTold: () => this.#goOn(),
    });
    this.#approvals = new RunApprovals({
      ...{ policy: profile.approvals, permissions, clock, hold, workspace: this.#workspace },
      readThread: () => this.#program.thread,
      onWait: () => this.#move('awaiting_approval'),
      onNoneWaits: () => {
        if (this.status === 'awaiting_approval') {
          this.#move('running');
        }
      },
    });
    this.#summaries = new RunSummaries({
      ...{ trace: this.trace, state: this.#state, clock, policy: profile.summaries, opened },
      ...{ narrator: parts.narrator, meter: this.#meter, signal },
    });
    this.#happenings = new RunHappenings({
      ...{ hold, workspace: this.#workspace, program: this.#program, meter: this.#meter },
      ...{ turns: this.#turns, approvals: this.#approvals, summaries: this.#summaries },
      onHear: () => this.#timers.restartIdle(),
      onTurn: () => this.#goOn(),
      onComplete: () => this.#complete(),
    });
    if (earlier) {
      this.#goOnFrom(earlier);
    }
  }

  get id(): string {
    return this.#parts.opened.sessionId;
  }

  get opened(): AgentOpened {
    return this.#parts.opened;
  }

  get status(): AgentStatus {
    return this.#state.status;
  }

  get budget(): AgentBudget {
    return this.#parts.budget;
  }

  get approvals(): readonly OpenApproval[] {
    return this.#approvals.open;
  }

  /** Fires when one more waits for a person, and when one does no longer. */
  get onDidChangeApprovals(): RunApprovals['onDidChange'] {
    return this.#approvals.onDidChange;
  }

  get onDidStream(): RunHappenings['onDidStream'] {
    return this.#happenings.onDidStream;
  }

  /** Fires when nothing of it runs any more, for now or for good. */
  get onDidRest(): RunState['onDidRest'] {
    return this.#state.onDidRest;
  }

  get standing(): Omit<AgentStanding, 'doneItems'> {
    return {
      usage: this.#state.usage,
      waitingFor: this.approvals.length,
      queuePlace: this.#state.queuePlace,
    };
  }

  /** False once it has begun to end or to be let go: it takes no more messages here. */
  get isOpen(): boolean {
    return this.#ending === null;
  }

  /** Begins to work; what becomes of it is told by its events. */
  start(text: string, by: Speaker): void {
    this.say(text, by).catch(() => undefined); // it ends then, and says why
  }

  /**
   * Tells the agent something: while it runs at once, and before and after its turns as the beginning of another. When
   * it has resolved, the program has the text; while the run waits in line that can take long.
   * @throws RlmError 'AGENT_NOT_FOUND' when it has ended, and the text was not sent; 'GUARDRAIL_STOPPED' when it may
   * have no more turns; and as `AgentThread.say`.
   */
  say(text: string, by: Speaker): Promise<void> {
    const given = this.#giving.then(() => this.#give(text, by));
    this.#giving = given.catch(() => undefined);
    return given;
  }

  /** @throws RlmError 'INVALID_INPUT' where it does not wait. */
  decide(
    approvalId: string,
    decision: Decision,
    by: 'person' | 'client',
    note: string | null,
  ): void {
    this.#approvals.decide(approvalId, decision, by, note);
  }

  /**
   * Ends it and all that it has started. Calls share one end, and the first says how. Never rejects. A run that has
   * completed stays so, unless it is terminated: nothing of it was cut off.
   */
  end(status: 'failed' | 'terminated' | 'interrupted', reason: string): Promise<void> {
    const isDone = this.status === 'completed' && status !== 'terminated';
    this.#ending ??= Promise.resolve().then(() =>
      isDone ? this.#letGo(reason) : this.#end(status, reason),
    );
    return this.#ending;
  }

  /** Settles when it is at rest and on record so, or after `waitMs`; null: however long it takes. */
  whenAtRest(waitMs: number | null, signal: AbortSignal): Promise<void> {
    return this.#state.whenAtRest(waitMs, signal);
  }

  /** As `whenAtRest`; also when it waits for a person, without whom it does not go on. */
  async whenStill(waitMs: number | null, signal: AbortSignal): Promise<void> {
    if (this.approvals.length > 0) {
      return;
    }
    const asked = new AbortController();
    const hearing = this.onDidChangeApprovals(() => asked.abort());
    try {
      await this.whenAtRest(waitMs, AbortSignal.any([signal, asked.signal]));
    } finally {
      hearing.dispose();
    }
  }

  /** Where it works or has worked; null: not known yet. */
  get place(): WorkspacePlace | null {
    return this.#workspace.place;
  }

  /** What it has left where it worked, once it has ended; for people. */
  get leftBehind(): readonly string[] {
    return this.#workspace.leftBehind;
  }

  /** By what lies in its workspace. @throws RlmError 'AGENT_NOT_FOUND' where it has none now. */
  get workspace(): Workspace {
    return this.#workspace.require();
  }

  /**
   * Commits what lies in its workspace, once its profile's rules allow it.
   * @throws RlmError 'GUARDRAIL_STOPPED' with what is missing, 'INVALID_INPUT' while it runs and as `Workspace.commit`,
   * 'AGENT_NOT_FOUND' where it has no workspace now.
   */
  commit(
    message: string,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string; readonly branch: string }> {
    return this.#workspace.commit(this.status, message, signal);
  }

  /** Where it works now. */
  get folders(): readonly string[] {
    const { current } = this.#workspace;
    return current ? [...new Set([current.place.folder, current.cwd])] : [];
  }

  /** The part of it that it was asked to work on; null: it has no workspace now. */
  get workingFolder(): string | null {
    return this.#workspace.current?.cwd ?? null;
  }

  /** What it has done so far, on record; nothing where its trace is closed. */
  summarize(): void {
    this.#summaries.add();
  }

  /** Its record may end in the middle, where its engine did. */
  #goOnFrom({ status, undecided }: EarlierRun): void {
    undecided.forEach((approvalId) =>
      this.trace.append({
        ...{ kind: 'agent.decided', approvalId, decision: 'cancel', by: 'ended', note: null },
      }),
    );
    const nothing = { threadId: null, place: null };
    if (!isAtRest(status)) {
      this.#state.changeTo('interrupted');
      this.#append({ ...nothing, reason: 'Its engine ended while it was at work.' });
    }
    this.#state.changeTo('queued');
    this.#append(nothing);
  }

  async #give(text: string, by: Speaker): Promise<void> {
    if (this.#ending) {
      throw endedError(this.id, this.status);
    }
    this.#happenings.beginMessage();
    if (this.status === 'completed') {
      this.#meter.checkTurns();
      this.#move('queued');
    }
    if (this.status !== 'queued') {
      await this.#turns.tell(text, by);
      return;
    }
    try {
      await this.#begin();
      await this.#turns.tell(text, by);
    } catch (thrown) {
      if (this.#ending) {
        throw endedError(this.id, this.status);
      }
      const { code, message, nextStep } = toRlmError(thrown);
      void this.end(
        code === 'GUARDRAIL_STOPPED' ? 'terminated' : 'failed',
        `${message} ${nextStep}`,
      );
      throw thrown;
    }
  }

  async #begin(): Promise<void> {
    const { signal } = this.#controller;
    const { sessionId, parentSessionId } = this.opened;
    const onPlace = (place: number | null): void => this.#showPlace(place);
    this.#slot = await this.#parts.slots.take(signal, { sessionId, parentSessionId, onPlace });
    this.#throwIfEnding();
    this.#move('preparing');
    if (this.#program.thread) {
      return;
    }
    const workspace = await this.#workspace.prepare((place) => this.#showPlace(place));
    await this.#program.open(workspace, {
      meter: this.#meter,
      signal,
      onHappen: (happening) => this.#happenings.take(happening),
    });
  }

  /** Running, unless an approval keeps it waiting, which may have been asked before its turn began. */
  #goOn(): void {
    const waits = this.approvals.length > 0;
    if (!waits || this.status === 'preparing') {
      this.#move('running');
    }
    if (waits) {
      this.#move('awaiting_approval');
    }
  }

  #complete(): void {
    const missing = this.trace.rules.findMissing('complete');
    if (missing.length > 0) {
      const what = missing.join('; ');
      this.trace.append({ kind: 'agent.refused', rule: 'complete', what });
    }
    this.#approvals.forgetAll();
    this.#move('completed');
    this.summarize();
    this.#rest();
  }

  #rest(): void {
    this.#slot?.dispose();
    this.#slot = null;
    const { permissions, isolation } = this.opened.agent;
    const holdsFolder = isolation === 'folder' && permissions.sandbox !== 'read-only';
    this.#timers.letGoAfter(
      holdsFolder ? 0 : restMs,
      () => this.#parts.hasWorkingChildren(),
      () => {
        if (this.status === 'completed') {
          this.#ending ??= Promise.resolve().then(() => this.#letGo(null));
        }
      },
    );
    this.#state.rest();
  }

  async #end(status: AgentStatus, reason: string): Promise<void> {
    this.#state.beginAgain();
    this.#state.queuePlace = null;
    this.#controller.abort();
    this.#approvals.dispose();
    this.#timers.stop();
    const endingChildren = this.#endChildren();
    const early = await this.#program.stop();
    await this.#giving;
    const report = early ?? (await this.#program.stop()); // it came while this began to end
    await this.#happenings.settle();
    await endingChildren;
    this.#changeTo(status);
    this.summarize();
    await this.#letGo(`${reason}${toDoubt(report)}`);
  }

  #endChildren(): Promise<void | null> {
    return settleQuietly(() => this.#parts.endChildren(`Its parent ${this.id} has ended.`));
  }

  /** Gives everything back; it may be resumed from its trace. */
  async #letGo(reason: string | null): Promise<void> {
    this.#controller.abort();
    this.#timers.stop();
    await this.#endChildren();
    const doubt = toDoubt(await this.#program.stop());
    await this.#program.endThread();
    this.#approvals.dispose();
    await this.#happenings.settle();
    await this.#workspace.release();
    await this.#program.release();
    this.#slot?.dispose();
    this.#slot = null;
    const why = reason === null || reason.endsWith(doubt) ? reason : `${reason}${doubt}`;
    this.#append({ ...this.#readFindings(), reason: why ?? (doubt.trim() || null) });
    this.#workspace.forget();
    await this.trace.close();
    this.#ended.fire();
    this.#state.rest();
  }

  #move(to: AgentStatus): void {
    if (this.status === to || this.#ending || !canFollow(this.status, to)) {
      return;
    }
    this.#changeTo(to);
    this.#state.beginAgain();
    this.#append(this.#readFindings());
  }

  #changeTo(to: AgentStatus): void {
    this.#state.changeTo(to);
    this.#timers.stop();
    if (to === 'running') {
      this.#timers.start();
    }
  }

  /** What finds its thread and workspace again. */
  #readFindings(): { readonly threadId: string | null; readonly place: WorkspacePlace | null } {
    return {
      threadId: this.#program.thread?.threadId ?? null,
      place: this.#workspace.current?.place ?? null,
    };
  }

  #append(change: {
    readonly threadId: string | null;
    readonly place: WorkspacePlace | null;
    readonly reason?: string | null;
  }): void {
    const { reason = null, threadId, place } = change;
    this.trace.append(
      {
        kind: 'agent.changed',
        to: this.status,
        reason,
        threadId,
        workspace: place?.folder ?? null,
        branch: place?.branch ?? null,
        container: place?.container ?? null,
        leftBehind: this.leftBehind,
      },
      this.status,
    );
  }

  #showPlace(place: number | null): void {
    if (this.#state.queuePlace !== place && !this.#ending) {
      this.#state.queuePlace = place;
      this.#append({ threadId: null, place: null });
    }
  }

  #throwIfEnding(): void {
    if (this.#ending) {
      throw cancelledError('The agent run');
    }
  }
}

/** What its trace needs of a run. */
export interface TraceHooks {
  readonly readStanding: () => Omit<AgentStanding, 'doneItems'>;
  readonly onFail: (error: unknown) => void;
}

function toDoubt(report: StopReport | null): string {
  return report?.isCertain === false ? ' It is not certain that all it had started has ended.' : '';
}
