// The agent runs of one engine: spawning, finding, resuming and ending them. What is on record of others is in the
// traces.

import type { Disposable } from '../../base/disposable';
import { SharedTasks } from '../../base/sharedTasks';
import type { Clock } from '../clock';
import { RlmError, cancelledError } from '../errors';
import type { AgentOpened } from '../event';
import type { SessionChange } from '../liveSessions';
import type { RequestScope } from '../requestScope';
import { type Summary, createSummary } from '../summary';
import type { TraceSink, TraceStore } from '../traceStore';
import { AgentBudget } from './agentBudget';
import type { AgentDriver } from './agentDriver';
import type { AgentNoted, Decision, Speaker } from './agentEvent';
import { AgentRun } from './agentRun';
import type { AgentSlots } from './agentSlots';
import { type AgentStatus, agentStatuses, isAtRest, isEnded } from './agentState';
import { AgentTrace } from './agentTrace';
import type { AgentAccessSource, Masker } from './masking';
import { toOpened, toParent } from './openedRun';
import type { Narrator } from './narrator';
import type { Profile, ProfileSource } from './profile';
import type { AgentServer, EarlierRun } from './run/runParts';
import {
  type DoneSoFar,
  type Recorded,
  countActions,
  readDoneSoFar,
  readRecord,
} from './runRecord';
import { checkSpawnFolder } from './spawnFolder';
import { planSpawn, type SpawnRequest, toFirstMessage } from './spawnPlan';
import type { Workspaces } from './workspaces';

export interface AgentRunsParts {
  readonly traces: TraceStore;
  readonly profiles: ProfileSource;
  readonly driver: AgentDriver;
  readonly workspaces: Workspaces;
  readonly access: AgentAccessSource;
  /** What every run is masked with before its own secrets are known. */
  readonly masker: Masker;
  readonly slots: AgentSlots;
  readonly openServer: (opened: AgentOpened) => Promise<AgentServer | null>;
  readonly clock: Clock;
  readonly narrator: Narrator;
  readonly requests: RequestScope;
  readonly engineId: string;
  readonly version: string;
  /** Told of every event of every run, in each run's order. */
  readonly onAppend: (change: SessionChange) => void;
}

/** Who asks: `agent` by the token of its run. */
export type AgentCaller =
  | { readonly kind: 'person' }
  | { readonly kind: 'client' }
  | { readonly kind: 'agent'; readonly sessionId: string };

export class AgentRuns implements Disposable {
  readonly #parts: AgentRunsParts;
  readonly #live = new Map<string, AgentRun>();
  /** By run, the one at work here that its budget draws on and that it ends with. */
  readonly #holders = new Map<string, string>();
  readonly #resuming = new SharedTasks<AgentRun>();
  /** Traces that are being opened: they are closed again when the engine ends meanwhile. */
  readonly #starting = new Set<Promise<unknown>>();
  #isClosing = false;

  constructor(parts: AgentRunsParts) {
    this.#parts = parts;
  }

