// A driver of the real Codex over a planned model, with folders of its own, for the tests of its agents.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { neverAborted } from '../../../src/base/abort';
import { CodexDriver, type DriverDeadlines } from '../../../src/agents/codex/codexDriver';
import { listLeftovers } from '../../../src/agents/codex/leftovers';
import type { AgentBoxes } from '../../../src/core/agent/agentBoxes';
import type {
  AgentHappening,
  AgentThread,
  ThreadPermissions,
  ThreadRequest,
} from '../../../src/core/agent/agentDriver';
import { systemClock } from '../../../src/systemClock';
import { requireCodex } from '../../support/codex';
import { type PlannedModel, startPlannedModel } from '../../support/plannedModel';
import { listChildren } from '../../support/processTree';

export const modelKey = 'sk-planned-123';

export type Kind = AgentHappening['kind'];
export type Of<K extends Kind> = Extract<AgentHappening, { readonly kind: K }>;

export class CodexAgents {
  readonly runIds: string[] = [];
  readonly settings: Readonly<Record<string, unknown>>;
  driver: CodexDriver;
  readonly #deadlines: Partial<DriverDeadlines>;

  constructor(
    readonly codex: string,
    readonly folder: string,
    readonly model: PlannedModel,
    deadlines: Partial<DriverDeadlines> = {},
    modelUrl = model.url,
    private readonly boxes: AgentBoxes | null = null,
    /** The variable with the model's key; null: it takes none. */
    keyVariable: string | null = 'PLANNED_KEY',
  ) {
    this.settings = {
      model: 'gpt-5.5', // one of Codex's catalogue: it gives the tool apply_patch
      model_provider: 'planned',
      model_providers: {
        planned: {
          name: 'Planned',
          base_url: modelUrl,
          ...(keyVariable === null ? {} : { env_key: keyVariable }),
          wire_api: 'responses',
          request_max_retries: 0,
          stream_max_retries: 1,
        },
      },
    };
    this.#deadlines = deadlines;
    this.driver = this.#create();
  }

  /** The driver of another engine over the same folders. */
  renew(): void {
    this.driver = this.#create();
  }

  #create(): CodexDriver {
    const { codex, folder, boxes } = this;
    return new CodexDriver({
      clock: systemClock,
      home: path.join(folder, 'home'),
      places: () => ({
        setting: codex,
        environment: { PATH: process.env['PATH'], HOME: folder },
        untrusted: [],
        platform: process.platform,
        arch: process.arch,
        nodePath: process.execPath,
      }),
      provider: () => ({
        settings: this.settings,
        environment: { PLANNED_KEY: modelKey },
        login: null,
      }),
      boxes,
      deadlines: this.#deadlines,
    });
  }

  /** As another engine over the same folders. */
  again(): CodexAgents {
    const next = new CodexAgents(this.codex, this.folder, this.model);
    next.runIds.push(...this.runIds);
    return next;
  }

  /** Of a run and a folder of its own. */
  toRequest(
    permissions: Partial<ThreadPermissions> = {},
    more: Partial<ThreadRequest> = {},
  ): ThreadRequest {
    const name = `agent-${this.runIds.length}`;
    const runId = `${path.basename(this.folder)}-${name}`;
    this.runIds.push(runId);
    return {
      runId,
      cwd: path.join(this.folder, 'work', name),
      inside: null,
      instructions: 'You are a test.',
      model: null,
      permissions: {
        sandbox: 'workspace-write',
        writableRoots: [],
        network: false,
        approvals: 'never',
        ...permissions,
      },
      mcpServers: {},
      configuration: {},
      commandEnvironment: {},
      outputSchema: null,
      ...more,
    };
  }

  async start(request: ThreadRequest): Promise<HeardThread> {
    await mkdir(request.cwd, { recursive: true });
    return new HeardThread(await this.driver.startThread(request, neverAborted));
  }

  async resume(threadId: string, request: ThreadRequest): Promise<HeardThread> {
    return new HeardThread(await this.driver.resumeThread(threadId, request, neverAborted));
  }

  /** Pids of what is left of all runs. */
  async listLeft(): Promise<readonly number[]> {
    return (await Promise.all(this.runIds.map(listLeftovers))).flat();
  }

  /** Waits until so many processes of the run's commands are there. */
  async untilRunning({ runId }: ThreadRequest, count: number): Promise<void> {
    while ((await listLeftovers(runId)).length < count) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Ends the driver, and waits for its process. */
  async end(): Promise<void> {
    const { pid } = await this.driver.readStatus();
    this.driver.dispose();
    while (pid !== null && (await listChildren(process.pid)).includes(pid)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** A thread with all that happened in it. */
export class HeardThread {
  readonly happened: AgentHappening[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(readonly thread: AgentThread) {
    thread.onDidHappen((happening) => {
      this.happened.push(happening);
      [...this.#waiting].forEach((check) => check());
    });
  }

  say(text: string) {
    return this.thread.say(text, neverAborted);
  }

  /** Says it, and waits for the end of that turn. */
  async turn(text: string): Promise<Of<'turnEnded'>> {
    const { turnId } = await this.say(text);
    return this.until('turnEnded', (ended) => ended.turnId === turnId);
  }

  all<K extends Kind>(kind: K): readonly Of<K>[] {
    return this.happened.filter((one): one is Of<K> => one.kind === kind);
  }

  kinds(): readonly Kind[] {
    return this.happened.map(({ kind }) => kind);
  }

  /** The first such, also one that has happened already. */
  until<K extends Kind>(kind: K, isIt: (one: Of<K>) => boolean = () => true): Promise<Of<K>> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.all(kind).find(isIt);
        if (found) {
          this.#waiting.delete(check);
          resolve(found);
        }
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** Call it in a `describe`: a planned model, and a driver that its tests share. Nothing of its agents is left after it. */
export function useCodexAgents(
  options: { readonly deadlines?: Partial<DriverDeadlines>; readonly modelUrl?: string } = {},
): () => CodexAgents {
  let agents: CodexAgents | null = null;
  const get = (): CodexAgents => {
    assert.ok(agents);
    return agents;
  };
  before(async function () {
    const codex = await requireCodex(this);
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-agents-')));
    const model = await startPlannedModel();
    agents = new CodexAgents(codex, folder, model, options.deadlines, options.modelUrl);
  });
  after(async () => {
    if (agents) {
      await agents.end();
      await agents.model.close();
      assert.deepStrictEqual(await agents.listLeft(), []);
      await rm(agents.folder, { recursive: true, force: true, maxRetries: 3 });
    }
  });
  return get;
}
