// Whatever happens in whatever order, what holds of a run at its end holds.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AgentRun } from '../../../../src/core/agent/agentRun';
import { canFollow, isAtRest } from '../../../../src/core/agent/agentState';
import { RlmError } from '../../../../src/core/errors';
import { isAgentEvent, type TraceEvent } from '../../../../src/core/event';
import { createProfile, createSpawn, FakeAgents, settle } from '../../../support/fakeAgents';

const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('gate'), pick: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('gates'), pick: fc.nat(5) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['say', 'ask', 'decide', 'resolve', 'turnEnded', 'usage', 'command'] as const),
        ...(['child', 'terminate', 'exit', 'fail', 'patch'] as const),
      ),
      pick: fc.nat(5),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance'), pick: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('close', 'disk'), pick: fc.nat(1) }) },
);
type Action = { readonly kind: string; readonly pick: number };

const waits = [10, 1_000, 61_000, 700_000];
const tokens = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };

class Play {
  readonly agents: FakeAgents;
  readonly known: AgentRun[] = [];
  readonly messages = new Map<string, 'pending' | 'told' | 'untold' | 'doubtful'>();
  isDiskFull = false;
  /** They go on whether their parent does or not. */
  readonly #resumed = new Set<string>();
  #count = 0;

  constructor(isFolder: boolean) {
    const isolation = isFolder ? ('folder' as const) : ('worktree' as const);
    const workspace = { isolation, allow: [], deny: [], write: [] };
    this.agents = new FakeAgents(1, [
      createProfile({ workspace }),
      createProfile({ id: 'reviewer', workspace, summaries: { everyEvents: 3, everyMs: 50 } }),
    ]);
  }

  async spawn(parent: AgentRun | null): Promise<void> {
    const caller = parent ? ({ kind: 'agent', sessionId: parent.id } as const) : null;
    const task = `task ${this.#next()}`;
    const profileId = parent ? 'reviewer' : 'worker';
    await this.agents.runs
      .spawn(createSpawn({ task, profileId }), caller ?? { kind: 'person' })
      .then(
        (run) => this.known.push(run),
        () => undefined,
      );
  }

  async take({ kind, pick }: Action): Promise<void> {
    const { agents } = this;
    const run = this.known[pick % Math.max(1, this.known.length)];
    if (kind === 'gate') {
      agents.gates.open(pick);
    } else if (kind === 'gates') {
      agents.gates.openAll();
      await settle();
      agents.gates.areOpen = false;
    } else if (kind === 'advance') {
      agents.clock.advance(waits[pick] ?? 0);
    } else if (kind === 'close') {
      void agents.runs.close();
    } else if (kind === 'disk') {
      this.isDiskFull = true;
      agents.traces.refuses = () => true;
    } else if (run) {
      this.#act(kind, run);
    }
    await settle();
    this.known.filter((one) => one.isOpen).forEach((one) => this.#checkNow(one));
  }

  #checkNow(run: AgentRun): void {
    const thread = this.agents.threads.findLast(({ request }) => request.runId === run.id);
    const { parentSessionId } = run.opened;
    if (parentSessionId !== null && !this.#resumed.has(run.id)) {
      assert.ok(this.agents.runs.find(parentSessionId), 'its parent has ended');
    }
    if (run.status === 'completed') {
      assert.equal(thread?.turnId, null, 'completed while a turn runs');
    }
    if (run.status === 'running') {
      assert.equal(run.approvals.length, 0, 'running while it waits');
      assert.equal(
        this.agents.slots.taken,
        1,
        'running without a slot, or with more than there are',
      );
    }
    if (run.status === 'awaiting_approval') {
      assert.ok(run.approvals.length > 0, 'waits for nothing');
    }
  }

