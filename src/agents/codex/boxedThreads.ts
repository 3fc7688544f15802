// Threads of which each has a Codex of its own, in a container.

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AgentBoxes } from '../../core/agent/agentBoxes';
import type { ThreadRequest } from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';
import { RlmError } from '../../core/errors';
import { prepareHome } from './codexHome';
import { CodexProcess } from './codexProcess';
import type { CodexThread } from './codexThread';
import { findLoopbackPorts } from './loopbackPorts';
import type { CodexProvider } from './provider';

interface BoxedParts {
  readonly clock: Clock;
  readonly home: string;
  readonly provider: () => CodexProvider;
  readonly boxes: AgentBoxes | null;
}

/** With the folder in which it keeps its threads. */
export interface StartedCodex {
  readonly process: CodexProcess;
  readonly home: string;
}

type InsideRequest = ThreadRequest & { readonly inside: NonNullable<ThreadRequest['inside']> };

export class BoxedThreads {
  readonly #parts: BoxedParts;
  readonly #initializeMs: number;
  readonly #processes = new Set<CodexProcess>();

  constructor(parts: BoxedParts, initializeMs: number) {
    this.#parts = parts;
    this.#initializeMs = initializeMs;
  }

  get count(): number {
    return this.#processes.size;
  }

  /** Of a run that an earlier engine had started. */
  async remove(runId: string): Promise<void> {
    await this.#parts.boxes?.remove(runId);
  }

  dispose(): void {
    this.#processes.forEach((process) => process.dispose());
  }

  /** `open` starts the thread in the process, which ends with it. @throws RlmError, CallError */
  async open(
    program: string,
    request: InsideRequest,
    open: (started: StartedCodex) => Promise<CodexThread>,
    signal: AbortSignal,
  ): Promise<CodexThread> {
    const { clock, boxes } = this.#parts;
    const ports = this.#findPorts(request);
    if (boxes === null) {
      throw new RlmError('BACKEND_UNAVAILABLE', 'This engine starts no agents in containers.', {
        nextStep: 'Take isolation worktree, whose commands run in the sandbox of Codex.',
      });
    }
    // Its folder holds the thread: the run is resumed from it.
    const home = path.join(this.#parts.home, 'agents', 'boxes', request.runId);
    await mkdir(home, { recursive: true, mode: 0o700 });
    // What runs inside may have put anything there.
    await rm(path.join(home, 'codex', 'config.toml'), { recursive: true, force: true });
    const prepared = await prepareHome(home, null, {});
    const { folder, writes } = request.inside;
    const box = await boxes.open(
      {
        ...{ runId: request.runId, program, args: ['app-server'], cwd: request.cwd, ports },
        folders: [
          { path: folder, writes },
          { path: prepared.folder, writes: true },
        ],
        environment: { CODEX_HOME: prepared.folder },
      },
      signal,
    );
    try {
      const process = await CodexProcess.start(box, clock, this.#initializeMs);
      this.#processes.add(process);
      process.server.onDidExit(() => {
        this.#processes.delete(process);
        box.dispose();
      });
      try {
        const thread = await process.whileStarting(() => open({ process, home: prepared.folder }));
        thread.onDidEnd(() => process.dispose());
        return thread;
      } catch (error) {
        process.dispose();
        throw error;
      }
    } catch (error) {
      box.dispose();
      throw error;
    }
  }

  /** @throws RlmError 'INVALID_INPUT' | 'BACKEND_UNAVAILABLE' where its way out does not lead over this machine's loopback. */
  #findPorts(request: InsideRequest): readonly number[] {
    if (request.permissions.network) {
      throw new RlmError('INVALID_INPUT', 'An agent in a container has no network.', {
        nextStep: 'Take isolation worktree, or a profile without network.',
      });
    }
    const { settings } = this.#parts.provider();
    const { reached, isModelNear } = findLoopbackPorts(
      { ...settings, ...request.configuration },
      request.mcpServers,
    );
    if (!isModelNear) {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        'An agent in a container holds no key and has no network: its model must be reached through this engine, and Codex is set to reach it by itself.',
        { nextStep: 'Set a key of the model for this engine, or take isolation worktree.' },
      );
    }
    return reached;
  }
}
