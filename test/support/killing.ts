// Long runs in a real engine that is killed at random moments, whole or in part, and a ledger of what
// was answered: all of it must be on disk afterwards, in order, and every session must go on.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionStatus, StepFinished, TraceEvent } from '../../src/core/event';
import { type Language, languages } from '../../src/core/sandbox';
import type { TraceStore } from '../../src/core/traceStore';
import { type EngineFolders, type RunningEngine, startEngine } from './engineProcess';
import { callOk, callTool, openSession } from './mcpClient';
import { readField } from './mcpFlows';
import { listChildren, untilGone } from './processTree';
import type { Random } from './random';

export const killKinds = ['engine', 'sandbox', 'worker'] as const;
export type KillKind = (typeof killKinds)[number];

const contextText = 'a text of the context\n';
const lengthOf = { python: 'len(context)', javascript: 'context.length' } as const;
/** Counts its own runs in a variable; the result tells the count and the context. */
const countCode: Readonly<Record<Language, string>> = {
  python: `total = globals().get("total", 0) + 1\nbusy = sum(range(200_000))\ntotal * 1000 + ${lengthOf.python}`,
  javascript: `globalThis.total = (globalThis.total ?? 0) + 1;\nfor (let i = 0; i < 20_000; i += 1);\ntotal * 1000 + ${lengthOf.javascript}`,
};
const crashCode = 'import os\nos.abort()';
/** A session is finalized after so many, and its guardrails are far from that. */
const maxSteps = 25;
const roomy = { max_steps: 10_000, budget_limit: 10_000_000, max_runtime_ms: 3_600_000 };
const longestRunMs = 120;

interface ReplayReply {
  readonly steps_run: number;
  readonly steps_skipped: number;
  readonly differences: readonly unknown[];
}

interface Run {
  readonly id: string;
  readonly language: Language;
  /** Step → result, null for a step that lost its worker. */
  readonly answered: Map<number, string | null>;
  /** How often a reply told of a replay. */
  replays: number;
}

export class KillingGround {
  readonly counts: Record<KillKind, number> = { engine: 0, sandbox: 0, worker: 0 };
  answeredSteps = 0;
  replays = 0;
  finalized = 0;
  readonly #folders: EngineFolders;
  readonly #traces: TraceStore;
  readonly #random: Random;
  readonly #lastErrors: string[] = [];
  readonly #runs = new Map<Language, Run>();
  #engine: RunningEngine | undefined;

  constructor(folders: EngineFolders, traces: TraceStore, random: Random) {
    this.#folders = folders;
    this.#traces = traces;
    this.#random = random;
  }

  async dispose(): Promise<void> {
    await this.#engine?.stop();
  }

