// Where agents work on this machine: the folder itself, or a git worktree of it below the home.

import { mkdir, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { Disposable } from '../../base/disposable';
import { ownerFile, ownerFolder } from '../../base/ownerOnly';
import type { Clock } from '../../core/clock';
import { RlmError, throwIfAborted } from '../../core/errors';
import type {
  LeftWorkspace,
  Workspace,
  WorkspaceChanges,
  WorkspacePlace,
  WorkspaceRequest,
  WorkspaceStatus,
  Workspaces,
} from '../../core/agent/workspaces';
import { FolderLeases } from './folderLeases';
import { findRepository, readGitVersion, runGit } from './git';
import { compareSnapshots, takeSnapshot } from './snapshot';

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

/** Beside each worktree, so that it is found again when its engine is gone. */
const noteSchema = z.object({
  sessionId: z.string(),
  engineId: z.string(),
  repository: z.string(),
  folder: z.string(),
  branch: z.string(),
  base: z.string(),
  tree: z.string(),
  /** Below the worktree: the part of the repository that it was asked to work on. */
  within: z.string(),
});
type WorktreeNote = z.output<typeof noteSchema>;

export class LocalWorkspaces implements Workspaces {
  readonly #parts: WorkspaceParts;
  readonly #leases: FolderLeases;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
    this.#leases = new FolderLeases({ ...parts, folder: path.join(parts.home, 'leases') });
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
        return this.#openFolder(request, signal);
      case 'worktree':
        return this.#createWorktree(request, signal);
      case 'container':
        throw new RlmError('BACKEND_UNAVAILABLE', 'Agents in containers are not built yet.', {
          nextStep: 'Take isolation worktree, whose commands run in the sandbox of Codex.',
        });
    }
  }

  async reopen(
    place: WorkspacePlace,
    request: WorkspaceRequest,
    signal: AbortSignal,
  ): Promise<Workspace> {
    if (request.isolation !== 'worktree') {
      return this.prepare(request, signal);
    }
    const note = await this.#readNote(request.sessionId);
    if (!note || !(await stat(note.folder).catch(() => null))) {
      return this.#createWorktree(request, signal, place.branch);
    }
    await this.#writeNote({ ...note, engineId: this.#parts.engineId });
    return this.#toWorktree(note);
  }

  async listLeft(): Promise<readonly LeftWorkspace[]> {
    const names = await readdir(this.#worktrees).catch(() => []);
    const notes = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .map((name) => this.#readNote(name.slice(0, -5))),
    );
    const left: LeftWorkspace[] = [];
    for (const note of notes) {
      if (note && !(await this.#parts.isEngineAlive(note.engineId))) {
        left.push(await this.#toLeft(note));
      }
    }
    return left;
  }

  async remove(left: LeftWorkspace, force: boolean): Promise<void> {
    if (left.holdsWork && !force) {
      throw new RlmError('INVALID_INPUT', `${left.place.folder} holds work that is nowhere else.`, {
        nextStep: `Look at it with git -C ${left.place.folder} status, or remove it with --force.`,
      });
    }
    const note = await this.#readNote(left.sessionId);
    if (note) {
      await this.#removeWorktree(note, true);
    }
  }

  async readStatus(): Promise<WorkspaceStatus> {
    const names = await readdir(this.#worktrees).catch(() => []);
    return {
      git: await readGitVersion(),
      containers: null,
      worktrees: names.filter((name) => name.endsWith('.json')).length,
      bytes: 0,
    };
  }

  get #worktrees(): string {
    return path.join(this.#parts.home, 'worktrees');
  }

  async #openFolder(request: WorkspaceRequest, signal: AbortSignal): Promise<Workspace> {
    const { folder, sessionId, writes, onQueued } = request;
    const lease = writes ? await this.#leases.take(folder, sessionId, { signal, onQueued }) : null;
    try {
      const isRepository = (await findRepository(folder)) !== null;
      const tree = isRepository ? await takeSnapshot(folder, signal) : null;
      return new FolderWorkspace({ folder, tree, lease });
    } catch (thrown) {
      lease?.dispose();
      throw thrown;
    }
  }

  async #createWorktree(
    request: WorkspaceRequest,
    signal: AbortSignal,
    branch: string | null = null,
  ): Promise<Workspace> {
    const { sessionId, profileId, folder: asked } = request;
    const repository = await findRepository(asked);
    if (repository === null) {
      throw new RlmError('INVALID_INPUT', `${asked} is in no git repository with a commit.`, {
        nextStep:
          'Take isolation folder, or make a repository of it with git init and a first commit.',
      });
    }
    const name = branch ?? `rlm/${profileId}-${sessionId.slice(-12)}`;
    const folder = path.join(this.#worktrees, sessionId);
    const base = (await runGit(['rev-parse', 'HEAD'], { cwd: repository, signal })).trim();
    const call = { cwd: repository, signal };
    const isThere = await runGit(
      ['rev-parse', '--verify', '--quiet', `refs/heads/${name}`],
      call,
    ).then(
      () => true,
      () => false, // a worktree without work was removed with its branch
    );
    const start = isThere ? [folder, name] : ['-b', name, folder, base];
    await mkdir(this.#worktrees, { recursive: true, mode: ownerFolder });
    const within = path.relative(await realpath(repository), asked);
    const note = {
      ...{ sessionId, repository, folder, branch: name, base, within },
      engineId: this.#parts.engineId,
      tree: '',
    };
    try {
      await this.#writeNote(note); // before it is there, so that none is left that nobody knows
      const lock = ['--lock', '--reason', `RLM session ${sessionId}`];
      await runGit(['worktree', 'add', ...lock, ...start], { cwd: repository, signal });
      const tree = await takeSnapshot(folder, signal);
      await this.#writeNote({ ...note, tree });
      return this.#toWorktree({ ...note, tree }, await this.#describeLeftOut(call));
    } catch (thrown) {
      await this.#removeWorktree(note, !isThere).catch(() => undefined);
      throw thrown;
    }
  }

  #toWorktree(note: WorktreeNote, notes: readonly string[] = []): Workspace {
    return new WorktreeWorkspace(note, { notes, remove: () => this.#removeWorktree(note, true) });
  }

  /** The worktree begins at the last commit: what is not committed must not be missed without a word. */
  async #describeLeftOut(call: { readonly cwd: string; readonly signal: AbortSignal }) {
    const status = await runGit(['status', '--porcelain', '-z', '--no-renames'], call);
    const files = status
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => line.slice(3));
    if (files.length === 0) {
      return [];
    }
    const named = files.slice(0, 10).join(', ');
    const more = files.length > 10 ? ` and ${files.length - 10} more` : '';
    return [
      `This worktree begins at the last commit of ${call.cwd}. Not in it, as they are not committed there: ${named}${more}.`,
    ];
  }

  async #removeWorktree(note: WorktreeNote, dropsBranch: boolean): Promise<void> {
    const { repository, folder, branch, sessionId } = note;
    const call = { cwd: repository };
    await runGit(['worktree', 'unlock', folder], call).catch(() => undefined);
    await runGit(['worktree', 'remove', '--force', folder], call).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
    await runGit(['worktree', 'prune'], call).catch(() => undefined);
    if (dropsBranch) {
      await runGit(['branch', '-D', branch], call).catch(() => undefined);
    }
    await rm(this.#toNoteFile(sessionId), { force: true });
  }

  async #toLeft(note: WorktreeNote): Promise<LeftWorkspace> {
    const { folder, branch, sessionId } = note;
    const found = await stat(this.#toNoteFile(sessionId)).catch(() => null);
    const holdsWork = await holdsOwnWork(note).catch(() => true); // rather kept than lost
    return {
      place: { folder, branch, container: null },
      sessionId,
      ageMs: found ? Math.max(0, this.#parts.clock.now() - found.mtimeMs) : 0,
      bytes: null,
      holdsWork,
    };
  }

  #toNoteFile(sessionId: string): string {
    return path.join(this.#worktrees, `${sessionId}.json`);
  }

  async #readNote(sessionId: string): Promise<WorktreeNote | null> {
    const text = await readFile(this.#toNoteFile(sessionId), 'utf8').catch(() => null);
    if (text === null) {
      return null;
    }
    try {
      return noteSchema.parse(JSON.parse(text));
    } catch {
      return null; // half written: its worktree was not made
    }
  }

  async #writeNote(note: WorktreeNote): Promise<void> {
    await writeFile(this.#toNoteFile(note.sessionId), JSON.stringify(note), { mode: ownerFile });
  }
}

const noRepositoryNote =
  'This folder is in no git repository: what commands change in it is not on record, only patches are.';

async function holdsOwnWork({ folder, base, tree }: WorktreeNote): Promise<boolean> {
  if (!(await stat(folder).catch(() => null))) {
    return false;
  }
  const head = (await runGit(['rev-parse', 'HEAD'], { cwd: folder })).trim();
  return head !== base || tree === '' || (await takeSnapshot(folder)) !== tree;
}

/** The folder itself, which others may be at work in too; its lease keeps other agents out. */
class FolderWorkspace implements Workspace {
  readonly command = null;
  readonly writableRoots = [];
  readonly #folder: string;
  readonly notes: readonly string[];
  /** Null: in no repository. */
  readonly #tree: string | null;
  readonly #lease: Disposable | null;

  constructor(parts: {
    readonly folder: string;
    readonly tree: string | null;
    readonly lease: Disposable | null;
  }) {
    this.#folder = parts.folder;
    this.notes = parts.tree === null ? [noRepositoryNote] : [];
    this.#tree = parts.tree;
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
    if (this.#tree === null) {
      return { changes: [], diff: '', droppedChars: 0 }; // without a repository only patches are told
    }
    const to = await takeSnapshot(this.#folder, signal);
    return compareSnapshots(this.#folder, { from: this.#tree, to }, signal);
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

class WorktreeWorkspace implements Workspace {
  readonly command = null;
  readonly writableRoots = [];
  readonly #note: WorktreeNote;
  readonly #remove: () => Promise<void>;
  readonly notes: readonly string[];

  constructor(
    note: WorktreeNote,
    parts: { readonly notes: readonly string[]; readonly remove: () => Promise<void> },
  ) {
    this.#note = note;
    this.#remove = parts.remove;
    this.notes = parts.notes;
  }

  get place(): WorkspacePlace {
    return { folder: this.#note.folder, branch: this.#note.branch, container: null };
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
    const holdsWork = await holdsOwnWork(this.#note).catch(() => true); // rather kept than lost
    if (!holdsWork) {
      await this.#remove().catch(() => undefined);
      return [];
    }
    return [`branch ${branch} in ${folder}`];
  }
}

/** By their real paths: a link may lead anywhere. */
async function findOutside(cwd: string, paths: readonly string[]): Promise<readonly string[]> {
  const root = await realpath(cwd).catch(() => cwd);
  const outside = await Promise.all(
    paths.map(async (one) => {
      const absolute = path.resolve(cwd, one);
      const folder = await realpath(path.dirname(absolute)).catch(() => path.dirname(absolute));
      return isInside(root, path.join(folder, path.basename(absolute))) ? null : one;
    }),
  );
  return outside.filter((one) => one !== null);
}

function isInside(folder: string, candidate: string): boolean {
  const way = path.relative(folder, candidate);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
