// One agent at work, from its place in line to what it leaves behind. What it does is on record before anything else
// follows from it. Its states are those of `agentState.ts`; whoever ends it first decides how.
// Longer than other files: the order of these steps is the one thing that must be seen together.

import { DisposableStore, type Disposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import type { Clock } from '../clock';
import { RlmError, cancelledError, toRlmError } from '../errors';
import type { AgentOpened } from '../event';
import type {
  AgentDriver,
  AgentHappening,
  AgentMcpServer,
  AgentThread,
  StopReport,
} from './agentDriver';
import type { AgentBudget, AgentReservation, AgentShortage } from './agentBudget';
import type { AgentDecided, AgentStanding, Decision, Speaker } from './agentEvent';
import type { AgentSlots } from './agentSlots';
import { type AgentStatus, canFollow, isAtRest } from './agentState';
import type { AgentTrace } from './agentTrace';
import { type AskedApproval, ApprovalDesk, type OpenApproval } from './approvalDesk';
import { toFactsText } from './agentFacts';
import { cut, toAgentEvent, toFileChanges } from './happenings';
import type { AgentAccess, AgentAccessSource } from './masking';
import { PathRules, toPathBelow } from './pathRules';
import type { Profile } from './profile';
import { toInstructions } from './spawnPlan';
import { WorkspaceLog } from './workspaceLog';
import type { Workspace, WorkspacePlace, WorkspaceRequest, Workspaces } from './workspaces';

export interface AgentRunParts {
  readonly opened: AgentOpened;
  readonly profile: Profile;
  readonly driver: AgentDriver;
  readonly workspaces: Workspaces;
  readonly access: AgentAccessSource;
  /** Our own server for this run alone; null: none is offered. */
  readonly openServer: (sessionId: string) => AgentServer | null;
  readonly slots: AgentSlots;
  readonly budget: AgentBudget;
  readonly clock: Clock;
  /** What an earlier engine left of it; null: it is new. */
  readonly earlier: EarlierRun | null;
  /** Children end with their parent. */
  readonly endChildren: (reason: string) => Promise<void>;
  /** A run that has completed is not let go of while they work for it. */
  readonly hasWorkingChildren: () => boolean;
}

export interface EarlierRun {
  /** As the record has it; not at rest where its engine ended without a word. */
  readonly status: AgentStatus;
  /** Approvals without a decision on record. */
  readonly undecided: readonly string[];
  readonly threadId: string | null;
  readonly place: WorkspacePlace | null;
}

export interface AgentServer extends Disposable {
  readonly name: string;
  readonly server: AgentMcpServer;
}

/** A piece of what it says or a command writes, for who watches now; masked, and not on record. */
export interface AgentPiece {
  readonly itemId: string;
  readonly kind: 'message' | 'output';
  readonly text: string;
}

/** After its turn it can be given another at once for so long. */
const restMs = 300_000;
const wallCheckMs = 60_000;
const childCheckMs = 5_000;
/** An event is a line of the trace, which may not be of any length. */
const filesPerEvent = 1_000;
/** Whether `.ENV` and `.env` are one file, as they are where file systems are so by default. */
const ignoresCase = process.platform !== 'linux';

export class AgentRun {
  readonly trace: AgentTrace;
  readonly #parts: AgentRunParts;
  readonly #store = new DisposableStore();
  readonly #controller = new AbortController();
  readonly #desk: ApprovalDesk;
  readonly #denied: PathRules;
  readonly #writable: PathRules;
  readonly #streamed = new Emitter<AgentPiece>();
  readonly onDidStream = this.#streamed.event;
  readonly #rested = new Emitter<void>();
  /** Fires when nothing of it runs any more, for now or for good. */
  readonly onDidRest = this.#rested.event;
  readonly #ended = new Emitter<void>();
  /** Fires once, when this engine holds it no more. */
  readonly onDidEnd = this.#ended.event;
  #status: AgentStatus;
  #queuePlace: number | null = null;
  #leftBehind: readonly string[] = [];
  #thread: AgentThread | null = null;
  #workspace: Workspace | null = null;
  /** Of a workspace that was let go of. */
  #lastPlace: WorkspacePlace | null = null;
  #access: AgentAccess | null = null;
  #server: AgentServer | null = null;
  #slot: Disposable | null = null;
  /** Messages are given in the order they came, each after the one before. */
  #giving: Promise<void> = Promise.resolve();
  #handling: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;
  #isRested = false;
  /** What is being said to the program now. */
  readonly #tellings = new Set<Promise<void>>();
  /** Turns whose beginning was told, and those of them that were handled. */
  #turnsTold = 0;
  #turnsHandled = 0;
  /** The agent was told what its profile's rules want before it is done. */
  #isReminded = false;
  /** Of the whole thread; null: it is one of an earlier process, and has not told yet. */
  #tokens: number | null;
  #wallTimer: Disposable | null = null;
  #idleTimer: Disposable | null = null;
  #restTimer: Disposable | null = null;
  #runningSince: number | null = null;
  #summarizedThrough: number;
  #summarizedAt: number;
  readonly #workspaceLog = new WorkspaceLog();

  /** `createTrace`: over this run's standing. */
  constructor(parts: AgentRunParts, createTrace: (run: TraceHooks) => AgentTrace) {
    this.#parts = parts;
    const { profile, clock, opened, earlier } = parts;
    this.#status = earlier?.status ?? 'queued';
    this.#tokens = earlier?.threadId ? null : 0;
    this.#denied = new PathRules(opened.agent.permissions.deny, ignoresCase);
    this.#writable = new PathRules(opened.agent.permissions.write);
    this.#desk = new ApprovalDesk({
      policy: { ...profile.approvals, mode: opened.agent.permissions.approvals },
      clock,
      onAsk: (asked, waits) => {
        this.trace.append(asked);
        if (waits) {
          this.#move('awaiting_approval');
        }
      },
      onDecide: (decided) => {
        this.trace.append(decided);
        if (decided.by !== 'ended') {
          void this.#answer(decided);
        }
        if (this.#desk.open.length === 0 && this.#status === 'awaiting_approval') {
          this.#move('running');
        }
      },
    });
    this.trace = createTrace({
      readStanding: () => this.standing,
      onFail: (error) =>
        void this.end('failed', `Its trace cannot be written: ${toRlmError(error).message}`),
    });
    this.#summarizedThrough = this.trace.events;
    this.#summarizedAt = clock.now();
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
    return this.#status;
  }

  get budget(): AgentBudget {
    return this.#parts.budget;
  }

  get approvals(): readonly OpenApproval[] {
    return this.#desk.open;
  }

  get standing(): Omit<AgentStanding, 'doneItems'> {
    return {
      usage: this.#readUsage(),
      waitingFor: this.#desk.open.length,
      queuePlace: this.#queuePlace,
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
    this.#desk.decide(approvalId, decision, by, note);
  }

  /**
   * Ends it and all that it has started. Calls share one end, and the first says how. Never rejects. A run that has
   * completed stays so, unless it is terminated: nothing of it was cut off.
   */
  end(status: 'failed' | 'terminated' | 'interrupted', reason: string): Promise<void> {
    const isDone = this.#status === 'completed' && status !== 'terminated';
    this.#ending ??= Promise.resolve().then(() =>
      isDone ? this.#letGo(reason) : this.#end(status, reason),
    );
    return this.#ending;
  }

  /** Settles when it is at rest and on record so, or after `waitMs`; null: however long it takes. */
  async whenAtRest(waitMs: number | null, signal: AbortSignal): Promise<void> {
    if (this.#isRested || signal.aborted) {
      return;
    }
    await new Promise<void>((resolve) => {
      const store = new DisposableStore();
      const done = (): void => {
        store.dispose();
        resolve();
      };
      store.add(this.#rested.event(done));
      if (waitMs !== null) {
        store.add(this.#parts.clock.after(waitMs, done));
      }
      signal.addEventListener('abort', done, { once: true });
      store.add({ dispose: () => signal.removeEventListener('abort', done) });
    });
  }

  /** Where it works or has worked; null: not known yet. */
  get place(): WorkspacePlace | null {
    return this.#workspace?.place ?? this.#lastPlace ?? this.#parts.earlier?.place ?? null;
  }

  /** What it has left where it worked, once it has ended; for people. */
  get leftBehind(): readonly string[] {
    return this.#leftBehind;
  }

  /** By what lies in its workspace. @throws RlmError 'AGENT_NOT_FOUND' where it has none now. */
  get workspace(): Workspace {
    if (!this.#workspace) {
      throw new RlmError('AGENT_NOT_FOUND', `Agent run ${this.id} has no workspace now.`, {
        nextStep: 'Wait until it has begun, or look at its branch with git.',
      });
    }
    return this.#workspace;
  }

  /**
   * Commits what lies in its workspace, once its profile's rules allow it.
   * @throws RlmError 'GUARDRAIL_STOPPED' with what is missing, 'INVALID_INPUT' while it runs and as `Workspace.commit`,
   * 'AGENT_NOT_FOUND' where it has no workspace now.
   */
  async commit(
    message: string,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string; readonly branch: string }> {
    const { workspace } = this;
    if (this.#status !== 'completed') {
      throw new RlmError('INVALID_INPUT', `Agent run ${this.id} is ${this.#status}.`, {
        nextStep: 'Commit when its turn has completed.',
      });
    }
    const forbidden = await this.#recordChanges();
    const missing = [
      ...forbidden.map((path) => `${path} must not be changed`),
      ...this.trace.rules.findMissing('commit'),
    ];
    if (missing.length > 0) {
      const what = missing.join('; ');
      this.trace.append({ kind: 'agent.refused', rule: 'commit', what });
      throw new RlmError('GUARDRAIL_STOPPED', `It may not be committed yet: ${what}.`, {
        nextStep: 'Tell the agent what is missing with agent_message, and commit after it.',
      });
    }
    const done = await workspace.commit(message, signal);
    if (this.trace.isOpen) {
      const note = `Committed ${done.commit} on ${done.branch}: ${message}`;
      this.trace.append({ kind: 'agent.noted', by: 'host', note, tags: ['commit'] });
    }
    return done;
  }

  /** Where it works now. */
  get folders(): readonly string[] {
    return this.#workspace ? [this.#workspace.place.folder] : [];
  }

  /** What it has done so far, on record; nothing where its trace is closed. */
  summarize(narrative: string | null): void {
    if (!this.trace.isOpen) {
      return;
    }
    const { facts, checklist } = this.trace;
    const standing = { status: this.#status, usage: this.#readUsage(), checklist };
    this.#summarizedThrough = this.trace.events;
    this.#summarizedAt = this.#parts.clock.now();
    this.trace.append({
      kind: 'agent.summarized',
      throughEvent: this.trace.events,
      facts: toFactsText(facts.view, standing),
      narrative,
    });
  }

  /** Its record may end in the middle, where its engine did. */
  #goOnFrom({ status, undecided }: EarlierRun): void {
    undecided.forEach((approvalId) =>
      this.trace.append({
        ...{ kind: 'agent.decided', approvalId, decision: 'cancel', by: 'ended', note: null },
      }),
    );
    const nothing = { threadId: null, place: null, leftBehind: [] };
    if (!isAtRest(status)) {
      this.#status = 'interrupted';
      this.#append({ ...nothing, reason: 'Its engine ended while it was at work.' });
    }
    this.#status = 'queued';
    this.#append({ ...nothing, reason: null });
  }

  async #give(text: string, by: Speaker): Promise<void> {
    if (this.#ending) {
      throw endedError(this.id, this.#status);
    }
    this.#isReminded = false;
    if (this.#status === 'completed') {
      this.#checkTurns();
      this.#move('queued');
    }
    if (this.#status !== 'queued') {
      await this.#tell(text, by);
      return;
    }
    try {
      await this.#begin();
      await this.#tell(text, by);
    } catch (thrown) {
      if (this.#ending) {
        throw endedError(this.id, this.#status);
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
    this.#slot = await this.#parts.slots.take(signal, (place) => this.#showPlace(place));
    this.#throwIfEnding();
    this.#move('preparing');
    if (!this.#thread) {
      await this.#prepare(signal);
    }
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { workspaces, access, driver, earlier, opened, profile } = this.#parts;
    const { permissions, isolation, folder } = opened.agent;
    const request = {
      sessionId: this.id,
      profileId: profile.id,
      folder,
      isolation,
      writes: permissions.sandbox !== 'read-only',
      deny: permissions.deny,
      write: permissions.write,
      onQueued: (place: number | null) => this.#showPlace(place),
    };
    this.#workspace = earlier?.place
      ? await this.#reopenWorkspace(earlier.place, request, signal)
      : await workspaces.prepare(request, signal);
    this.#throwIfEnding();
    for (const note of this.#workspace.notes) {
      this.trace.append({ kind: 'agent.noted', by: 'host', note, tags: ['workspace'] });
    }
    this.#access = await access.open({
      sessionId: this.id,
      mask: profile.mask,
      meter: { reserve: (tokens) => this.#meter(tokens) },
    });
    this.trace.maskWith(this.#access.masker);
    this.#server = this.#parts.openServer(this.id);
    this.#throwIfEnding();
    const threadRequest = this.#toThreadRequest(this.#workspace, this.#access);
    const threadId = earlier?.threadId ?? null;
    this.#thread =
      threadId === null
        ? await driver.startThread(threadRequest, signal)
        : await driver.resumeThread(threadId, threadRequest, signal);
    this.#store.add(this.#thread.onDidHappen((happening) => this.#take(happening)));
    this.#throwIfEnding();
  }

  /** One that held nothing of its own was removed when the run was let go. */
  async #reopenWorkspace(
    place: WorkspacePlace,
    request: WorkspaceRequest,
    signal: AbortSignal,
  ): Promise<Workspace> {
    const { workspaces } = this.#parts;
    try {
      return await workspaces.reopen(place, request, signal);
    } catch (thrown) {
      if (!(thrown instanceof RlmError) || thrown.code !== 'AGENT_NOT_FOUND') {
        throw thrown;
      }
      this.#throwIfEnding();
      const note = `Its workspace ${place.folder} is gone; it goes on in a new one. ${thrown.message}`;
      this.trace.append({ kind: 'agent.noted', by: 'host', note, tags: ['workspace'] });
      return workspaces.prepare(request, signal);
    }
  }

  #toThreadRequest(workspace: Workspace, access: AgentAccess) {
    const { opened, profile } = this.#parts;
    const { permissions, model, isolation } = opened.agent;
    const isInside = isolation === 'container';
    return {
      runId: this.id,
      cwd: workspace.cwd,
      instructions: [toInstructions(profile, opened.agent), ...workspace.notes].join('\n\n'),
      model,
      permissions: {
        sandbox: isInside ? ('external' as const) : permissions.sandbox,
        writableRoots: permissions.sandbox === 'workspace-write' ? workspace.writableRoots : [],
        network: permissions.network,
        approvals: permissions.approvals,
      },
      mcpServers: this.#server ? { [this.#server.name]: this.#server.server } : {},
      configuration: access.configuration,
      commandEnvironment: {},
      outputSchema: null,
    };
  }

  async #tell(text: string, by: Speaker): Promise<void> {
    const telling = this.#tellThread(text, by);
    const settled = telling.then(
      () => undefined,
      () => undefined,
    );
    this.#tellings.add(settled);
    await telling.finally(() => this.#tellings.delete(settled));
  }

  async #tellThread(text: string, by: Speaker): Promise<void> {
    const thread = this.#thread;
    if (!thread || this.#ending) {
      throw endedError(this.id, this.#status);
    }
    const turn = thread.turnId === null ? this.#reserveTurn() : null;
    const told = cut(text);
    this.trace.append({
      ...{ kind: 'agent.said', by, form: 'message', text: told.text, droppedChars: told.dropped },
    });
    try {
      const { way } = await thread.say(text, this.#controller.signal);
      if (way === 'began' && !turn) {
        this.#parts.budget.spend('turns', 1);
      }
      turn?.settle(way === 'began' ? 1 : 0);
    } catch (thrown) {
      turn?.settle(0);
      const { code, message } = toRlmError(thrown);
      const doubt = `What was said last may not have arrived: ${message}`;
      this.trace.append({ kind: 'agent.failed', code, message: doubt, willRetry: false });
      throw thrown;
    }
    this.#goOn();
  }

  /** Running, unless an approval keeps it waiting, which may have been asked before its turn began. */
  #goOn(): void {
    const waits = this.#desk.open.length > 0;
    if (!waits || this.#status === 'preparing') {
      this.#move('running');
    }
    if (waits) {
      this.#move('awaiting_approval');
    }
  }

  /** In the order told: what needs a look at the disk is waited for before the next is taken. */
  #take(happening: AgentHappening): void {
    this.#restartIdle();
    const stream = toPiece(happening, this.trace.masker);
    if (stream) {
      this.#streamed.fire(stream);
      return;
    }
    this.#turnsTold += happening.kind === 'turnStarted' ? 1 : 0;
    this.#handling = this.#handling
      .then(() => this.#handle(happening))
      .catch((thrown: unknown) => {
        void this.end('failed', toRlmError(thrown).message);
      });
  }

  async #handle(happening: AgentHappening): Promise<void> {
    const event = toAgentEvent(happening, (path) => this.#toRelative(path));
    if (event) {
      this.trace.append(event);
      this.#summarizeWhenDue();
    }
    switch (happening.kind) {
      case 'turnStarted':
        this.#turnsHandled += 1;
        this.#workspaceLog.beginTurn();
        this.#goOn();
        return;
      case 'commandStarted':
      case 'patchStarted':
      case 'toolStarted':
        this.#countAction();
        return;
      case 'unlistedCall':
        if (happening.ran) {
          this.#countAction();
        }
        return;
      case 'patchEnded':
        for (const { path } of toFileChanges(happening.patch, (one) => this.#toRelative(one))) {
          this.#workspaceLog.tell(path);
        }
        return;
      case 'approvalAsked':
        this.#ask(happening);
        return;
      case 'approvalResolved':
        if (happening.by !== 'answer') {
          this.#desk.forget(happening.approvalId);
        }
        return;
      case 'usage':
        this.#countTokens(happening.total.total, happening.last.total);
        return;
      case 'turnEnded':
        await this.#endTurn(happening);
        return;
      case 'exited':
        if (!this.#ending) {
          void this.end('interrupted', `Its program ended: ${happening.detail}`);
        }
        return;
      case 'said':
      case 'message':
      case 'messageDelta':
      case 'reasoning':
      case 'plan':
      case 'commandOutput':
      case 'commandEnded':
      case 'toolEnded':
      case 'turnDiff':
      case 'error':
      case 'warning':
      case 'subAgent':
      case 'webSearch':
      case 'raw':
        return; // recorded above, or shown to who watches
    }
  }

  #ask(approval: AskedApproval): void {
    const rule = this.#findForbidden(approval);
    this.#desk.take(approval, rule === null ? null : { rule });
  }

  /** What no approval may allow: permissions never grow beyond those that are on record. */
  #findForbidden({ subject }: AskedApproval): string | null {
    const { network } = this.opened.agent.permissions;
    if (subject.kind === 'permissions') {
      return 'permissions never grow';
    }
    if (subject.kind === 'command' && subject.host !== null && !network) {
      return 'network: none';
    }
    if (subject.kind !== 'patch') {
      return null;
    }
    if (subject.grantRoot !== null) {
      return 'permissions never grow';
    }
    const changes = subject.patch
      ? toFileChanges(subject.patch, (path) => this.#toRelative(path))
      : [];
    const found = changes.find(({ path }) => this.#isForbidden(path));
    return found ? `${found.path} must not be changed` : null;
  }

  #isForbidden(path: string): boolean {
    return this.#denied.matches(path) || (!this.#writable.isEmpty && !this.#writable.matches(path));
  }

  async #answer({ approvalId, decision, note }: AgentDecided): Promise<void> {
    const result = await this.#thread?.answer(approvalId, { decision, note, values: null });
    if (result !== 'answered' && this.trace.isOpen) {
      this.trace.append({
        kind: 'agent.audited',
        source: 'approval',
        actionId: null,
        payload: JSON.stringify({ approvalId, answer: result ?? 'no thread' }),
        droppedChars: 0,
      });
    }
  }

  async #endTurn({
    status,
    error,
  }: Extract<AgentHappening, { readonly kind: 'turnEnded' }>): Promise<void> {
    if (this.#ending) {
      return;
    }
    if (status !== 'completed') {
      const why =
        error?.message ?? (status === 'failed' ? 'Its turn failed.' : 'Its turn was interrupted.');
      void this.end(status === 'failed' ? 'failed' : 'interrupted', why);
      return;
    }
    const forbidden = await this.#recordChanges();
    while (this.#tellings.size > 0) {
      await Promise.all(this.#tellings); // it may begin another turn
    }
    if (this.#ending) {
      return;
    }
    if (forbidden.length > 0) {
      const what = forbidden.join(', ');
      this.trace.append({ kind: 'agent.refused', rule: 'workspace', what });
      void this.end('terminated', `It changed what it must not: ${what}`);
      return;
    }
    if (this.#mayRemind && !this.#isInTurn) {
      await this.#remind();
      while (this.#tellings.size > 0) {
        await Promise.all(this.#tellings);
      }
    }
    if (this.#isInTurn || this.#ending) {
      return;
    }
    this.#complete(); // at once, so that no message comes between
  }

  #complete(): void {
    const missing = this.trace.rules.findMissing('complete');
    if (missing.length > 0) {
      const what = missing.join('; ');
      this.trace.append({ kind: 'agent.refused', rule: 'complete', what });
    }
    this.#desk.open.forEach(({ approvalId }) => this.#desk.forget(approvalId));
    this.#move('completed');
    this.summarize(null);
    this.#rest();
  }

  /** Another turn than those that were handled has begun. */
  get #isInTurn(): boolean {
    return this.#turnsTold > this.#turnsHandled || (this.#thread?.turnId ?? null) !== null;
  }

  /** Once for each message of others; what is still missing then is on record. */
  get #mayRemind(): boolean {
    const isMissing = this.trace.rules.findMissing('complete').length > 0;
    return isMissing && !this.#isReminded && this.#findTurnShortage() === null;
  }

  /** Tells the agent what its profile's rules want before it is done; it goes on then. */
  async #remind(): Promise<void> {
    this.#isReminded = true;
    const what = this.trace.rules.findMissing('complete').join('; ');
    await this.#tell(`You are not done yet: ${what}.`, 'host').catch(() => undefined); // on record
  }

  /** What commands have changed is on record too. Gives what it must not have touched. */
  async #recordChanges(): Promise<readonly string[]> {
    const workspace = this.#workspace;
    if (!workspace) {
      return [];
    }
    const found = await workspace.readChanges(this.#controller.signal);
    const fresh = this.#workspaceLog.takeNew(found);
    for (let from = 0; from < fresh.length; from += filesPerEvent) {
      this.trace.append({
        kind: 'agent.edited',
        actionId: 'workspace',
        changes: fresh.slice(from, from + filesPerEvent),
        diff: '',
        droppedChars: 0,
        result: 'ok',
      });
    }
    const paths = found.changes.map(({ path }) => path);
    const outside = await workspace.findViolations(paths);
    return [...new Set([...outside, ...paths.filter((path) => this.#isForbidden(path))])];
  }

  #rest(): void {
    this.#slot?.dispose();
    this.#slot = null;
    const { permissions, isolation } = this.opened.agent;
    const holdsFolder = isolation === 'folder' && permissions.sandbox !== 'read-only';
    this.#letGoAfter(holdsFolder ? 0 : restMs);
    this.#tellRested();
  }

  #letGoAfter(delayMs: number): void {
    const { clock, hasWorkingChildren } = this.#parts;
    this.#restTimer = clock.after(delayMs, () => {
      if (hasWorkingChildren()) {
        this.#letGoAfter(childCheckMs);
      } else if (this.#status === 'completed') {
        this.#ending ??= Promise.resolve().then(() => this.#letGo(null));
      }
    });
  }

  #tellRested(): void {
    if (!this.#isRested) {
      this.#isRested = true;
      this.#rested.fire();
    }
  }

  async #end(status: AgentStatus, reason: string): Promise<void> {
    this.#isRested = false;
    this.#queuePlace = null;
    this.#controller.abort();
    this.#desk.dispose();
    this.#stopTimers();
    const endingChildren = this.#endChildren();
    const early = await this.#stopThread();
    await this.#giving;
    const report = early ?? (await this.#stopThread()); // it came while this began to end
    await this.#handling;
    await endingChildren;
    this.#changeTo(status);
    this.summarize(null);
    await this.#letGo(`${reason}${toDoubt(report)}`);
  }

  #endChildren(): Promise<void | null> {
    return settleQuietly(() => this.#parts.endChildren(`Its parent ${this.id} has ended.`));
  }

  async #stopThread(): Promise<StopReport | null> {
    return (await settleQuietly(async () => this.#thread?.stop())) ?? null;
  }

  /** Gives everything back; it may be resumed from its trace. */
  async #letGo(reason: string | null): Promise<void> {
    this.#controller.abort();
    this.#stopTimers();
    const thread = this.#thread;
    const workspace = this.#workspace;
    await this.#endChildren();
    const doubt = toDoubt(await this.#stopThread());
    await settleQuietly(async () => thread?.dispose());
    this.#store.dispose(); // nothing more is heard
    this.#desk.dispose();
    await this.#handling;
    const leftBehind = (await settleQuietly(async () => workspace?.release())) ?? [];
    this.#leftBehind = leftBehind;
    await settleQuietly(async () => this.#server?.dispose());
    await settleQuietly(async () => this.#access?.dispose());
    this.#slot?.dispose();
    this.#slot = null;
    const why = reason === null || reason.endsWith(doubt) ? reason : `${reason}${doubt}`;
    this.#append({
      reason: why ?? (doubt.trim() || null),
      threadId: thread?.threadId ?? null,
      place: workspace?.place ?? null,
      leftBehind,
    });
    this.#lastPlace = workspace?.place ?? null;
    this.#workspace = null;
    await this.trace.close();
    this.#ended.fire();
    this.#tellRested();
  }

  #move(to: AgentStatus): void {
    if (this.#status === to || this.#ending || !canFollow(this.#status, to)) {
      return;
    }
    this.#changeTo(to);
    this.#isRested = false;
    const place = this.#workspace?.place ?? null;
    this.#append({ reason: null, threadId: this.#thread?.threadId ?? null, place, leftBehind: [] });
  }

  /** Time counts only while it runs. */
  #changeTo(to: AgentStatus): void {
    const { clock, budget } = this.#parts;
    const now = clock.monotonic();
    if (this.#runningSince !== null) {
      budget.spend('wallMs', now - this.#runningSince);
    }
    this.#status = to;
    this.#stopTimers();
    this.#runningSince = to === 'running' ? now : null;
    if (to === 'running') {
      this.#watchWall();
      this.#restartIdle();
    }
  }

  /** Other runs of the same budget use it up too, so it is looked at again and again. */
  #watchWall(): void {
    const { clock, budget } = this.#parts;
    const passed = clock.monotonic() - (this.#runningSince ?? clock.monotonic());
    const left = budget.left('wallMs') - passed;
    if (left <= 0) {
      this.#endFor(budget.findShortage('wallMs', passed + 1));
      return;
    }
    this.#wallTimer = clock.after(Math.min(left, wallCheckMs), () => this.#watchWall());
  }

  #append(change: {
    readonly reason: string | null;
    readonly threadId: string | null;
    readonly place: WorkspacePlace | null;
    readonly leftBehind: readonly string[];
  }): void {
    const { reason, threadId, place, leftBehind } = change;
    this.trace.append(
      {
        kind: 'agent.changed',
        to: this.#status,
        reason,
        threadId,
        workspace: place?.folder ?? null,
        branch: place?.branch ?? null,
        container: place?.container ?? null,
        leftBehind,
      },
      this.#status,
    );
  }

  #showPlace(place: number | null): void {
    if (this.#queuePlace !== place && !this.#ending) {
      this.#queuePlace = place;
      this.#append({ reason: null, threadId: null, place: null, leftBehind: [] });
    }
  }

  #readUsage(): AgentStanding['usage'] {
    const { used } = this.#parts.budget;
    const running =
      this.#runningSince === null ? 0 : this.#parts.clock.monotonic() - this.#runningSince;
    return { ...used, wallMs: used.wallMs + running };
  }

  #countAction(): void {
    const { budget } = this.#parts;
    const shortage = budget.findShortage('commands', 1);
    if (shortage) {
      this.#endFor(shortage);
    } else {
      budget.spend('commands', 1);
    }
  }

  /** `total`: of the whole thread, as its program counts; `last`: of the call before. */
  #countTokens(total: number, last: number): void {
    const atFirst = this.#turnsHandled === 0 ? total : Math.max(0, total - last);
    const before = this.#tokens ?? atFirst; // what an earlier process has used is counted already
    this.#tokens = Math.max(total, before);
    if (this.#access?.isMetered !== true) {
      this.#parts.budget.spend('tokens', this.#tokens - before); // else it was counted where it was reserved
    }
    const { shortage } = this.#parts.budget;
    if (shortage) {
      this.#endFor(shortage);
    }
  }

  #meter(tokens: number) {
    const { budget } = this.#parts;
    const shortage = budget.shortage ?? budget.findShortage('tokens', tokens);
    const reservation = this.#ending || shortage ? null : budget.reserve('tokens', tokens);
    if (!reservation) {
      if (shortage && !this.#ending) {
        this.trace.append({
          kind: 'agent.refused',
          rule: 'budget',
          what: toShortageText(shortage),
        });
      }
      return null;
    }
    return {
      settle: (usedTokens: number, usd: number | null) => {
        reservation.settle(usedTokens);
        if (usd !== null) {
          budget.spend('usd', usd);
        }
      },
    };
  }

  #endFor(shortage: AgentShortage | null): void {
    if (!this.#ending) {
      const what = shortage ? toShortageText(shortage) : 'a limit is used up';
      this.trace.append({ kind: 'agent.refused', rule: 'budget', what });
      void this.end('terminated', what);
    }
  }

  #findTurnShortage(): AgentShortage | null {
    const { budget } = this.#parts;
    return budget.shortage ?? budget.findShortage('turns', 1);
  }

  /** @throws RlmError 'GUARDRAIL_STOPPED' */
  #checkTurns(): void {
    const shortage = this.#findTurnShortage();
    if (shortage) {
      throw new RlmError('GUARDRAIL_STOPPED', toShortageText(shortage), {
        nextStep: 'Read what it has done with summarize_session; the user can spawn another.',
      });
    }
  }

  /** @throws RlmError 'GUARDRAIL_STOPPED' */
  #reserveTurn(): AgentReservation | null {
    this.#checkTurns();
    return this.#parts.budget.reserve('turns', 1);
  }

  #summarizeWhenDue(): void {
    const { everyEvents, everyMs } = this.#parts.profile.summaries;
    const events = this.trace.events - this.#summarizedThrough;
    if (events >= everyEvents || this.#parts.clock.now() - this.#summarizedAt >= everyMs) {
      this.summarize(null);
    }
  }

  #restartIdle(): void {
    this.#idleTimer?.dispose();
    const { idleMs } = this.opened.agent.limits;
    this.#idleTimer =
      this.#status === 'running' && idleMs > 0 && !this.#ending
        ? this.#parts.clock.after(idleMs, () => {
            void this.end('terminated', `It gave no sign of life for ${idleMs} ms.`);
          })
        : null;
  }

  #stopTimers(): void {
    this.#wallTimer?.dispose();
    this.#idleTimer?.dispose();
    this.#restTimer?.dispose();
  }

  #throwIfEnding(): void {
    if (this.#ending) {
      throw cancelledError('The agent run');
    }
  }

  #toRelative(path: string): string {
    return toPathBelow(path, this.#workspace?.cwd ?? '');
  }
}

