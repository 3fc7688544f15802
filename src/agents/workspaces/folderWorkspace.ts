// A run that works in the folder itself.

import type { Disposable } from '../../base/disposable';
import { RlmError } from '../../core/errors';
import type {
  Workspace,
  WorkspaceChanges,
  WorkspacePlace,
  WorkspaceRequest,
} from '../../core/agent/workspaces';
import type { FolderLeases } from './folderLeases';
import { type GitPlace, findRepository, readGitPlace } from './git';
import { findOutside } from './insideFolder';
import { compareSnapshots, takeSnapshot } from './snapshot';

const noRepositoryNote =
  'This folder is in no git repository: what commands change in it is not on record, only patches are.';

/** @throws RlmError 'CANCELLED' while another run writes there. */
export async function openFolder(
  request: WorkspaceRequest,
  leases: FolderLeases,
  signal: AbortSignal,
): Promise<Workspace> {
  const { sessionId, writes, onQueued } = request;
  const folder = request.parentFolder ?? request.folder;
  const lease = writes ? await leases.take(folder, sessionId, { signal, onQueued }) : null;
  try {
    const isRepository = (await findRepository(folder)) !== null;
    const place = isRepository ? await readGitPlace(folder, signal) : null;
    const base = place && { place, tree: await takeSnapshot(place, signal) };
    return new FolderWorkspace({ folder, base, lease });
  } catch (thrown) {
    lease?.dispose();
    throw thrown;
  }
}

/** What it was when the run began. */
interface FolderBase {
  readonly place: GitPlace;
  readonly tree: string;
}

/** The folder itself, which others may be at work in too; its lease keeps other agents out. */
class FolderWorkspace implements Workspace {
  readonly writableRoots = [];
  readonly #folder: string;
  readonly notes: readonly string[];
  /** Null: in no repository. */
  readonly #base: FolderBase | null;
  readonly #lease: Disposable | null;

  constructor(parts: {
    readonly folder: string;
    readonly base: FolderBase | null;
    readonly lease: Disposable | null;
  }) {
    this.#folder = parts.folder;
    this.notes = parts.base === null ? [noRepositoryNote] : [];
    this.#base = parts.base;
    this.#lease = parts.lease;
  }

  get place(): WorkspacePlace {
    return { folder: this.#folder, branch: null, container: null };
  }

  get cwd(): string {
    return this.#folder;
  }

  findViolations(paths: readonly string[]): Promise<readonly string[]> {
    return findOutside(this.#folder, paths);
  }

  async readChanges(signal: AbortSignal): Promise<WorkspaceChanges> {
    if (this.#base === null) {
      return { changes: [], diff: '', droppedChars: 0 }; // without a repository only patches are told
    }
    const { place, tree } = this.#base;
    const to = await takeSnapshot(place, signal);
    return compareSnapshots(place, { from: tree, to }, signal);
  }

  commit(): Promise<never> {
    return Promise.reject(
      new RlmError('INVALID_INPUT', 'This agent worked in the folder itself.', {
        nextStep: 'Look at what changed there, and commit it yourself.',
      }),
    );
  }

  async release(): Promise<readonly string[]> {
    this.#lease?.dispose();
    return [];
  }
}
