// An engine with agents of the real Codex over a planned model, in repositories of its own.

import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { neverAborted } from '../../src/base/abort';
import type { AgentRun } from '../../src/core/agent/agentRun';
import type { AgentRuns } from '../../src/core/agent/agentRuns';
import { createEngine } from '../../src/runtime';
import type { LocalEngine } from '../../src/runtime/localEngine';
import { plan, type PlannedModel, type PlannedStep } from './plannedModel';
import { sandboxFolder } from './repl';

export const plannedKey = 'sk-planned-0123456789abcdef';

export interface AgentEngineParts {
  /** Home and repositories lie below it. */
  readonly folder: string;
  readonly codex: string;
  readonly model: PlannedModel;
  /** Left out: `plannedKey`. */
  readonly key?: string;
  /** Left out: as many as the machine’s cores allow. */
  readonly maxRunning?: number;
}

export class AgentEngine {
  private constructor(
    readonly engine: LocalEngine,
    readonly agents: AgentRuns,
    readonly folder: string,
  ) {}

  static async start(parts: AgentEngineParts): Promise<AgentEngine> {
    const { folder, codex, model, key = plannedKey, maxRunning } = parts;
    const engine = await createEngine({
      home: path.join(folder, 'home'),
      roots: [folder],
      baseFolder: folder,
      log: () => undefined,
      sandboxFolder,
      agents: {
        places: () => ({
          setting: codex,
          environment: { PATH: process.env['PATH'], HOME: folder },
          untrusted: [],
          platform: process.platform,
          arch: process.arch,
          nodePath: process.execPath,
        }),
        provider: () => ({
          settings: {
            model: 'gpt-5.5',
            model_provider: 'planned',
            model_providers: {
              planned: {
                name: 'Planned',
                base_url: model.url,
                env_key: 'PLANNED_KEY',
                wire_api: 'responses',
                request_max_retries: 0,
                stream_max_retries: 1,
              },
            },
          },
          environment: { PLANNED_KEY: key },
          login: null,
        }),
        readSecrets: () => [key],
        ...(maxRunning !== undefined && { maxRunning }),
      },
    });
    if (!engine.agents) {
      await engine.close();
      throw new Error('The engine has no agents.');
    }
    return new AgentEngine(engine, engine.agents, folder);
  }

  spawn(
    steps: readonly PlannedStep[],
    repository: string,
    profileId = 'generalist',
  ): Promise<AgentRun> {
    return this.agents.spawn(
      {
        ...{ profileId, task: plan(steps), goals: [], inputs: {}, folder: repository },
        ...{ isolation: null, limits: {}, title: null },
        flags: { model: null, sandbox: null, approvals: null, network: null },
      },
      { kind: 'person' },
    );
  }

  /** Until all are at rest. */
  async untilRest(runs: readonly AgentRun[]): Promise<void> {
    await Promise.all(runs.map((run) => run.whenAtRest(null, neverAborted)));
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}

/** With one commit. */
export async function createRepository(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'a.txt'), 'one\n');
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: folder });
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.email', 'a@example.com');
  git('config', 'user.name', 'A');
  git('add', '-A');
  git('commit', '--quiet', '-m', 'first');
  return folder;
}