/** What its trace needs of a run. */
export interface TraceHooks {
  readonly readStanding: () => Omit<AgentStanding, 'doneItems'>;
  readonly onFail: (error: unknown) => void;
}

function toPiece(happening: AgentHappening, masker: AgentAccess['masker']): AgentPiece | null {
  if (happening.kind !== 'messageDelta' && happening.kind !== 'commandOutput') {
    return null;
  }
  const kind = happening.kind === 'messageDelta' ? 'message' : 'output';
  return { itemId: happening.itemId, kind, text: masker.mask(happening.text) };
}

function toShortageText({ limit, max, used, sessionId }: AgentShortage): string {
  return `The limit ${limit} of session ${sessionId} is used up: ${Math.round(used)} of ${max}.`;
}

function toDoubt(report: StopReport | null): string {
  return report?.isCertain === false ? ' It is not certain that all it had started has ended.' : '';
}

/** What is given back must not keep the rest from being given back. */
async function settleQuietly<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch {
    return null;
  }
}

function endedError(sessionId: string, status: AgentStatus): RlmError {
  return new RlmError('AGENT_NOT_FOUND', `Agent run ${sessionId} does not run (${status}).`, {
    nextStep: 'Resume it with spawn_agent, or read what it did with summarize_session.',
  });
}
