// The agent runs of one engine: spawning, finding, resuming and ending them. What is on record of others is in the
// traces.

import type { Disposable } from '../../base/disposable';
import { createTimeOrderedId } from '../../base/ids';
import { SharedTasks } from '../../base/sharedTasks';
import type { Clock } from '../clock';
import { RlmError, cancelledError } from '../errors';
import type { AgentOpened, TraceEvent } from '../event';
import { isAgentEvent } from '../event';
import { createLimits, noUsage } from '../limits';
import type { SessionChange } from '../liveSessions';
import type { RequestScope } from '../requestScope';
import { createSummary, noAgentStanding } from '../summary';
import { pageEvents, type TraceSink, type TraceStore } from '../traceStore';
import { AgentBudget } from './agentBudget';
import type { AgentDriver } from './agentDriver';
import type { AgentEventBody, AgentUsage, Decision, Speaker } from './agentEvent';
import { AgentFacts, toFactsText } from './agentFacts';
import { AgentRun, type AgentServer, type EarlierRun } from './agentRun';
import type { AgentSlots } from './agentSlots';
import { type AgentStatus, agentStatuses, isAtRest, isEnded } from './agentState';
import { AgentTrace } from './agentTrace';
import type { AgentAccessSource, Masker } from './masking';
import type { Profile, ProfileSource } from './profile';
import { type AgentParent, planSpawn, type SpawnRequest, toFirstMessage } from './spawnPlan';
import type { WorkspacePlace, Workspaces } from './workspaces';

export interface AgentRunsParts {
  readonly traces: TraceStore;
  readonly profiles: ProfileSource;
  readonly driver: AgentDriver;
  readonly workspaces: Workspaces;
  readonly access: AgentAccessSource;
  /** What every run is masked with before its own secrets are known. */
  readonly masker: Masker;
  readonly slots: AgentSlots;
  readonly openServer: (sessionId: string) => AgentServer | null;
  readonly clock: Clock;
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
    await this.#checkFolder(folder, profile, parent);
    this.#throwIfGone(parent);
    const child = parent?.budget.reserve('children', 1) ?? null;
    if (parent && !child) {
      throw new RlmError('GUARDRAIL_STOPPED', 'The limit children is used up.', {
        nextStep: 'Do it yourself, or ask the person for more children.',
      });
    }
    try {
      const opened = this.#toOpened(info, { title: plan.title, parent });
      const sink = await traces.createTrace(opened);
      const run = await this.#createOrRemove(opened, sink, () => {
        this.#throwIfGone(parent);
        return this.#create(opened, profile, { sink, events: 1, earlier: null, record: [] });
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
    const live = this.#live.get(sessionId);
    const isAtWork = live?.isOpen ?? false;
    const summary = isAtWork ? null : await this.#parts.traces.readSummary(sessionId);
    if (isAtWork || summary?.status === 'completed') {
      return this.resume(sessionId, text, by);
    }
    return this.require(sessionId);
  }

