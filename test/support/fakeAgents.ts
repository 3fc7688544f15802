// Agent runs over ports that a test steps by hand: each call of a port waits at a gate until the test opens it.

import { Emitter } from '../../src/base/emitter';
import type {
  AgentDriver,
  AgentHappening,
  AgentThread,
  AnswerResult,
  ApprovalAnswer,
  HappeningBody,
  SaidText,
  StopReport,
  ThreadRequest,
} from '../../src/core/agent/agentDriver';
import { AgentRuns } from '../../src/core/agent/agentRuns';
import { AgentSlots } from '../../src/core/agent/agentSlots';
import type { AgentAccess, CallMeter, Masker } from '../../src/core/agent/masking';
import type { NarrativeRequest } from '../../src/core/agent/narrator';
import type { Profile } from '../../src/core/agent/profile';
import type { SpawnRequest } from '../../src/core/agent/spawnPlan';
import type {
  Workspace,
  WorkspaceChanges,
  WorkspaceRequest,
  WorkspaceReview,
  Workspaces,
} from '../../src/core/agent/workspaces';
import { RlmError, cancelledError } from '../../src/core/errors';
import type { SessionOpened, TraceEvent } from '../../src/core/event';
import { noRequests } from '../../src/core/requestScope';
import type { TraceSink } from '../../src/core/traceStore';
import { FakeClock } from './fakeClock';
import { MemoryTraceStore } from './memoryTraceStore';
import { sampleEngineId } from './sampleTrace';

/** Until all that can go on without the test has done so. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export class Gates {
  /** Calls go through at once. */
  areOpen = true;
  readonly waiting: { readonly name: string; readonly open: () => void }[] = [];

  async pass(name: string, signal?: AbortSignal): Promise<void> {
    if (!this.areOpen) {
      await new Promise<void>((resolve) => {
        const gate = { name, open: resolve };
        this.waiting.push(gate);
      });
    }
    if (signal?.aborted) {
      throw cancelledError(name);
    }
  }

  /** The one that waits at this place, counted round. */
  open(index: number): void {
    const at = this.waiting.length === 0 ? 0 : index % this.waiting.length;
    this.waiting.splice(at, 1)[0]?.open();
  }

  openAll(): void {
    this.areOpen = true;
    this.waiting.splice(0).forEach((gate) => gate.open());
  }
}

const plainMasker: Masker = {
  mask: (text) => text.replaceAll('SECRET', '[masked]'),
  openStream: () => ({ push: (piece) => piece, end: () => '' }),
};

export function createProfile(over: Partial<Profile> = {}): Profile {
  return {
    ...{ id: 'worker', title: 'Worker', description: '', persona: '', systemPrompt: '' },
    ...{ goalset: [], constraints: [], checklist: [], model: null, sandbox: 'workspace-write' },
    approvals: { mode: 'on-request', allow: [], deny: [], timeoutMs: 60_000 },
    workspace: { isolation: 'worktree', allow: [], deny: [], write: [] },
    network: false,
    limits: {
      ...{ tokens: 100_000, usd: 10, turns: 20, wallMs: 3_600_000, commands: 100, children: 8 },
      ...{ depth: 3, idleMs: 600_000 },
    },
    ...{ maySpawn: ['worker', 'reviewer'], rules: [], mask: [], hash: 'a'.repeat(64), sources: [] },
    summaries: { everyEvents: 1_000, everyMs: 86_400_000 },
    ...over,
  };
}

export function createSpawn(over: Partial<SpawnRequest> = {}): SpawnRequest {
  return {
    ...{ profileId: 'worker', task: 'do it', goals: [], inputs: {}, folder: null },
    ...{ isolation: null, limits: {}, title: null },
    flags: { model: null, sandbox: null, approvals: null, network: null },
    ...over,
  };
}

export class SteppedThread implements AgentThread {
  readonly effective;
  /** What has arrived. */
  readonly said: string[] = [];
  readonly answers: { readonly approvalId: string; readonly answer: ApprovalAnswer }[] = [];
  turnId: string | null = null;
  stops = 0;
  isDead = false;
  isDisposed = false;
  #turns = 0;
  #kept: AgentHappening[] | null = [];
  readonly #open = new Set<string>();
  readonly #happened = new Emitter<AgentHappening>();

  constructor(
    readonly threadId: string,
    readonly request: ThreadRequest,
    private readonly gates: Gates,
  ) {
    this.effective = { ...request.permissions, cwd: request.cwd, model: 'fake' };
  }