  get live(): readonly AgentRun[] {
    return [...this.#live.values()];
  }

  get parts(): Pick<AgentRunsParts, 'profiles' | 'driver' | 'workspaces' | 'access' | 'slots'> {
    return this.#parts;
  }

  /** A run that this engine holds; undefined: it does not. */
  find(sessionId: string): AgentRun | undefined {
    return this.#live.get(sessionId);
  }

  /** @throws RlmError 'AGENT_NOT_FOUND' where this engine does not hold it. */
  require(sessionId: string): AgentRun {
    const run = this.#live.get(sessionId);
    if (!run) {
      throw new RlmError(
        'AGENT_NOT_FOUND',
        `Agent run ${sessionId} is not at work in this engine.`,
        {
          nextStep: 'List runs with list_agents; one that has ended is resumed by spawn_agent.',
        },
      );
    }
    return run;
  }

  /**
   * A new run, which begins by itself; what becomes of it is told by its events.
   * @throws RlmError 'PROFILE_NOT_FOUND' | 'INVALID_INPUT' | 'PATH_NOT_ALLOWED' | 'GUARDRAIL_STOPPED'; nothing is left behind then.
   */
  spawn(request: SpawnRequest, caller: AgentCaller): Promise<AgentRun> {
    return this.#track(this.#spawn(request, caller));
  }

  async #spawn(request: SpawnRequest, caller: AgentCaller): Promise<AgentRun> {
    this.#throwIfClosing();
    const { profiles, workspaces, traces } = this.#parts;
    const parent = caller.kind === 'agent' ? this.require(caller.sessionId) : null;
    const profile = await profiles.find(request.profileId);
    const plan = planSpawn(request, profile, parent && toParent(parent));
    const { folder, isRepository } = await workspaces.readFolder(
      request.folder ?? parent?.opened.agent.folder ?? null,
    );
    const isolation = plan.isolation ?? (isRepository ? 'worktree' : 'folder');
    const info = { ...plan.info, folder, isolation };
    const above = parent && { info: parent.opened.agent, folders: parent.folders };
    await checkSpawnFolder(folder, { profile, parent: above }, workspaces);
    this.#throwIfGone(parent);
    const child = parent?.budget.reserve('children', 1) ?? null;
    if (parent && !child) {
      throw new RlmError('GUARDRAIL_STOPPED', 'The limit children is used up.', {
        nextStep: 'Do it yourself, or ask the person for more children.',
      });
    }
    try {
      const opened = toOpened(info, { title: plan.title, parent }, this.#parts);
      const sink = await traces.createTrace(opened);
      const run = await this.#createOrRemove(opened, sink, () => {
        this.#throwIfGone(parent);
        const above = parent ? [parent.id] : [];
        return this.#create(opened, profile, { sink, events: 1, earlier: null, record: [], above });
      });
      this.#parts.onAppend({ sessionId: opened.sessionId, event: opened });
      child?.settle(1);
      parent?.trace.append({
        kind: 'agent.delegated',
        childSessionId: run.id,
        profileId: profile.id,
        childStatus: 'queued',
      });
      run.start(toFirstMessage(request, info.goals), parent ? 'parent' : 'user');
      return run;
    } catch (thrown) {
      child?.settle(0);
      throw thrown;
    }
  }

  /**
   * Tells a run something: one at work at once; one that has ended, in this or an earlier engine, is gone on with. Also
   * for one that is let go of just now: the text is told once, whichever it is.
   * @throws RlmError 'AGENT_NOT_FOUND', 'INVALID_INPUT' while another engine holds it or its profile has changed so that
   * it would be allowed more; and as `AgentRun.say`.
   */
  async resume(sessionId: string, text: string, by: Speaker): Promise<AgentRun> {
    this.#throwIfClosing();
    const live = this.#live.get(sessionId);
    if (live?.isOpen) {
      try {
        await live.say(text, by);
        return live;
      } catch (thrown) {
        const isUntold = thrown instanceof RlmError && thrown.code === 'AGENT_NOT_FOUND';
        if (!isUntold || live.isOpen || live.status !== 'completed') {
          throw thrown;
        }
      }
      return this.resume(sessionId, text, by);
    }
    const run = await this.#resuming.join(sessionId, {
      signal: new AbortController().signal,
      start: () => this.#track(this.#reopen(sessionId)),
      gone: () => cancelledError('Resuming the run'),
    });
    run.start(text, by);
    return run;
  }

  /**
   * Tells a run something: one that has ended its turn is given another, and one that has been let go since is gone
   * on with. @throws RlmError 'AGENT_NOT_FOUND' for one that was ended, 'GUARDRAIL_STOPPED'.
   */
  async tell(sessionId: string, text: string, by: Speaker): Promise<AgentRun> {
    const isAtWork = this.#live.get(sessionId)?.isOpen ?? false;
    const summary = isAtWork ? undefined : await this.#parts.traces.readSummary(sessionId);
    if (!isAtWork && summary?.status !== 'completed') {
      throw toAbsentError(sessionId, summary);
    }
    return this.resume(sessionId, text, by);
  }

  /**
   * Puts a note into the record of a run that this engine holds; the number of its event.
   * @throws RlmError 'AGENT_NOT_FOUND'
   */
  async note(
    sessionId: string,
    { by, note, tags }: Pick<AgentNoted, 'by' | 'note' | 'tags'>,
  ): Promise<number> {
    const run = this.#live.get(sessionId);
    if (!run?.trace.isOpen) {
      throw toAbsentError(sessionId, await this.#parts.traces.readSummary(sessionId));
    }
    const number = run.trace.append({ kind: 'agent.noted', by, note, tags });
    await run.trace.settle();
    return number;
  }

  /** What any run on record has done. @throws RlmError 'AGENT_NOT_FOUND' */
  async read(sessionId: string): Promise<ReadRun> {
    const run = this.#live.get(sessionId) ?? null;
    await run?.trace.settle();
    return { run, ...(await readDoneSoFar(this.#parts.traces, sessionId)) };
  }

  /** @throws RlmError 'AGENT_NOT_FOUND' | 'INVALID_INPUT'; agents may not approve, not even their children's. */
  decide(
    sessionId: string,
    answer: {
      readonly approvalId: string;
      readonly decision: Decision;
      readonly note: string | null;
    },
    caller: AgentCaller,
  ): void {
    if (caller.kind === 'agent') {
      throw new RlmError('INVALID_INPUT', 'An agent may not answer approvals.', {
        nextStep: 'Leave it to the person; it is declined at its deadline.',
      });
    }
    const { approvalId, decision, note } = answer;
    this.require(sessionId).decide(approvalId, decision, caller.kind, note);
  }

  /** Ends a run and its children; one that has ended stays as it is. @throws RlmError 'AGENT_NOT_FOUND' */
  async terminate(sessionId: string, reason: string): Promise<EndedRun> {
    const run = this.#live.get(sessionId);
    if (run) {
      await run.end('terminated', reason);
      return { status: run.status, leftBehind: run.leftBehind };
    }
    const summary = await this.#parts.traces.readSummary(sessionId);
    if (!summary?.agent || !agentStatuses.some((one) => one === summary.status && isEnded(one))) {
      this.require(sessionId); // says what it is instead
    }
    const { earlier } = await readRecord(this.#parts.traces, sessionId);
    return { status: earlier.status, leftBehind: [] };
  }

  /** Ends all: their traces say that the engine ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.live.map((run) => run.end('interrupted', 'Its engine ended.')));
    await Promise.all(this.#starting);
    this.#parts.driver.dispose();
  }

  dispose(): void {
    this.#isClosing = true;
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#starting.add(settled);
    void settled.then(() => this.#starting.delete(settled));
    return work;
  }

  async #reopen(sessionId: string): Promise<AgentRun> {
    const { traces, profiles } = this.#parts;
    const ending = this.#live.get(sessionId);
    await ending?.end('interrupted', 'It is resumed.'); // the end that is under way
    const summary = await traces.readSummary(sessionId);
    if (!summary?.agent) {
      throw new RlmError('AGENT_NOT_FOUND', `There is no agent run ${sessionId}.`, {
        nextStep: 'List runs with list_agents.',
      });
    }
    const profile = await profiles.find(summary.agent.profileId);
    if (profile.hash !== summary.agent.profileHash) {
      throw new RlmError(
        'INVALID_INPUT',
        `Profile ${profile.id} has changed since run ${sessionId} began.`,
        { nextStep: 'Spawn a new agent; the branch of the old one is still there.' },
      );
    }
    const sink = await traces.reopenTrace(sessionId);
    try {
      const record = await readRecord(traces, sessionId);
      const above = await listAbove(traces, record.opened.parentSessionId);
      this.#throwIfClosing();
      return this.#create(record.opened, profile, {
        sink,
        events: record.events,
        earlier: record.earlier,
        record: record.bodies,
        above,
      });
    } catch (thrown) {
      await sink.close().catch(() => undefined);
      throw thrown;
    }
  }

  #create(
    opened: AgentOpened,
    profile: Profile,
    past: {
      readonly sink: TraceSink;
      readonly events: number;
      readonly earlier: EarlierRun | null;
      readonly record: readonly Recorded[];
      /** Its parents, the nearest first. */
      readonly above: readonly string[];
    },
  ): AgentRun {
    const { clock, requests, masker, driver, workspaces, access, openServer, slots, onAppend } =
      this.#parts;
    const parent =
      opened.parentSessionId === null ? undefined : this.#live.get(opened.parentSessionId);
    const used = past.record.findLast(({ standing }) => standing)?.standing?.usage ?? null;
    // Its parent may have ended: it belongs to the next above then, or what it uses would be in no budget.
    const holder = past.above.map((id) => this.#live.get(id)).find((run) => run !== undefined);
    const budget = new AgentBudget(opened.sessionId, opened.agent.limits, {
      used,
      parent: holder?.budget ?? null,
    });
    const actions = countActions(past.record);
    const run = new AgentRun(
      {
        ...{ opened, profile, driver, workspaces, access, openServer, slots, budget, clock },
        narrator: this.#parts.narrator,
        earlier: past.earlier,
        readParentFolder: () => toParentFolder(parent, opened),
        endChildren: (reason) => this.#endChildren(opened.sessionId, reason),
        hasWorkingChildren: () =>
          this.#childrenOf(opened.sessionId).some(({ status }) => !isAtRest(status)),
      },
      (hooks) => {
        const trace = new AgentTrace(
          { opened, summary: createSummary(opened), events: past.events, actions },
          { ...hooks, sink: past.sink, clock, requests, profile, masker },
        );
        past.record.forEach(({ body, number }) => trace.replay(body, number));
        trace.onDidAppend((event) => onAppend({ sessionId: opened.sessionId, event }));
        return trace;
      },
    );
    this.#live.set(run.id, run);
    if (holder) {
      this.#holders.set(run.id, holder.id);
    }
    const rested = run.onDidRest(() => this.#tellParent(run));
    run.onDidEnd(() => {
      rested.dispose();
      this.#live.delete(run.id);
      this.#holders.delete(run.id);
    });
    return run;
  }

  /** A parent's checklist may wait for it. */
  #tellParent(run: AgentRun): void {
    const { parentSessionId, agent } = run.opened;
    const parent = parentSessionId === null ? undefined : this.#live.get(parentSessionId);
    if (!parent?.trace.isOpen) {
      return;
    }
    parent.trace.append({
      kind: 'agent.delegated',
      childSessionId: run.id,
      profileId: agent.profileId,
      childStatus: run.status,
    });
  }

  #childrenOf(sessionId: string): readonly AgentRun[] {
    return this.live.filter(({ id }) => this.#holders.get(id) === sessionId);
  }

  async #endChildren(sessionId: string, reason: string): Promise<void> {
    await Promise.all(
      this.#childrenOf(sessionId).map((child) =>
        child.end(child.status === 'completed' ? 'interrupted' : 'terminated', reason),
      ),
    );
  }

  /** Nothing is left behind where the run is not to be any more, since its parent or the engine has ended meanwhile. */
  async #createOrRemove(
    { sessionId }: AgentOpened,
    sink: TraceSink,
    create: () => AgentRun,
  ): Promise<AgentRun> {
    try {
      return create();
    } catch (thrown) {
      await sink.close().catch(() => undefined);
      await this.#parts.traces.deleteTrace(sessionId).catch(() => false);
      throw thrown;
    }
  }

  /** @throws RlmError 'CANCELLED' | 'GUARDRAIL_STOPPED' */
  #throwIfGone(parent: AgentRun | null): void {
    this.#throwIfClosing();
    if (parent && !parent.isOpen) {
      throw new RlmError('GUARDRAIL_STOPPED', `Its parent ${parent.id} has ended.`, {
        nextStep: 'Spawn it without a parent, or resume the parent first.',
      });
    }
  }

  #throwIfClosing(): void {
    if (this.#isClosing) {
      throw cancelledError('Spawning an agent while the engine ends');
    }
  }
}