  /** What any run on record has done. @throws RlmError 'AGENT_NOT_FOUND' */
  async read(sessionId: string): Promise<ReadRun> {
    const run = this.#live.get(sessionId);
    if (run) {
      await run.trace.settle();
    }
    const summary = await this.#parts.traces.readSummary(sessionId);
    if (!summary?.agent) {
      throw new RlmError('AGENT_NOT_FOUND', `There is no agent run ${sessionId}.`, {
        nextStep: 'List runs with list_agents.',
      });
    }
    const record = await readRecord(this.#parts.traces, sessionId);
    const facts = new AgentFacts();
    const done = new Map<string, number | null>();
    const children = new Map<string, ReadRun['children'][number]>();
    for (const { body } of record.bodies) {
      facts.take(body);
      if (body.kind === 'agent.checked') {
        done.set(body.item, body.byEvent);
      } else if (body.kind === 'agent.delegated') {
        const { childSessionId, profileId, childStatus } = body;
        children.set(childSessionId, {
          sessionId: childSessionId,
          profileId,
          status: childStatus,
        });
      }
    }
    const status = summary.status as AgentStatus; // an agent run has no other
    const { usage } = summary.agent;
    const checklist = summary.agent.checklist.map((item) => ({
      ...item,
      isDone: done.has(item.id),
      byEvent: done.get(item.id) ?? null,
    }));
    return {
      run: run ?? null,
      status,
      usage,
      checklist,
      children: [...children.values()],
      place: record.earlier.place,
      facts: toFactsText(facts.view, { status, usage, checklist: { all: checklist } }),
    };
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
      this.#throwIfClosing();
      return this.#create(record.opened, profile, {
        sink,
        events: record.events,
        earlier: record.earlier,
        record: record.bodies,
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
    },
  ): AgentRun {
    const { clock, requests, masker, driver, workspaces, access, openServer, slots, onAppend } =
      this.#parts;
    const parent =
      opened.parentSessionId === null ? undefined : this.#live.get(opened.parentSessionId);
    const used = past.record.findLast(({ standing }) => standing)?.standing?.usage ?? null;
    const budget = new AgentBudget(opened.sessionId, opened.agent.limits, {
      used,
      parent: parent?.budget ?? null,
    });
    const actions = past.record.filter(({ body }) => countsAsAction(body.kind)).length;
    const run = new AgentRun(
      {
        ...{ opened, profile, driver, workspaces, access, openServer, slots, budget, clock },
        earlier: past.earlier,
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
    const rested = run.onDidRest(() => this.#tellParent(run));
    run.onDidEnd(() => {
      rested.dispose();
      this.#live.delete(run.id);
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
    return this.live.filter(({ opened }) => opened.parentSessionId === sessionId);
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

  /** @throws RlmError 'PATH_NOT_ALLOWED' */
  async #checkFolder(folder: string, profile: Profile, parent: AgentRun | null): Promise<void> {
    const allowed = await this.#readAllowed(profile.workspace.allow);
    if (allowed.length > 0 && !allowed.some((root) => isBelow(folder, root))) {
      throw new RlmError('PATH_NOT_ALLOWED', `Profile ${profile.id} may not work in ${folder}.`, {
        nextStep: `Take a folder below one of: ${profile.workspace.allow.join(', ')}.`,
      });
    }
    if (!parent) {
      return;
    }
    const { permissions } = parent.opened.agent;
    const hasGlobs = permissions.deny.length > 0 || permissions.write.length > 0;
    const roots = [parent.opened.agent.folder, ...parent.folders];
    const isAllowed = roots.some(
      (root) => (hasGlobs ? folder === root : isBelow(folder, root)), // globs are about paths from their folder on
    );
    if (!isAllowed) {
      throw new RlmError('PATH_NOT_ALLOWED', `A child may not work in ${folder}.`, {
        nextStep: `Name no folder: it works where its parent does (${parent.opened.agent.folder}).`,
      });
    }
  }

  /** By their real paths; one that is not there allows nothing. */
  async #readAllowed(folders: readonly string[]): Promise<readonly string[]> {
    return Promise.all(
      folders.map((folder) =>
        this.#parts.workspaces.readFolder(folder).then(
          (found) => found.folder,
          () => folder,
        ),
      ),
    );
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

  #toOpened(
    agent: AgentOpened['agent'],
    { title, parent }: { readonly title: string; readonly parent: AgentRun | null },
  ): AgentOpened {
    const { clock, requests, engineId, version, masker } = this.#parts;
    const at = clock.now();
    const { requestId } = requests;
    return {
      ...(requestId !== null && { requestId }),
      kind: 'session.opened',
      at,
      step: 0,
      status: 'queued',
      usage: noUsage,
      agentStanding: noAgentStanding,
      sessionId: createTimeOrderedId(at),
      title: masker.mask(title),
      language: null,
      sandbox: null,
      agent: {
        ...agent,
        task: masker.mask(agent.task),
        goals: agent.goals.map((goal) => masker.mask(goal)),
      },
      limits: {
        ...createLimits(),
        maxSteps: agent.limits.commands,
        maxRuntimeMs: agent.limits.wallMs,
        maxLlmCalls: agent.limits.turns,
        maxLlmTokens: agent.limits.tokens,
        maxDepth: agent.limits.depth,
      },
      parentSessionId: parent?.id ?? null,
      sourceStep: null,
      depth: parent ? parent.opened.depth + 1 : 0,
      engineId,
      version,
    };
  }

  #throwIfClosing(): void {
    if (this.#isClosing) {
      throw cancelledError('Spawning an agent while the engine ends');
    }
  }
}

function toParent(run: AgentRun): AgentParent {
  const { opened, budget } = run;
  return {
    sessionId: run.id,
    info: opened.agent,
    depth: opened.depth,
    left: {
      tokens: budget.left('tokens'),
      usd: budget.left('usd'),
      turns: budget.left('turns'),
      wallMs: budget.left('wallMs'),
      commands: budget.left('commands'),
      children: budget.left('children'),
    },
  };
}

function countsAsAction(kind: AgentEventBody['kind']): boolean {
  return kind === 'agent.ran' || kind === 'agent.edited' || kind === 'agent.called';
}

function isBelow(folder: string, root: string): boolean {
  const start = /[\\/]$/u.test(root) ? root : `${root}${root.includes('\\') ? '\\' : '/'}`;
  return folder === root || folder.startsWith(start);
}

/** An event of the run, and its number in the trace. */
interface Recorded {
  readonly body: AgentEventBody;
  readonly number: number;
  readonly standing: AgentOpened['agentStanding'];
}

interface RunRecord {
  readonly opened: AgentOpened;
  readonly events: number;
  readonly earlier: EarlierRun;
  readonly bodies: readonly Recorded[];
}

/** @throws RlmError 'AGENT_NOT_FOUND' */
async function readRecord(traces: TraceStore, sessionId: string): Promise<RunRecord> {
  const events: TraceEvent[] = [];
  let cursor: string | null = null;
  do {
    const page = await traces.readEvents(sessionId, {
      fromStep: null,
      toStep: null,
      cursor,
      limit: pageEvents,
    });
    events.push(...page.events);
    cursor = page.nextCursor;
  } while (cursor !== null);
  const [opened] = events;
  if (opened?.kind !== 'session.opened' || !opened.agent) {
    throw new RlmError('AGENT_NOT_FOUND', `The trace of run ${sessionId} has no beginning.`, {
      nextStep: 'Read what is left of it with rlm_get_trace, and spawn a new agent.',
    });
  }
  const bodies = events.flatMap((event, number) =>
    isAgentEvent(event) ? [{ body: event, number, standing: event.agentStanding }] : [],
  );
  const changes = bodies.map(({ body }) => body).filter((body) => body.kind === 'agent.changed');
  const decided = new Set(
    bodies.map(({ body }) => (body.kind === 'agent.decided' ? body.approvalId : null)),
  );
  const place = changes.findLast(({ workspace }) => workspace !== null);
  return {
    opened,
    events: events.length,
    bodies,
    earlier: {
      status: changes.at(-1)?.to ?? 'queued',
      undecided: bodies.flatMap(({ body }) =>
        body.kind === 'agent.asked' && !decided.has(body.approvalId) ? [body.approvalId] : [],
      ),
      threadId: changes.findLast(({ threadId }) => threadId !== null)?.threadId ?? null,
      place: place?.workspace
        ? { folder: place.workspace, branch: place.branch, container: place.container }
        : null,
    },
  };
}

/** `leftBehind`: by this end; for people. */
export interface EndedRun {
  readonly status: AgentStatus;
  readonly leftBehind: readonly string[];
}

export interface ReadRun {
  /** Null: no engine works on it, or another. */
  readonly run: AgentRun | null;
  readonly status: AgentStatus;
  readonly usage: AgentUsage;
  readonly checklist: readonly {
    readonly id: string;
    readonly description: string;
    readonly isDone: boolean;
    readonly byEvent: number | null;
  }[];
  readonly children: readonly {
    readonly sessionId: string;
    readonly profileId: string;
    readonly status: AgentStatus;
  }[];
  readonly place: WorkspacePlace | null;
  /** Plain text. */
  readonly facts: string;
}