  readonly onDidHappen = (listener: (happening: AgentHappening) => void) => {
    const heard = this.#happened.event(listener);
    this.#kept?.splice(0).forEach((happening) => this.#happened.fire(happening));
    this.#kept = null;
    return heard;
  };

  happen(body: HappeningBody): void {
    const happening: AgentHappening = { at: 0, turnId: this.turnId, ...body };
    if (body.kind === 'approvalAsked') {
      this.#open.add(body.approvalId);
    } else if (body.kind === 'turnEnded') {
      this.turnId = null;
    }
    if (this.#kept) {
      this.#kept.push(happening);
    } else {
      this.#happened.fire(happening);
    }
  }

  async say(text: string, signal: AbortSignal): Promise<SaidText> {
    await this.gates.pass('say', signal);
    if (this.stops > 0) {
      throw cancelledError('The message');
    }
    if (this.isDead) {
      throw new RlmError('BACKEND_UNAVAILABLE', 'The process is gone.', { nextStep: '' });
    }
    this.said.push(text);
    const running = this.turnId;
    const turnId = running ?? `turn-${(this.#turns += 1)}`;
    if (running === null) {
      this.turnId = turnId;
      this.happen({ kind: 'turnStarted' });
    }
    await this.gates.pass('said');
    return { turnId, way: running === null ? 'began' : 'steered' };
  }

  async answer(approvalId: string, answer: ApprovalAnswer): Promise<AnswerResult> {
    this.answers.push({ approvalId, answer });
    return this.#open.delete(approvalId) ? 'answered' : 'late';
  }

  async stop(): Promise<StopReport> {
    this.stops += 1;
    await this.gates.pass('stop');
    if (this.turnId !== null) {
      this.happen({ kind: 'turnEnded', status: 'interrupted', error: null });
    }
    this.die('stopped');
    return { measures: [], isCertain: true, durationMs: 0 };
  }

  die(reason: 'stopped' | 'disposed' | 'process ended'): void {
    if (!this.isDead) {
      this.isDead = true;
      this.turnId = null;
      this.happen({ kind: 'exited', reason, detail: 'gone' });
    }
  }

  dispose(): void {
    this.isDisposed = true;
    this.die('disposed');
  }
}

/** All ports of agent runs, and what they were asked. */
export class FakeAgents {
  readonly gates = new Gates();
  readonly clock = new FakeClock();
  readonly threads: SteppedThread[] = [];
  readonly meters: CallMeter[] = [];
  readonly slots: AgentSlots;
  readonly profiles = new Map<string, Profile>();
  /** What there is and was given back. */
  readonly counts = { workspaces: 0, released: 0, accesses: 0, servers: 0, sinks: 0 };
  changes: WorkspaceChanges = { changes: [], diff: '', droppedChars: 0 };
  violations: readonly string[] = [];
  notes: readonly string[] = [];
  /** What a run has left in its worktree. */
  review: WorkspaceReview | null = null;
  isMetered = false;
  isRepository = true;
  /** Whether what was aborted rejects; else it comes late. */
  minds = true;
  /** A workspace that was let go of is gone. */
  removes = false;
  commits: string[] = [];
  /** What a model says of a run; null: none is set up. */
  narrate: (request: NarrativeRequest) => string | null | Promise<string> = () => null;
  readonly traces: CountingTraces;
  readonly runs: AgentRuns;

  constructor(
    slots = 2,
    profiles: readonly Profile[] = [createProfile(), createProfile({ id: 'reviewer' })],
  ) {
    this.slots = new AgentSlots(slots);
    this.traces = new CountingTraces(this.counts, this.gates);
    profiles.forEach((profile) => this.profiles.set(profile.id, profile));
    this.runs = new AgentRuns({
      traces: this.traces,
      profiles: {
        list: async () => ({ profiles: [...this.profiles.values()], broken: [] }),
        find: async (id) => {
          await this.gates.pass('profile');
          const found = this.profiles.get(id);
          if (!found) {
            throw new RlmError('PROFILE_NOT_FOUND', id, { nextStep: '' });
          }
          return found;
        },
      },
      driver: this.#createDriver(),
      workspaces: this.#createWorkspaces(),
      access: {
        open: async ({ meter }) => {
          await this.gates.pass('access');
          this.meters.push(meter);
          return this.#createAccess();
        },
        readStatus: async () => ({ works: true, detail: '', nextStep: null }),
      },
      masker: plainMasker,
      slots: this.slots,
      openServer: async () => {
        this.counts.servers += 1;
        return {
          name: 'rlm',
          secrets: [],
          server: {
            reached: { kind: 'http', url: 'http://127.0.0.1/', headers: {} },
            ...{ isRequired: false, tools: 'allow', timeoutMs: 1_000 },
          },
          dispose: () => {
            this.counts.servers -= 1;
          },
        };
      },
      clock: this.clock,
      narrator: { narrate: async (request) => this.narrate(request) },
      requests: noRequests,
      engineId: sampleEngineId,
      version: '0.1.0',
      onAppend: () => undefined,
    });
  }