  /** Runs steps of both languages side by side, kills, and checks what is left. */
  async kill(kind: KillKind): Promise<void> {
    this.#engine ??= await startEngine('stdio', this.#folders);
    const engine = this.#engine;
    const runs = await Promise.all(languages.map((language) => this.#takeRun(engine, language)));
    const ending = new AbortController();
    const replaysBefore = runs.map(({ replays }) => replays);
    const busy = Promise.all(runs.map((run) => this.#runSteps(engine, run, ending.signal)));
    busy.catch(() => undefined); // told below
    await delay(this.#random.nextInt(longestRunMs));
    await this.#strike(kind, engine, runs);
    ending.abort();
    await busy;
    this.counts[kind] += 1;
    const status = kind === 'engine' ? 'interrupted' : 'active';
    for (const run of runs) {
      await this.#checkTrace(run, status);
    }
    this.#engine ??= await startEngine('stdio', this.#folders);
    for (const run of runs) {
      await this.#goOn(this.#engine, run);
    }
    // Once after the loss, be it by a step that was sent while the sandbox process was already gone.
    assert.deepStrictEqual(
      runs.map(({ replays }, index) => replays - (replaysBefore[index] ?? 0)),
      runs.map(() => (kind === 'worker' ? 0 : 1)),
      'replies tell of one replay each, and after the loss of a worker of none',
    );
  }

  async #strike(kind: KillKind, engine: RunningEngine, runs: readonly Run[]): Promise<void> {
    const children = await listChildren(engine.pid);
    switch (kind) {
      case 'engine':
        this.#engine = undefined;
        await engine.kill();
        await Promise.all(children.map(untilGone)); // none may outlive its engine
        return;
      case 'sandbox':
        assert.equal(children.length, 1, 'an engine has one sandbox process');
        children.forEach((pid) => process.kill(pid, 'SIGKILL'));
        await Promise.all(children.map(untilGone));
        return;
      case 'worker': {
        const run = runs.find(({ language }) => language === 'python');
        assert.ok(run);
        const step = await this.#step(engine, run, crashCode);
        assert.equal(step?.['state_lost'], true, 'the worker is lost');
        return;
      }
    }
  }

  async #takeRun(engine: RunningEngine, language: Language): Promise<Run> {
    const known = this.#runs.get(language);
    if (known && known.answered.size < maxSteps) {
      return known;
    }
    if (known) {
      await callOk(engine.client, 'rlm_finalize', { session_id: known.id, final_text: 'done' });
      await this.#checkTrace(known, 'finalized');
      this.finalized += 1;
    }
    const id = await openSession(engine.client, {
      language,
      context_text: contextText,
      config: roomy,
    });
    const run: Run = { id, language, answered: new Map(), replays: 0 };
    this.#runs.set(language, run);
    return run;
  }

  async #runSteps(engine: RunningEngine, run: Run, signal: AbortSignal): Promise<void> {
    for (let more = true; more && !signal.aborted;) {
      more = (await this.#step(engine, run, countCode[run.language])) !== undefined;
    }
  }

  /** Undefined when the engine or its sandbox was killed meanwhile. */
  async #step(
    engine: RunningEngine,
    run: Run,
    code: string,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const args = { session_id: run.id, code };
    const reply = await callTool(engine.client, 'rlm_run_repl', args).catch(() => undefined);
    if (!reply) {
      return undefined;
    }
    const { payload } = reply;
    if (reply.isError) {
      assert.equal(readField(payload, 'error', 'code'), 'SANDBOX_EXEC_ERROR', reply.text);
      this.#lastErrors.push(reply.text);
      return undefined;
    }
    const step = Number(payload['step_index']);
    run.answered.set(step, toResult(payload['result']));
    this.answeredSteps += 1;
    if (payload['replay'] !== undefined) {
      const {
        steps_run: ran,
        steps_skipped: skipped,
        differences,
      } = payload['replay'] as ReplayReply; // by its schema
      assert.deepStrictEqual([ran + skipped, differences], [step - 1, []]);
      run.replays += 1;
      this.replays += 1;
    }
    return payload;
  }

  async #checkTrace(run: Run, status: SessionStatus): Promise<void> {
    const { summaries } = await this.#traces.listSummaries({
      status: null,
      limit: 10,
      cursor: null,
    });
    const listed = summaries.find(({ sessionId }) => sessionId === run.id);
    assert.equal(listed?.status, status, `${run.id} is listed`);
    const finished = (await this.#readEvents(run.id)).filter(isFinished);
    assert.deepStrictEqual(
      finished.map(({ step }) => step),
      finished.map((_, index) => index + 1),
      'steps are on disk in order, none twice',
    );
    for (const [step, result] of run.answered) {
      assert.equal(
        finished[step - 1]?.outcome.result,
        result,
        `step ${step} is as it was answered`,
      );
    }
    assert.ok(finished.length <= run.answered.size + 1, 'at most the step under way is unanswered');
    finished.forEach(({ step, outcome }) => run.answered.set(step, outcome.result));
  }

  /** The next step finds the variables as the last recorded step left them. */
  async #goOn(engine: RunningEngine, run: Run): Promise<void> {
    const last = run.answered.get(run.answered.size) ?? null;
    const counted = last === null ? 0 : Math.floor(Number(last) / 1_000);
    const code = countCode[run.language];
    const steps = run.answered.size;
    // A call that was on its way when the sandbox process ended says so; the next one heals.
    const step = (await this.#step(engine, run, code)) ?? (await this.#step(engine, run, code));
    const expected = (counted + 1) * 1_000 + contextText.length;
    assert.ok(step, `it goes on after ${this.#lastErrors.slice(-2).join(' and ')}`);
    assert.deepStrictEqual([step['result'], step['step_index']], [String(expected), steps + 1]);
  }

  async #readEvents(sessionId: string): Promise<readonly TraceEvent[]> {
    const query = { fromStep: null, toStep: null, limit: 1_000 };
    const { events, nextCursor } = await this.#traces.readEvents(sessionId, {
      ...query,
      cursor: null,
    });
    assert.equal(nextCursor, null);
    return events;
  }
}

function toResult(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isFinished(event: TraceEvent): event is StepFinished {
  return event.kind === 'step.finished';
}
