// One agent at work, from its place in line to what it leaves behind. What it does is on record before anything else
// follows from it. Its states are those of `agentState.ts`; whoever ends it first decides how.
// Longer than other files: the order of these steps is the one thing that must be seen together.

import { DisposableStore, type Disposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import type { Clock } from '../clock';
import { RlmError, cancelledError, toRlmError } from '../errors';
import type { AgentOpened } from '../event';
import type { AgentDriver, AgentHappening, AgentMcpServer, AgentThread } from './agentDriver';
import type { AgentBudget, AgentShortage } from './agentBudget';
import type { AgentStanding, Decision, Speaker } from './agentEvent';
import type { AgentSlots } from './agentSlots';
import { type AgentStatus, canFollow, isAtRest, isEnded } from './agentState';
import type { AgentTrace } from './agentTrace';
import { type AskedApproval, ApprovalDesk, type OpenApproval } from './approvalDesk';
import { toFactsText } from './agentFacts';
import { toAgentEvent, toFileChanges } from './happenings';
import type { AgentAccess, AgentAccessSource } from './masking';
import { PathRules } from './pathRules';
import type { Profile } from './profile';
import { toInstructions } from './spawnPlan';
import type { Workspace, WorkspacePlace, Workspaces } from './workspaces';

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
}

export interface EarlierRun {
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
  #thread: AgentThread | null = null;
  #workspace: Workspace | null = null;
  #access: AgentAccess | null = null;
  #server: AgentServer | null = null;
  #slot: Disposable | null = null;
  #working: Promise<void> = Promise.resolve();
  #handling: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;
  #tokens = 0;
  #wallTimer: Disposable | null = null;
  #idleTimer: Disposable | null = null;
  #restTimer: Disposable | null = null;
  #runningSince: number | null = null;
  #summarizedThrough: number;
  #summarizedAt: number;
  /** Files that patches have told of since the turn began. */
  readonly #told = new Set<string>();

