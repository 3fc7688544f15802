// The worktrees of a home, also of runs whose engine is gone: what is in each, and removing them.

import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type OwnWork, readOwnWork } from './ownWork';
import { removeWorktree } from './removeWorktree';
import { type WorktreeNote, WorktreeNotes } from './worktreeNote';

export interface AgentWorktree {
  readonly sessionId: string;
  readonly folder: string;
  readonly branch: string;
  readonly repository: string;
  /** Since it was made, or a run went on in it. */
  readonly ageMs: number;
  /** Of its files; null: it is larger than was counted. */
  readonly bytes: number | null;
  /** Whether the engine that made it, or went on in it last, still runs. */
  readonly isEngineAlive: boolean;
  /** Null: all of it is elsewhere too. `unknown`: it could not be looked at. */
  readonly work: OwnWork | null | 'unknown';
}

interface WorktreeParts {
  readonly folder: string;
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
}

const maxCounted = 200_000;

export class AgentWorktrees {
  readonly #parts: WorktreeParts;
  readonly #notes: WorktreeNotes;

  constructor(parts: WorktreeParts) {
    this.#parts = parts;
    this.#notes = new WorktreeNotes(parts.folder);
  }

  /** Oldest first. Never rejects. */
  async list(): Promise<readonly AgentWorktree[]> {
    const found: AgentWorktree[] = [];
    for (const id of await this.#notes.list()) {
      const note = await this.#notes.read(id);
      if (note) {
        found.push(await this.#read(note)); // one at a time: each is some calls of git
      }
    }
    return found.sort((left, right) => right.ageMs - left.ageMs);
  }

  /** Null: the run has none now. */
  async find(sessionId: string): Promise<AgentWorktree | null> {
    const note = await this.#notes.read(sessionId);
    return note && this.#read(note);
  }

  /** With its branch, whatever is in it; nothing where there is none. */
  async remove(sessionId: string): Promise<void> {
    const note = await this.#notes.read(sessionId);
    if (note) {
      await removeWorktree(note, true);
      await this.#notes.remove(sessionId);
    }
  }

  /** As `remove`, of one that no engine uses and that holds nothing of its own now. False: it is kept. */
  async removeUnused(sessionId: string): Promise<boolean> {
    const note = await this.#notes.read(sessionId);
    const found = note && (await this.#read(note));
    if (!found || found.isEngineAlive || found.work !== null) {
      return false;
    }
    await this.remove(sessionId);
    return true;
  }

  async #read(note: WorktreeNote): Promise<AgentWorktree> {
    const { sessionId, folder, branch, repository, engineId } = note;
    const [time, bytes, isEngineAlive, work] = await Promise.all([
      this.#notes.readTime(sessionId),
      measureFolder(folder),
      this.#parts.isEngineAlive(engineId),
      readOwnWork(note).catch(() => 'unknown' as const),
    ]);
    const ageMs = time === null ? 0 : Math.max(0, Date.now() - time);
    return { sessionId, folder, branch, repository, ageMs, bytes, isEngineAlive, work };
  }
}

/** Null: it holds more files than are counted. */
async function measureFolder(folder: string): Promise<number | null> {
  let [bytes, count] = [0, 0];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const file = path.join(next, entry.name);
      if (entry.isDirectory()) {
        waiting.push(file);
      } else {
        bytes += (await lstat(file).catch(() => null))?.size ?? 0;
      }
    }
    count += entries.length;
    if (count > maxCounted) {
      return null;
    }
  }
  return bytes;
}
