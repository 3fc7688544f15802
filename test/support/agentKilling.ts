// Agents in a real engine that is killed at random moments, or its Codex, or one of an agent's commands; and a ledger of
// what must be there afterwards: what a patch has written, what a person has committed, and nothing that runs on.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { listLeftovers } from '../../src/agents/codex/leftovers';
import { runMark } from '../../src/agents/codex/threadConfig';
import { AgentWorktrees } from '../../src/agents/workspaces/agentWorktrees';
import { agentStatuses, isAtRest } from '../../src/core/agent/agentState';
import { readRecord } from '../../src/core/agent/runRecord';
import type { TraceStore } from '../../src/core/traceStore';
import { openTraces } from '../../src/runtime';
import { createRepository } from './agentEngine';
import { wrapperKey, writeCodexWrapper } from './codexWrapper';
import { type RunningServer, readEndpoint, startServer } from './engineProcess';
import { callOk, connectHttpClient } from './mcpClient';
import { patch, plan, type PlannedModel, run } from './plannedModel';
import { listChildren } from './processTree';
import type { Random } from './random';

export const agentKillKinds = ['engine', 'codex', 'command'] as const;
export type AgentKillKind = (typeof agentKillKinds)[number];

/** What is wrong after all kills; each empty: nothing. */
export interface KillingReport {
  readonly lostCommits: readonly string[];
  readonly lostFiles: readonly string[];
  readonly orphanWorktrees: readonly string[];
  readonly orphanProcesses: readonly number[];
  readonly unended: readonly string[];
}

interface KillingParts {
  readonly folder: string;
  readonly codex: string;
  readonly model: PlannedModel;
  readonly random: Random;
}

const steps = [
  run('echo one > one.txt'),
  patch('*** Add File: two.txt\n+two'),
  run('sleep 0.2; echo three > three.txt'),
  patch('*** Add File: four.txt\n+four'),
  run('(sleep 60 &) ; sleep 0.3; echo five'),
  { say: 'Done.' },
];
const agentsAtOnce = 2;
const longestMs = 2_500;

export class AgentKilling {
  readonly counts: Record<AgentKillKind, number> = { engine: 0, codex: 0, command: 0 };
  readonly runIds: string[] = [];
  readonly commits: string[] = [];
  /** That patches made, and were looked for. */
  patched = 0;
  readonly #parts: KillingParts;
  #traces: TraceStore | null = null;
  #server: { readonly running: RunningServer; readonly client: Client } | null = null;
  #env: NodeJS.ProcessEnv = {};

  constructor(parts: KillingParts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    const { folder, codex, model } = this.#parts;
    await createRepository(this.#repository);
    const program = await writeCodexWrapper(folder, codex, model.url);
    this.#env = {
      ...process.env,
      RLM_CODEX: program,
      CODEX_HOME: path.join(folder, 'none'),
      PLANNED_TEST_KEY: wrapperKey,
    };
    this.#traces = await openTraces({ home: this.#home });
  }

