// A run that works in a git worktree of its own.

import path from 'node:path';
import type { Workspace, WorkspaceChanges, WorkspacePlace } from '../../core/agent/workspaces';
import { RlmError } from '../../core/errors';
import { runGitIn } from './git';
import { findOutside } from './insideFolder';
import { holdsOwnWork } from './ownWork';
import { compareSnapshots, takeSnapshot } from './snapshot';
import { type WorktreeNote, toGitPlace } from './worktreeNote';

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
    const to = await takeSnapshot(toGitPlace(this.#note), signal);
    const place = toGitPlace(this.#note, this.#note.within);
    return compareSnapshots(place, { from: this.#note.tree, to }, signal);
  }

  async commit(message: string, signal: AbortSignal) {
    const { branch } = this.#note;
    const place = toGitPlace(this.#note);
    const git = async (...args: string[]): Promise<string> =>
      (await runGitIn(place, args, { signal })).trim();
    const tree = await takeSnapshot(place, signal);
    const [parent = '', before] = (await git('rev-parse', 'HEAD', 'HEAD^{tree}')).split('\n');
    if (tree === before) {
      throw new RlmError('INVALID_INPUT', 'Nothing has changed since the last commit there.', {
        nextStep: 'Let the agent go on, or take the branch as it is.',
      });
    }
    // By its parts: the whole would ask repositories inside the folder for their status.
    const commit = await git('commit-tree', tree, '-p', parent, '-m', message);
    await git('update-ref', '-m', 'commit by the host', 'HEAD', commit, parent);
    await git('read-tree', commit);
    return { commit, branch };
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