/** A child that was given another folder than its parent begins with what that has. */
function toParentFolder(parent: AgentRun | undefined, { agent }: AgentOpened): string | null {
  return parent?.opened.agent.folder === agent.folder ? parent.workingFolder : null;
}

/** Of a run that this engine does not hold: what it is instead. */
function toAbsentError(sessionId: string, summary: Summary | undefined): RlmError {
  if (!summary?.agent) {
    return new RlmError('AGENT_NOT_FOUND', `There is no agent run ${sessionId}.`, {
      nextStep: 'List runs with list_agents.',
    });
  }
  const { status } = summary;
  const isOver = agentStatuses.some((one) => one === status && isAtRest(one));
  return isOver
    ? new RlmError('AGENT_NOT_FOUND', `Agent run ${sessionId} is over (${status}).`, {
        nextStep:
          'Go on with it by spawn_agent and resume_session_id, or read what it did with summarize_session.',
      })
    : new RlmError('AGENT_NOT_FOUND', `Agent run ${sessionId} is at work in another engine.`, {
        nextStep: 'Tell it there, or wait until it has ended.',
      });
}

/** `leftBehind`: by this end; for people. */
export interface EndedRun {
  readonly status: AgentStatus;
  readonly leftBehind: readonly string[];
}

/** `run`: null where no engine works on it, or another. */
export type ReadRun = DoneSoFar & { readonly run: AgentRun | null };

/** By the parents on record, the nearest first. */
async function listAbove(
  traces: Pick<TraceStore, 'readSummary'>,
  parentSessionId: string | null,
): Promise<readonly string[]> {
  const above = new Set<string>();
  for (let id = parentSessionId; id !== null && !above.has(id);) {
    above.add(id);
    const summary: Summary | undefined = await traces.readSummary(id).catch(() => undefined);
    id = summary?.parentSessionId ?? null;
  }
  return [...above];
}