  /** `createTrace`: over this run's standing. */
  constructor(parts: AgentRunParts, createTrace: (run: TraceHooks) => AgentTrace) {
    this.#parts = parts;
    const { profile, clock, opened } = parts;
    this.#status = 'queued';
    this.#denied = new PathRules(opened.agent.permissions.deny);
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
          const { decision, note } = decided;
          void this.#thread?.answer(decided.approvalId, { decision, note, values: null });
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

  /** Begins to work; what becomes of it is told by its events. */
  start(text: string, by: Speaker): void {
    this.#working = this.#begin(text, by);
  }

  /**
   * Tells the agent something: while it runs at once, and after its turn as the beginning of another.
   * @throws RlmError 'AGENT_NOT_FOUND' when it has ended, 'GUARDRAIL_STOPPED' when it may have no more turns.
   */
  async say(text: string, by: Speaker): Promise<void> {
    await this.#working; // it may be about to start
    if (this.#ending || isEnded(this.#status)) {
      throw endedError(this.id, this.#status);
    }
    if (this.#status === 'completed') {
      this.#checkTurns();
      this.#restTimer?.dispose();
      this.#move('queued');
      this.start(text, by);
      await this.#working;
      return;
    }
    await this.#tell(text, by);
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

  /** Ends it and all that it has started. Calls share one end, and the first says how. Never rejects. */
  end(status: 'failed' | 'terminated' | 'interrupted', reason: string): Promise<void> {
    this.#ending ??= this.#end(status, reason);
    return this.#ending;
  }

  /** Settles when it is at rest, or after `waitMs`; null: however long it takes. */
  async whenAtRest(waitMs: number | null, signal: AbortSignal): Promise<void> {
    if (isAtRest(this.#status) || signal.aborted) {
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

  /** By what lies in its workspace. @throws RlmError 'AGENT_NOT_FOUND' where it has none now. */
  get workspace(): Workspace {
    if (!this.#workspace) {
      throw new RlmError('AGENT_NOT_FOUND', `Agent run ${this.id} has no workspace now.`, {
        nextStep: 'Wait until it has begun, or look at its branch with git.',
      });
    }
    return this.#workspace;
  }

  /** What it has done so far, on record. */
  summarize(narrative: string | null): void {
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

  async #begin(text: string, by: Speaker): Promise<void> {
    const { signal } = this.#controller;
    try {
      this.#slot = await this.#parts.slots.take(signal, (place) => this.#showPlace(place));
      if (!this.#thread) {
        this.#move('preparing');
        await this.#prepare(signal);
      }
      await this.#tell(text, by);
    } catch (thrown) {
      if (!this.#ending) {
        const { message, nextStep } = toRlmError(thrown);
        void this.end('failed', `${message} ${nextStep}`);
      }
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
      ? await workspaces.reopen(earlier.place, request, signal)
      : await workspaces.prepare(request, signal);
    this.#throwIfEnding();
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

  #toThreadRequest(workspace: Workspace, access: AgentAccess) {
    const { opened, profile } = this.#parts;
    const { permissions, model, isolation } = opened.agent;
    const isInside = isolation === 'container';
    return {
      runId: this.id,
      cwd: workspace.cwd,
      instructions: toInstructions(profile, opened.agent),
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
    const thread = this.#thread;
    if (!thread || this.#ending) {
      throw endedError(this.id, this.#status);
    }
    if (thread.turnId === null) {
      this.#checkTurns();
    }
    this.trace.append({ kind: 'agent.said', by, form: 'message', text, droppedChars: 0 });
    const { way } = await thread.say(text, this.#controller.signal);
    if (way === 'began') {
      this.#parts.budget.spend('turns', 1);
      this.#told.clear();
    }
    this.#move('running');
  }

  /** In the order told: what needs a look at the disk is waited for before the next is taken. */
  #take(happening: AgentHappening): void {
    this.#restartIdle();
    const stream = toPiece(happening, this.trace.masker);
    if (stream) {
      this.#streamed.fire(stream);
      return;
    }
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
        this.#move('running');
        return;
      case 'commandStarted':
      case 'patchStarted':
      case 'toolStarted':
        this.#countAction();
        return;
      case 'patchEnded':
        for (const { path } of toFileChanges(happening.patch, (one) => this.#toRelative(one))) {
          this.#told.add(path);
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
        this.#countTokens(happening.total.total);
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
      case 'unlistedCall':
      case 'error':
      case 'warning':
      case 'subAgent':
      case 'webSearch':
      case 'raw':
        return; // recorded above, or shown to who watches
    }
  }

  #ask(approval: AskedApproval): void {
    if (this.#ending) {
      void this.#thread?.answer(approval.approvalId, {
        decision: 'cancel',
        note: null,
        values: null,
      });
      return;
    }
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
    const changes = subject.patch
      ? toFileChanges(subject.patch, (path) => this.#toRelative(path))
      : [];
    const found = changes.find(({ path }) => this.#isForbidden(path));
    return found ? `${found.path} must not be changed` : null;
  }

  #isForbidden(path: string): boolean {
    return this.#denied.matches(path) || (!this.#writable.isEmpty && !this.#writable.matches(path));
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
    if (this.#ending) {
      return;
    }
    if (forbidden.length > 0) {
      const what = forbidden.join(', ');
      this.trace.append({ kind: 'agent.refused', rule: 'workspace', what });
      void this.end('terminated', `It changed what it must not: ${what}`);
      return;
    }
    this.#desk.open.forEach(({ approvalId }) => this.#desk.forget(approvalId));
    this.#move('completed');
    this.summarize(null);
    this.#rest();
  }

  /** What commands have changed is on record too. Gives what it must not have touched. */
  async #recordChanges(): Promise<readonly string[]> {
    const workspace = this.#workspace;
    if (!workspace) {
      return [];
    }
    const { changes } = await workspace.readChanges(this.#controller.signal);
    const untold = changes.filter(({ path }) => !this.#told.has(path));
    untold.forEach(({ path }) => this.#told.add(path));
    if (untold.length > 0) {
      this.trace.append({
        kind: 'agent.edited',
        actionId: 'workspace',
        changes: untold,
        diff: '',
        droppedChars: 0,
        result: 'ok',
      });
    }
    const paths = changes.map(({ path }) => path);
    const outside = await workspace.findViolations(paths);
    return [...new Set([...outside, ...paths.filter((path) => this.#isForbidden(path))])];
  }

  #rest(): void {
    this.#slot?.dispose();
    this.#slot = null;
    const { clock, opened } = this.#parts;
    const holdsFolder =
      opened.agent.isolation === 'folder' && opened.agent.permissions.sandbox !== 'read-only';
    this.#restTimer = this.#store.add(
      clock.after(holdsFolder ? 0 : restMs, () => {
        if (this.#status === 'completed') {
          this.#ending ??= this.#letGo(null);
        }
      }),
    );
    this.#rested.fire();
  }

  async #end(status: AgentStatus, reason: string): Promise<void> {
    this.#controller.abort();
    this.#desk.dispose();
    this.#stopTimers();
    const endingChildren = this.#parts.endChildren(`its parent ${this.id} has ended`);
    const report = await this.#thread?.stop();
    await this.#working;
    if (!report) {
      await this.#thread?.stop(); // it came while this began to end
    }
    await this.#handling;
    await endingChildren;
    const doubt =
      report?.isCertain === false ? ' It is not certain that all it had started has ended.' : '';
    this.#changeTo(status);
    this.summarize(null);
    await this.#letGo(`${reason}${doubt}`);
  }

  /** Gives everything back; it may be resumed from its trace. */
  async #letGo(reason: string | null): Promise<void> {
    this.#controller.abort();
    const { threadId = null } = this.#thread ?? {};
    const place = this.#workspace?.place ?? null;
    await this.#thread?.stop();
    this.#thread?.dispose();
    const leftBehind = (await this.#workspace?.release()) ?? [];
    this.#server?.dispose();
    this.#access?.dispose();
    this.#slot?.dispose();
    this.#slot = null;
    this.#desk.dispose();
    this.#store.dispose();
    this.#append({ reason, threadId, place, leftBehind });
    await this.trace.close();
    this.#rested.fire();
    this.#ended.fire();
  }

  #move(to: AgentStatus): void {
    if (this.#status === to || this.#ending || !canFollow(this.#status, to)) {
      return;
    }
    this.#changeTo(to);
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

  /** `total`: of the whole thread, as its program counts. */
  #countTokens(total: number): void {
    const more = Math.max(0, total - this.#tokens);
    this.#tokens = Math.max(total, this.#tokens);
    if (this.#access?.isMetered !== true) {
      this.#parts.budget.spend('tokens', more); // else it was counted where it was reserved
    }
    const { shortage } = this.#parts.budget;
    if (shortage && (shortage.limit === 'tokens' || shortage.limit === 'usd')) {
      this.#endFor(shortage);
    }
  }

  #meter(tokens: number) {
    const { budget } = this.#parts;
    const reservation = this.#ending ? null : budget.reserve('tokens', tokens);
    if (!reservation) {
      const shortage = budget.findShortage('tokens', tokens);
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

  /** @throws RlmError 'GUARDRAIL_STOPPED' */
  #checkTurns(): void {
    const shortage = this.#parts.budget.findShortage('turns', 1) ?? this.#parts.budget.shortage;
    if (shortage) {
      throw new RlmError('GUARDRAIL_STOPPED', toShortageText(shortage), {
        nextStep: 'Read what it has done with summarize_session; the user can spawn another.',
      });
    }
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
      this.#status === 'running' && idleMs > 0
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
    const root = this.#workspace?.cwd ?? '';
    const isInside = root !== '' && (path.startsWith(`${root}/`) || path.startsWith(`${root}\\`));
    return isInside ? path.slice(root.length + 1) : path;
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

function endedError(sessionId: string, status: AgentStatus): RlmError {
  return new RlmError('AGENT_NOT_FOUND', `Agent run ${sessionId} does not run (${status}).`, {
    nextStep:
      'Resume it with spawn_agent and resume_session_id, or read what it did with summarize_session.',
  });
}