  /** That the program of this run has now; throws where it has none. */
  threadOf(sessionId: string): SteppedThread {
    const found = this.threads.findLast(({ request }) => request.runId === sessionId);
    if (!found) {
      throw new Error(`Run ${sessionId} has no thread.`);
    }
    return found;
  }

  async readEvents(sessionId: string): Promise<readonly TraceEvent[]> {
    const query = { fromStep: null, toStep: null, cursor: null, limit: 1_000_000 };
    return (await this.traces.readEvents(sessionId, query)).events;
  }

  #createDriver(): AgentDriver {
    const open = async (threadId: string, request: ThreadRequest, signal: AbortSignal) => {
      await this.gates.pass('thread', this.minds ? signal : undefined);
      const thread = new SteppedThread(threadId, request, this.gates);
      this.threads.push(thread);
      return thread;
    };
    return {
      readStatus: async () => {
        throw new Error('not asked here');
      },
      startThread: (request, signal) => open(`thread-${this.threads.length}`, request, signal),
      resumeThread: open,
      endLeftovers: async () => 0,
      dispose: () => undefined,
    };
  }

  #createWorkspaces(): Workspaces {
    const open = async (request: WorkspaceRequest, signal: AbortSignal) => {
      await this.gates.pass('workspace', this.minds ? signal : undefined);
      this.counts.workspaces += 1;
      return this.#createWorkspace(request);
    };
    return {
      readFolder: async (folder) => {
        await this.gates.pass('folder');
        return { folder: folder ?? '/repo', isRepository: this.isRepository };
      },
      prepare: open,
      reopen: async (_, request, signal) => {
        if (this.removes) {
          throw new RlmError('AGENT_NOT_FOUND', 'It is gone.', { nextStep: '' });
        }
        return open(request, signal);
      },
      listLeft: async () => [],
      remove: async () => undefined,
      openReview: async () => this.review,
      readStatus: async () => ({ git: null, containers: null, worktrees: 0, bytes: 0 }),
    };
  }

  #createWorkspace({ sessionId }: WorkspaceRequest): Workspace {
    const folder = `/trees/${sessionId}`;
    return {
      place: { folder, branch: `rlm/${sessionId}`, container: null },
      cwd: folder,
      writableRoots: [],
      notes: this.notes,
      findViolations: async () => this.violations,
      readChanges: async (signal) => {
        await this.gates.pass('changes', signal);
        return this.changes;
      },
      commit: async (message) => {
        this.commits.push(message);
        return { commit: 'c0ffee', branch: 'b' };
      },
      release: async () => {
        await this.gates.pass('release');
        this.counts.released += 1;
        return [];
      },
    };
  }

  #createAccess(): AgentAccess {
    this.counts.accesses += 1;
    return {
      configuration: {},
      masker: plainMasker,
      isMetered: this.isMetered,
      dispose: () => {
        this.counts.accesses -= 1;
      },
    };
  }
}

/** Counts the sinks that are open. */
class CountingTraces extends MemoryTraceStore {
  constructor(
    private readonly counts: { sinks: number },
    private readonly gates: Gates,
  ) {
    super();
  }

  override async createTrace(opened: SessionOpened): Promise<TraceSink> {
    const sink = this.#count(await super.createTrace(opened));
    await this.gates.pass('trace');
    return sink;
  }

  override async reopenTrace(sessionId: string): Promise<TraceSink> {
    const sink = this.#count(await super.reopenTrace(sessionId));
    await this.gates.pass('trace');
    return sink;
  }

  #count(sink: TraceSink): TraceSink {
    this.counts.sinks += 1;
    let isOpen = true;
    return {
      ...sink,
      append: async (event) => {
        if (!isOpen) {
          throw new Error(`The ${event.kind} event came after the end.`);
        }
        await sink.append(event);
      },
      close: async () => {
        this.counts.sinks -= isOpen ? 1 : 0;
        isOpen = false;
      },
    };
  }
}
