// Where agents work on this machine: the folder itself, or a git worktree of it below the home.

import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../core/clock';
import { RlmError, throwIfAborted } from '../../core/errors';
import type {
  LeftWorkspace,
  Workspace,
  WorkspacePlace,
  WorkspaceRequest,
  WorkspaceReview,
  WorkspaceStatus,
  Workspaces,
} from '../../core/agent/workspaces';
import { FolderLeases } from './folderLeases';
import { openFolder } from './folderWorkspace';
import { findRepository, readGitVersion } from './git';
import { isInside } from './insideFolder';
import { Worktrees } from './worktrees';

interface WorkspaceParts {
  /** `<home>/agents`. */
  readonly home: string;
  /** Folders that agents may be given. */
  readonly roots: readonly string[];
  readonly baseFolder: string;
  readonly engineId: string;
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
  readonly clock: Clock;
}

export class LocalWorkspaces implements Workspaces {
  readonly #parts: WorkspaceParts;
  readonly #leases: FolderLeases;
  readonly #worktrees: Worktrees;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
    this.#leases = new FolderLeases({ ...parts, folder: path.join(parts.home, 'leases') });
    this.#worktrees = new Worktrees({ ...parts, folder: path.join(parts.home, 'worktrees') });
  }

  async readFolder(given: string | null) {
    const { baseFolder, roots } = this.#parts;
    const absolute = path.resolve(baseFolder, given ?? '.');
    const folder = await realpath(absolute).catch(() => null);
    if (folder === null || !(await stat(folder)).isDirectory()) {
      throw new RlmError('INVALID_INPUT', `${absolute} is no folder.`, {
        nextStep: 'Name a folder that is there.',
      });
    }
    const real = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
    if (!real.some((root) => root !== null && isInside(root, folder))) {
      throw new RlmError(
        'PATH_NOT_ALLOWED',
        `${folder} is outside the folders that agents may work in (${roots.join(', ') || 'none is allowed'}).`,
        { nextStep: 'Ask the user to open that folder, or to allow it with --root.' },
      );
    }
    return { folder, isRepository: (await findRepository(folder)) !== null };
  }

  async prepare(request: WorkspaceRequest, signal: AbortSignal): Promise<Workspace> {
    throwIfAborted(signal, 'Preparing the workspace');
    switch (request.isolation) {
      case 'folder':
        return openFolder(request, this.#leases, signal);
      case 'worktree':
      case 'container':
        return this.#worktrees.create(request, signal);
    }
  }

  async reopen(
    place: WorkspacePlace,
    request: WorkspaceRequest,
    signal: AbortSignal,
  ): Promise<Workspace> {
    if (request.isolation === 'folder') {
      return this.prepare(request, signal);
    }
    return this.#worktrees.reopen(place, request, signal);
  }

  listLeft(): Promise<readonly LeftWorkspace[]> {
    return this.#worktrees.listLeft();
  }

  async remove(left: LeftWorkspace, force: boolean): Promise<void> {
    if (left.holdsWork && !force) {
      throw new RlmError('INVALID_INPUT', `${left.place.folder} holds work that is nowhere else.`, {
        nextStep: `Look at it with git -C ${left.place.folder} status, or remove it with --force.`,
      });
    }
    const note = await this.#worktrees.find(left.sessionId);
    if (note) {
      await this.#worktrees.remove(note, true);
    }
  }

  openReview(sessionId: string): Promise<WorkspaceReview | null> {
    return this.#worktrees.openReview(sessionId);
  }

  async readStatus(): Promise<WorkspaceStatus> {
    return {
      git: await readGitVersion(),
      containers: null,
      worktrees: await this.#worktrees.count(),
      bytes: 0,
    };
  }
}
