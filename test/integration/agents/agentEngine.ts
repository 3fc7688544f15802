// An engine whose agents are the real Codex over a planned model, in a repository of their own, and a client of it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { createEngine } from '../../../src/runtime';
import type { AgentOptions } from '../../../src/runtime/localAgents';
import { requireCodex } from '../../support/codex';
import { callOk, connectClient } from '../../support/mcpClient';
import {
  plan,
  type PlannedModel,
  type PlannedStep,
  startPlannedModel,
} from '../../support/plannedModel';
import { sandboxFolder } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

export type Json = Record<string, unknown>;

export const agentModelKey = 'sk-planned-0123456789abcdef';

export class AgentEngine {
  engine!: Awaited<ReturnType<typeof createEngine>>;
  client!: Client;

  constructor(
    readonly folder: string,
    readonly codex: string,
    readonly model: PlannedModel,
    private readonly options: (here: AgentEngine) => Partial<AgentOptions>,
  ) {}

  get repository(): string {
    return path.join(this.folder, 'repo');
  }

  get home(): string {
    return path.join(this.folder, 'home');
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.repository, encoding: 'utf8' });
  }

  async createRepository(): Promise<void> {
    await mkdir(this.repository);
    await writeFile(path.join(this.repository, 'a.txt'), 'one\n');
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('config', 'user.email', 'a@example.com');
    this.git('config', 'user.name', 'A');
    this.git('add', '-A');
    this.git('commit', '--quiet', '-m', 'first');
  }

  async start(): Promise<void> {
    this.engine = await createEngine({
      home: this.home,
      roots: [this.repository],
      baseFolder: this.repository,
      log: () => undefined,
      sandboxFolder,
      agents: {
        places: () => ({
          setting: this.codex,
          environment: { PATH: process.env['PATH'], HOME: this.folder },
          untrusted: [],
          platform: process.platform,
          arch: process.arch,
          nodePath: process.execPath,
        }),
        provider: () => ({
          settings: toPlannedSettings(this.model.url),
          environment: { PLANNED_KEY: agentModelKey },
          login: null,
        }),
        readSecrets: () => [agentModelKey],
        ...this.options(this),
      },
    });
    this.client = await connectClient(this.engine);
  }

  async end(): Promise<void> {
    await this.client.close();
    await this.engine.close();
  }

  async restart(): Promise<void> {
    await this.end();
    await this.start();
  }

  spawn(steps: readonly PlannedStep[], more: Json = {}): Promise<Json> {
    return callOk(this.client, 'spawn_agent', {
      profile_id: 'generalist',
      custom_prompt: plan(steps),
      wait_ms: 60_000,
      ...more,
    });
  }

  async readTrace(sessionId: unknown): Promise<readonly Json[]> {
    const args = { session_id: sessionId, detail: 'full' };
    return (await callOk(this.client, 'rlm_get_trace', args))['events'] as Json[]; // of the tool's own schema
  }
}

/** Call it in a `describe`: an engine for each of its tests. */
export function useAgentEngine(
  options: (here: AgentEngine) => Partial<AgentOptions> = () => ({}),
): () => AgentEngine {
  const folder = useTempFolder();
  let codex: string;
  let here: AgentEngine | null = null;
  before(async function () {
    codex = await requireCodex(this);
  });
  beforeEach(async () => {
    here = new AgentEngine(folder(), codex, await startPlannedModel(), options);
    await here.createRepository();
    await here.start();
  });
  afterEach(async () => {
    await here?.end();
    await here?.model.close();
    here = null;
  });
  return () => {
    assert.ok(here);
    return here;
  };
}

function toPlannedSettings(url: string): Readonly<Record<string, unknown>> {
  return {
    model: 'gpt-5.5',
    model_provider: 'planned',
    model_providers: {
      planned: {
        ...{ name: 'Planned', base_url: url, env_key: 'PLANNED_KEY', wire_api: 'responses' },
        ...{ request_max_retries: 0, stream_max_retries: 1 },
      },
    },
  };
}
