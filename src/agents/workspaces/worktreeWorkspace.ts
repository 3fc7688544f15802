// A run that works in a git worktree of its own.

import path from 'node:path';
import type { Workspace, WorkspaceChanges, WorkspacePlace } from '../../core/agent/workspaces';
import { runGit } from './git';
import { findOutside } from './insideFolder';
import { holdsOwnWork } from './ownWork';
import { compareSnapshots, takeSnapshot } from './snapshot';
import type { WorktreeNote } from './worktreeNote';

export class WorktreeWorkspace implements Workspace {
  readonly writableRoots = [];
  readonly #note: WorktreeNote;
  readonly #remove: () => Promise<void>;
  readonly #container: string | null;
  readonly notes: readonly string[];

  constructor(
    note: WorktreeNote,
    parts: {
      readonly notes: readonly string[];
      /** Its name, where the run works in one. */
      readonly container: string | null;
      readonly remove: () => Promise<void>;
    },
  ) {
    this.#container = parts.container;
    this.#note = note;
    this.#remove = parts.remove;
    this.notes = parts.notes;
  }

  get place(): WorkspacePlace {
    return { folder: this.#note.folder, branch: this.#note.branch, container: this.#container };
  }

  get cwd(): string {
    return path.join(this.#note.folder, this.#note.within);
  }

  findViolations(paths: readonly string[]): Promise<readonly string[]> {
    return findOutside(this.cwd, paths);
  }

  async readChanges(signal: AbortSignal): Promise<WorkspaceChanges> {
    const to = await takeSnapshot(this.#note.folder, signal);
    return compareSnapshots(this.cwd, { from: this.#note.tree, to }, signal);
  }

  async commit(message: string, signal: AbortSignal) {
    const { folder, branch } = this.#note;
    const call = { cwd: folder, signal };
    await runGit(['add', '--all', '--', '.'], call);
    await runGit(['commit', '--quiet', '--no-verify', '-m', message], call);
    return { commit: (await runGit(['rev-parse', 'HEAD'], call)).trim(), branch };
  }

  async release(): Promise<readonly string[]> {
    const { folder, branch } = this.#note;
    const holdsWork = await holdsOwnWork(this.#note);
    if (!holdsWork) {
      await this.#remove().catch(() => undefined);
      return [];
    }
    return [`branch ${branch} in ${folder}`];
  }
}
