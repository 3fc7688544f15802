// What every case about agents works with: the real Codex, a planned model, a repository, and an engine over them.

import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import {
  AgentEngine,
  type AgentEngineParts,
  createRepository,
} from '../../test/support/agentEngine';
import { type PlannedModel, startPlannedModel } from '../../test/support/plannedModel';
import type { Figure } from '../figure';
import { NoiseFloor } from '../measure';

export interface AgentCase {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  run(bench: AgentBench): Promise<readonly Figure[]>;
}

export class AgentBench {
  readonly noise = new NoiseFloor();
  readonly #closers: (() => Promise<unknown>)[] = [];

  constructor(
    readonly codex: string,
    readonly folder: string,
    readonly isQuick: boolean,
    readonly report: (line: string) => void,
  ) {}

  /** `full` in a full run, `quick` with --quick. */
  pick<T>(full: T, quick: T): T {
    return this.isQuick ? quick : full;
  }

  async createFolder(): Promise<string> {
    return mkdtemp(path.join(this.folder, 'case-'));
  }

  async startModel(): Promise<PlannedModel> {
    const model = await startPlannedModel();
    this.#closers.push(() => model.close());
    return model;
  }

  async startEngine(more: Partial<AgentEngineParts> = {}) {
    const folder = await this.createFolder();
    const model = await this.startModel();
    const repository = await createRepository(path.join(folder, 'repo'));
    const engine = await AgentEngine.start({ folder, codex: this.codex, model, ...more });
    this.#closers.push(() => engine.close());
    return { folder, model, repository, engine };
  }

  onLetGo(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  /** Ends what a case has begun, the last first. */
  async letGo(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) {
      await close().catch(() => undefined);
    }
  }
}
