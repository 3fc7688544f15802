// Git worktrees of runs: each locked, on a branch of its own, with a note beside it.

import { mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { ownerFolder } from '../../base/ownerOnly';
import type { Clock } from '../../core/clock';
import { toBoxName } from '../../core/agent/agentBoxes';
import { RlmError } from '../../core/errors';
import type {
  LeftWorkspace,
  Workspace,
  WorkspacePlace,
  WorkspaceRequest,
  WorkspaceReview,
} from '../../core/agent/workspaces';
import { askGit, findMainWorktree, readGitPlace, runGit, runGitIn } from './git';
import { holdsOwnWork } from './ownWork';
import { clearWorktree, removeWorktree } from './removeWorktree';
import { changeWorktrees } from './repositoryTurns';
import { takeSnapshot } from './snapshot';
import { isInside } from './insideFolder';
import { type WorktreeNote, WorktreeNotes, toGitPlace } from './worktreeNote';
import { WorktreeReview } from './worktreeReview';
import { WorktreeWorkspace } from './worktreeWorkspace';

interface WorktreesParts {
  /** Where they lie. */
  readonly folder: string;
  readonly engineId: string;
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
  readonly clock: Clock;
}

/** The repository is not given to the container: its settings may hold keys, and its git would prune worktrees. */
const insideNote =
  'You work in a container without a network: only this folder and /tmp can be written to. git cannot be used in it; what you change is read and committed from outside.';

export class Worktrees {
  readonly #parts: WorktreesParts;
  readonly #notes: WorktreeNotes;

  constructor(parts: WorktreesParts) {
    this.#parts = parts;
    this.#notes = new WorktreeNotes(parts.folder);
  }

  async count(): Promise<number> {
    return (await this.#notes.list()).length;
  }

  async find(sessionId: string): Promise<WorktreeNote | null> {
    return this.#notes.read(sessionId);
  }

  /** The one that an earlier engine has left, or another on the same branch where it is gone. */
  async reopen(
    place: WorkspacePlace,
    request: WorkspaceRequest,
    signal: AbortSignal,
  ): Promise<Workspace> {
    const note = await this.#notes.read(request.sessionId);
    if (!note || !(await stat(note.folder).catch(() => null))) {
      return this.create(request, signal, place.branch);
    }
    await this.#notes.write({ ...note, engineId: this.#parts.engineId });
    return this.#toWorktree(note, request);
  }

  /** Those of engines that are gone. */
  async listLeft(): Promise<readonly LeftWorkspace[]> {
    const ids = await this.#notes.list();
    const notes = await Promise.all(ids.map((id) => this.#notes.read(id)));
    const left: LeftWorkspace[] = [];
    for (const note of notes) {
      if (note && !(await this.#parts.isEngineAlive(note.engineId))) {
        left.push(await this.#toLeft(note));
      }
    }
    return left;
  }

  /** `branch`: one that holds what an earlier worktree of the run had; null: a new one. */
  async create(
    request: WorkspaceRequest,
    signal: AbortSignal,
    branch: string | null = null,
  ): Promise<Workspace> {
    const { sessionId, profileId } = request;
    const source = request.parentFolder ?? request.folder;
    const parent = request.parentFolder === null ? null : await this.#findAround(source);
    const repository = parent?.repository ?? (await findMainWorktree(source));
    if (repository === null) {
      throw new RlmError('INVALID_INPUT', `${source} is in no git repository with a commit.`, {
        nextStep:
          'Take isolation folder, or make a repository of it with git init and a first commit.',
      });
    }
    const name = branch ?? `rlm/${profileId}-${sessionId.slice(-12)}`;
    const folder = path.join(this.#parts.folder, sessionId);
    const call = { cwd: repository, signal };
    const start = await this.#findStart(source, { request, parent }, signal);
    // A worktree without work was removed with its branch. Where it cannot be told nothing goes on: one that is taken
    // for missing would be made anew, and removed with all that is on it when that fails.
    const asked = await askGit(
      ['rev-parse', '--verify', '--quiet', `refs/heads/${name}`],
      call,
      [0, 1],
    );
    const isThere = asked.code === 0;
    const { base } = start;
    const at = isThere ? [folder, name] : ['-b', name, folder, base];
    await mkdir(this.#parts.folder, { recursive: true, mode: ownerFolder });
    const note = {
      ...{ sessionId, repository, folder, branch: name, base, within: start.within },
      engineId: this.#parts.engineId,
      ...{ tree: '', gitDir: '' },
    };
    try {
      await this.#notes.write(note); // before it is there, so that none is left that nobody knows
      const lock = ['--lock', '--reason', `RLM session ${sessionId}`];
      await changeWorktrees(repository, async () => {
        await runGit(['worktree', 'add', ...lock, ...at], call).catch(async (thrown: unknown) => {
          await clearWorktree(note, !isThere);
          throw thrown;
        });
      });
      const place = await readGitPlace(folder, signal);
      const tree = await takeSnapshot(place, signal);
      const whole = { ...note, tree, gitDir: place.gitDir };
      await this.#notes.write(whole);
      return this.#toWorktree(whole, request, start.notes);
    } catch (thrown) {
      await this.remove(note, !isThere).catch(() => undefined);
      throw thrown;
    }
  }

  #toWorktree(
    note: WorktreeNote,
    { isolation, sessionId }: WorkspaceRequest,
    notes: readonly string[] = [],
  ): Workspace {
    const isInside = isolation === 'container';
    return new WorktreeWorkspace(note, {
      notes: isInside ? [insideNote, ...notes] : notes,
      container: isInside ? toBoxName(sessionId) : null,
      remove: () => this.remove(note, true),
    });
  }

  /** The commit that the worktree begins at, and which part of it is worked on. */
  async #findStart(
    source: string,
    {
      request,
      parent,
    }: { readonly request: WorkspaceRequest; readonly parent: WorktreeNote | null },
    signal: AbortSignal,
  ): Promise<{
    readonly base: string;
    readonly within: string;
    readonly notes: readonly string[];
  }> {
    const place = parent ? toGitPlace(parent) : await readGitPlace(source, signal);
    const { top } = place;
    const git = async (...args: string[]): Promise<string> =>
      (await runGitIn(place, args, { signal })).trim();
    const head = await git('rev-parse', 'HEAD');
    const within = path.relative(await realpath(top), await realpath(source));
    if (request.parentFolder === null) {
      return { base: head, within, notes: await describeLeftOut({ cwd: top, signal }) };
    }
    const tree = await takeSnapshot({ ...place, folder: top }, signal);
    const headTree = await git('rev-parse', 'HEAD^{tree}');
    if (tree === headTree) {
      return { base: head, within, notes: [] };
    }
    const message = `What the parent of RLM session ${request.sessionId} had not committed`;
    const author = ['-c', 'user.name=RLM Companion', '-c', 'user.email=rlm@localhost'];
    return {
      base: await git(...author, 'commit-tree', tree, '-p', head, '-m', message),
      within,
      notes: [
        `This worktree begins with what its parent had in ${top} then, also with what was not committed there.`,
      ],
    };
  }

  /** The worktree of another run that a folder lies in: its agent may have written anything there, `.git` too. */
  async #findAround(folder: string): Promise<WorktreeNote | null> {
    const real = await realpath(folder).catch(() => folder);
    for (const id of await this.#notes.list()) {
      const note = await this.#notes.read(id);
      if (
        note &&
        note.gitDir !== '' &&
        isInside(await realpath(note.folder).catch(() => note.folder), real)
      ) {
        return note;
      }
    }
    return null;
  }

  async remove(note: WorktreeNote, dropsBranch: boolean): Promise<void> {
    await removeWorktree(note, dropsBranch);
    await this.#notes.remove(note.sessionId);
  }

  async openReview(sessionId: string): Promise<WorkspaceReview | null> {
    const note = await this.#notes.read(sessionId);
    const isThere = note !== null && (await stat(note.folder).catch(() => null)) !== null;
    return isThere && note.tree !== ''
      ? new WorktreeReview(note, () => this.remove(note, true))
      : null;
  }

  async #toLeft(note: WorktreeNote): Promise<LeftWorkspace> {
    const { folder, branch, sessionId } = note;
    const writtenAt = await this.#notes.readTime(sessionId);
    const holdsWork = await holdsOwnWork(note);
    return {
      place: { folder, branch, container: null },
      sessionId,
      ageMs: writtenAt === null ? 0 : Math.max(0, this.#parts.clock.now() - writtenAt),
      bytes: null,
      holdsWork,
    };
  }
}

/** A worktree begins at the last commit: what is not committed must not be missed without a word. */
async function describeLeftOut(call: { readonly cwd: string; readonly signal: AbortSignal }) {
  const status = await runGit(
    ['status', '--porcelain', '-z', '--no-renames', '--ignore-submodules=dirty'],
    call,
  );
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
