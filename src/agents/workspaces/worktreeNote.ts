// What is on disk of a worktree beside it, so that it is found again when its engine is gone.

import { randomUUID } from 'node:crypto';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { ownerFile } from '../../base/ownerOnly';
import type { GitPlace } from './git';

const noteSchema = z.object({
  sessionId: z.string(),
  engineId: z.string(),
  repository: z.string(),
  folder: z.string(),
  /** The repository's folder for it, which no agent writes to. */
  gitDir: z.string(),
  branch: z.string(),
  base: z.string(),
  tree: z.string(),
  /** Below the worktree: the part of the repository that it was asked to work on. */
  within: z.string(),
});
export type WorktreeNote = z.output<typeof noteSchema>;

/** Where git works for it; `below`: a part of the worktree. */
export function toGitPlace({ folder, gitDir }: WorktreeNote, below = ''): GitPlace {
  return { folder: path.join(folder, below), gitDir, top: folder };
}

export class WorktreeNotes {
  /** `folder`: where the worktrees lie. */
  constructor(private readonly folder: string) {}

  /** The ids of the runs that have one. */
  async list(): Promise<readonly string[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  }

  async read(sessionId: string): Promise<WorktreeNote | null> {
    const text = await readFile(this.#toFile(sessionId), 'utf8').catch(() => null);
    if (text === null) {
      return null;
    }
    try {
      return noteSchema.parse(JSON.parse(text));
    } catch {
      return null; // nothing of ours
    }
  }

  /** Whole or not at all: without its note nobody finds a worktree that is there. */
  async write(note: WorktreeNote): Promise<void> {
    const file = this.#toFile(note.sessionId);
    const next = `${file}.${randomUUID()}`;
    try {
      await writeFile(next, JSON.stringify(note), { mode: ownerFile });
      await rename(next, file);
    } finally {
      await rm(next, { force: true });
    }
  }

  async remove(sessionId: string): Promise<void> {
    await rm(this.#toFile(sessionId), { force: true });
  }

  /** When it was written last, as epoch ms; null: there is none. */
  async readTime(sessionId: string): Promise<number | null> {
    return (await stat(this.#toFile(sessionId)).catch(() => null))?.mtimeMs ?? null;
  }

  #toFile(sessionId: string): string {
    return path.join(this.folder, `${sessionId}.json`);
  }
}