  /** Spawns agents, kills at a random moment, and commits as a person would what lies in one of the worktrees. */
  async round(kind: AgentKillKind): Promise<void> {
    const { random } = this.#parts;
    const { running, client } = await this.#start();
    const ids = await Promise.all(
      Array.from({ length: agentsAtOnce }, async () => {
        const given = { profile_id: 'generalist', custom_prompt: plan(steps) };
        const place = { working_dir: this.#repository };
        const { session_id: id } = await callOk(client, 'spawn_agent', { ...given, ...place });
        return String(id);
      }),
    );
    this.runIds.push(...ids);
    await delay(random.nextInt(longestMs));
    await this.#kill(kind, running, ids);
    this.counts[kind] += 1;
    await Promise.all(ids.map((id) => this.#untilRest(id)));
    await this.#commit(ids[0] ?? '');
  }

  /** After one more start, which ends what the dead ones have left. */
  async report(): Promise<KillingReport> {
    await this.#stop('SIGKILL');
    this.#leaveStray();
    await this.#start();
    const orphanProcesses = await this.#untilNoLeftovers();
    await this.#stop('SIGTERM');
    const lostFiles = (await Promise.all(this.runIds.map((id) => this.#findLostFiles(id)))).flat();
    return {
      lostCommits: this.commits.filter(
        (commit) => this.#git('branch', '--contains', commit) === '',
      ),
      lostFiles,
      orphanWorktrees: await this.#findOrphanWorktrees(),
      orphanProcesses,
      unended: await this.#findUnended(),
    };
  }

  /** Removes every worktree by its note; what git still knows of then. */
  async clean(): Promise<readonly string[]> {
    const worktrees = this.#worktrees;
    for (const { sessionId } of await worktrees.list()) {
      await worktrees.remove(sessionId);
    }
    return [
      ...this.#listKnown(),
      ...this.#git('branch', '--list', 'rlm/*').split('\n').filter(Boolean),
    ];
  }

  async close(): Promise<void> {
    await this.#stop('SIGKILL');
    await this.#untilNoLeftovers();
    this.#traces?.dispose();
  }

  get #home(): string {
    return path.join(this.#parts.folder, 'home');
  }

  get #repository(): string {
    return path.join(this.#parts.folder, 'repo');
  }

  get #worktrees(): AgentWorktrees {
    const folder = path.join(this.#home, 'agents', 'worktrees');
    return new AgentWorktrees({ folder, isEngineAlive: async () => false });
  }

  #git(...args: readonly string[]): string {
    const options = { cwd: this.#repository, encoding: 'utf8' } as const;
    return execFileSync('git', args, options).trim();
  }

  async #start() {
    if (!this.#server) {
      const running = await startServer({ home: this.#home, root: this.#repository }, this.#env);
      const client = await connectHttpClient(await readEndpoint(running.tokenFile));
      this.#server = { running, client };
    }
    return this.#server;
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.client.close().catch(() => undefined);
    await server?.running.end(signal);
  }

  /** What a command has left that had made itself a session of its own outside a sandbox. */
  #leaveStray(): void {
    const env = { PATH: process.env['PATH'], [runMark]: this.runIds[0] };
    spawn('sleep', ['1000'], { env, detached: true, stdio: 'ignore' }).unref();
  }

  async #kill(
    kind: AgentKillKind,
    { child }: RunningServer,
    ids: readonly string[],
  ): Promise<void> {
    if (kind === 'engine') {
      await this.#stop('SIGKILL');
      return;
    }
    const pids =
      kind === 'codex'
        ? await findCodexProcesses(child.pid ?? 0)
        : (await Promise.all(ids.map(listLeftovers))).flat();
    const chosen = kind === 'codex' ? pids : pids.slice(0, 1);
    chosen.forEach((pid) => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    });
  }

  async #untilRest(id: string): Promise<void> {
    while (!(await this.#isAtRest(id))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #isAtRest(id: string): Promise<boolean> {
    const summary = await this.#traces?.readSummary(id);
    const status = agentStatuses.find((one) => one === summary?.status);
    return status !== undefined && isAtRest(status);
  }

  async #findUnended(): Promise<readonly string[]> {
    const ended = await Promise.all(this.runIds.map((id) => this.#isAtRest(id)));
    return this.runIds.filter((_, at) => !ended[at]);
  }

  async #commit(id: string): Promise<void> {
    const folder = path.join(this.#home, 'agents', 'worktrees', id);
    if (!existsSync(path.join(folder, '.git'))) {
      return;
    }
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
    if (git('status', '--porcelain') === '') {
      return;
    }
    git('add', '-A');
    git('commit', '--quiet', '-m', 'by a person');
    this.commits.push(git('rev-parse', 'HEAD'));
  }

  /** Patches that the trace says were made, and whose files are not there. */
  async #findLostFiles(id: string): Promise<readonly string[]> {
    if (!this.#traces) {
      return [];
    }
    const { bodies } = await readRecord(this.#traces, id);
    const folder = path.join(this.#home, 'agents', 'worktrees', id);
    return bodies
      .flatMap(({ body }) =>
        body.kind === 'agent.edited' && body.result === 'ok' ? body.changes : [],
      )
      .filter(({ change }) => change === 'add')
      .map((changed) => {
        this.patched += 1;
        return path.resolve(folder, changed.path);
      })
      .filter((file) => !existsSync(file));
  }

  async #findOrphanWorktrees(): Promise<readonly string[]> {
    const noted = (await this.#worktrees.list()).map(({ folder }) => folder);
    const folder = path.join(this.#home, 'agents', 'worktrees');
    const lying = (await readdir(folder).catch(() => []))
      .filter((name) => !name.includes('.json'))
      .map((name) => path.join(folder, name));
    return [...new Set([...this.#listKnown(), ...lying])].filter((one) => !noted.includes(one));
  }

  /** By the repository, its own folder left out. */
  #listKnown(): readonly string[] {
    const lines = this.#git('worktree', 'list', '--porcelain').split('\n');
    return lines
      .filter((line) => line.startsWith('worktree '))
      .map((line) => line.slice('worktree '.length))
      .filter((folder) => folder !== this.#repository);
  }

  /** What is still there when it should have been ended. */
  async #untilNoLeftovers(): Promise<readonly number[]> {
    const until = performance.now() + 20_000;
    for (;;) {
      const left = (await Promise.all(this.runIds.map(listLeftovers))).flat();
      if (left.length === 0 || performance.now() > until) {
        return left;
      }
      await delay(50);
    }
  }
}

async function findCodexProcesses(engine: number): Promise<readonly number[]> {
  const children = await listChildren(engine);
  const found = await Promise.all(
    children.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return command.includes('app-server') ? [pid] : [];
    }),
  );
  return found.flat();
}