  #act(kind: string, run: AgentRun): void {
    const { agents } = this;
    const thread = agents.threads.findLast(({ request }) => request.runId === run.id);
    const [open] = run.approvals;
    switch (kind) {
      case 'say':
        this.#say(run);
        return;
      case 'child':
        void this.spawn(run);
        return;
      case 'terminate':
        void agents.runs.terminate(run.id, 'enough').catch(() => undefined);
        return;
      case 'decide':
        if (open) {
          run.decide(open.approvalId, 'accept', 'person', 'yes');
        }
        return;
      case 'resolve':
        if (open) {
          const { approvalId } = open;
          thread?.happen({
            kind: 'approvalResolved',
            approvalId,
            decision: 'cancel',
            by: 'program',
          });
        }
        return;
      case 'exit':
        thread?.die('process ended');
        return;
      default:
        this.#happen(kind, run);
    }
  }

  #happen(kind: string, run: AgentRun): void {
    const thread = this.agents.threads.findLast(({ request }) => request.runId === run.id);
    const itemId = this.#next();
    if (!thread) {
      return;
    }
    if (kind === 'ask') {
      thread.happen({
        ...{ kind: 'approvalAsked', approvalId: itemId, itemId, reason: null },
        subject: { kind: 'command', command: 'ls', cwd: null, host: null },
      });
    } else if (kind === 'turnEnded' && thread.turnId !== null) {
      thread.happen({ kind: 'turnEnded', status: 'completed', error: null });
    } else if (kind === 'fail' && thread.turnId !== null) {
      thread.happen({ kind: 'turnEnded', status: 'failed', error: null });
    } else if (kind === 'usage') {
      const total = { ...tokens, total: 100 };
      thread.happen({ kind: 'usage', total, last: total, contextWindow: null });
    } else if (kind === 'command') {
      thread.happen({ kind: 'commandStarted', itemId, command: 'ls', cwd: '/' });
      thread.happen({
        ...{ kind: 'commandEnded', itemId, command: 'ls', cwd: '/', status: 'completed' },
        ...{ exitCode: 0, output: '', droppedChars: 0, durationMs: 1 },
      });
    }
  }

  #say(run: AgentRun): void {
    const text = `say ${this.#next()}`;
    this.messages.set(text, 'pending');
    this.agents.runs.resume(run.id, text, 'user').then(
      (told) => {
        this.messages.set(text, told === run || told.isOpen ? 'told' : 'doubtful');
        this.known[this.known.findIndex(({ id }) => id === run.id)] = told;
        if (told !== run) {
          this.#resumed.add(told.id);
          this.messages.set(text, 'doubtful'); // it is told when its turn comes
        }
      },
      (thrown: unknown) => {
        const isUntold = thrown instanceof RlmError && thrown.code === 'AGENT_NOT_FOUND';
        this.messages.set(text, isUntold ? 'untold' : 'doubtful');
      },
    );
  }

  #next(): string {
    this.#count += 1;
    return String(this.#count);
  }

  async finish(): Promise<void> {
    this.agents.gates.openAll();
    await settle();
    await this.agents.runs.close();
    await settle();
  }

  async check(): Promise<void> {
    const { agents } = this;
    const { workspaces, released, ...left } = agents.counts;
    assert.deepStrictEqual(
      { ...left, timers: agents.clock.timerCount, slots: agents.slots.taken },
      { accesses: 0, servers: 0, sinks: 0, timers: 0, slots: 0 },
    );
    assert.deepStrictEqual([released, agents.runs.live.length], [workspaces, 0]);
    assert.ok(agents.threads.every((thread) => thread.stops > 0 && thread.isDisposed));
    assert.ok(![...this.messages.values()].includes('pending'), 'a message hangs');
    for (const id of new Set(this.known.map((run) => run.id))) {
      const events = await agents.readEvents(id);
      this.#checkTrace(events);
      if (!this.isDiskFull) {
        const last = this.known.findLast((run) => run.id === id);
        assert.equal(events.at(-1)?.status, last?.status);
        assert.ok(last && isAtRest(last.status));
      }
    }
    await this.#checkMessages();
    await this.#checkLate();
  }

  #checkTrace(events: readonly TraceEvent[]): void {
    let status = events[0]?.status as AgentRun['status'];
    const asked: string[] = [];
    const decided: string[] = [];
    let runningSince: number | null = null;
    let ranMs = 0;
    events.forEach((event, number) => {
      if (!isAgentEvent(event)) {
        return;
      }
      if (event.kind === 'agent.changed') {
        const isLegal = event.to === status || canFollow(status, event.to);
        assert.ok(isLegal, `${status} -> ${event.to}`);
        ranMs += runningSince === null ? 0 : event.at - runningSince;
        runningSince = event.to === 'running' ? event.at : null;
        status = event.to;
      } else if (event.kind === 'agent.asked') {
        asked.push(event.approvalId);
      } else if (event.kind === 'agent.decided') {
        decided.push(event.approvalId);
      } else if (event.kind === 'agent.summarized') {
        assert.equal(event.throughEvent, number);
      }
    });
    if (!this.isDiskFull) {
      assert.deepStrictEqual(decided.toSorted(), asked.toSorted());
      if (!events.some(({ kind }) => kind === 'agent.delegated')) {
        assert.ok(
          (events.at(-1)?.agentStanding?.usage.wallMs ?? 0) <= ranMs,
          'waiting was counted',
        );
      }
    }
  }

  async #checkMessages(): Promise<void> {
    const arrived = this.agents.threads.flatMap(({ said }) => said);
    assert.deepStrictEqual(arrived.toSorted(), [...new Set(arrived)].toSorted(), 'said twice');
    for (const [text, state] of this.messages) {
      if (state === 'told' || state === 'untold') {
        assert.equal(arrived.includes(text), state === 'told', `${text}: ${state}`);
      }
    }
  }

  /** Nothing that comes later is on record. */
  async #checkLate(): Promise<void> {
    const ids = this.known.map((run) => run.id);
    const before = await Promise.all(ids.map((id) => this.agents.readEvents(id)));
    const lengths = before.map((events) => events.length);
    this.agents.threads.forEach((thread) => {
      thread.happen({ kind: 'message', itemId: 'late', text: 'late', isFinal: false });
    });
    this.agents.clock.advance(10_000_000);
    await settle();
    const after = await Promise.all(ids.map((id) => this.agents.readEvents(id)));
    assert.deepStrictEqual(
      after.map((events) => events.length),
      lengths,
    );
  }
}

describe('agent runs, whatever the order', () => {
  it('give everything back, keep every message and record each once', async function () {
    this.timeout(120_000);
    const property = fc.asyncProperty(
      fc.array(action, { minLength: 5, maxLength: 40 }),
      fc.record({ isFolder: fc.boolean(), minds: fc.boolean(), hasBegun: fc.boolean() }),
      async (actions, { isFolder, minds, hasBegun }) => {
        const play = new Play(isFolder);
        play.agents.minds = minds;
        await play.spawn(null);
        if (hasBegun) {
          await settle();
        }
        play.agents.gates.areOpen = false;
        for (const one of actions) {
          await play.take(one);
        }
        await play.finish();
        await play.check();
      },
    );
    await fc.assert(property, { numRuns: Number(process.env['RLM_RUNS'] ?? 400) });
  });
});
