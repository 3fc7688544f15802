// What a run has left in its worktree, as a person judges it: looks at it, takes it, merges it back, or drops it. What is
// dropped stays reachable in the repository, and a merge that does not go through changes nothing.

import path from 'node:path';
import { RlmError } from '../../core/errors';
import type { MergePreview, WorkspaceChanges, WorkspaceReview } from '../../core/agent/workspaces';
import { type GitPlace, askGit, readGitPlace, runGit, runGitIn } from './git';
import { compareSnapshots, takeSnapshot } from './snapshot';
import { type WorktreeNote, toGitPlace } from './worktreeNote';
import { WorktreeWorkspace } from './worktreeWorkspace';

/** Whoever has set no name of his own can still drop work. */
const ownIdentity = {
  ...{ GIT_AUTHOR_NAME: 'RLM Companion', GIT_AUTHOR_EMAIL: 'rlm@localhost' },
  ...{ GIT_COMMITTER_NAME: 'RLM Companion', GIT_COMMITTER_EMAIL: 'rlm@localhost' },
};

export class WorktreeReview implements WorkspaceReview {
  readonly #note: WorktreeNote;
  readonly #remove: () => Promise<void>;

  /** `remove`: with its branch. */
  constructor(note: WorktreeNote, remove: () => Promise<void>) {
    this.#note = note;
    this.#remove = remove;
  }

  get folder(): string {
    return path.join(this.#note.folder, this.#note.within);
  }

  get #place(): GitPlace {
    return toGitPlace(this.#note);
  }

  get branch(): string {
    return this.#note.branch;
  }

  get repository(): string {
    return this.#note.repository;
  }

  readChanges(signal: AbortSignal): Promise<WorkspaceChanges> {
    return this.#toWorkspace().readChanges(signal);
  }

  async readOriginal(file: string): Promise<string> {
    const { tree, within } = this.#note;
    const name = path.posix.join(within.replaceAll(path.sep, '/'), file);
    return runGitIn(this.#place, ['show', '--no-textconv', `${tree}:${name}`]);
  }

  async commit(message: string, signal: AbortSignal) {
    if (!(await this.#isDirty(signal))) {
      throw new RlmError('INVALID_INPUT', `Nothing is left to commit on ${this.branch}.`, {
        nextStep: 'Merge the branch, or look at it with git log.',
      });
    }
    return this.#toWorkspace().commit(message, signal);
  }

  async previewMerge(signal: AbortSignal): Promise<MergePreview> {
    const { repository, branch } = this.#note;
    const call = { cwd: repository, signal };
    if (await this.#isDirty(signal)) {
      throw new RlmError('INVALID_INPUT', 'Not all that the agent has changed is committed.', {
        nextStep: 'Accept its changes first, which commits them on its branch.',
      });
    }
    const count = await runGit(['rev-list', '--count', `HEAD..refs/heads/${branch}`], call);
    const into = await runGit(['rev-parse', '--abbrev-ref', 'HEAD'], call);
    const both = await runGit(['rev-parse', `refs/heads/${branch}`, 'HEAD'], call);
    const [tip = '', head = ''] = both.split('\n');
    const { code, output } = await askGit(
      ['merge-tree', '--write-tree', '--name-only', '--no-messages', head, tip],
      call,
      [0, 1],
    );
    const [tree = '', ...names] = output.split('\n').filter((line) => line !== '');
    const isClean = code === 0;
    const compared = isClean
      ? await compareSnapshots(await readGitPlace(repository, signal), { from: head, to: tree })
      : null;
    return {
      into: into.trim(),
      ...{ tip, head },
      commits: Number(count.trim()),
      changes: compared?.changes ?? [],
      conflicts: isClean ? [] : [...new Set(names)],
    };
  }

  async merge(
    message: string,
    shown: Pick<MergePreview, 'tip' | 'head'>,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string }> {
    const { commits, conflicts, into, tip, head } = await this.previewMerge(signal);
    const { repository, branch } = this.#note;
    const call = { cwd: repository };
    if (conflicts.length > 0) {
      throw new RlmError(
        'INVALID_INPUT',
        `${branch} does not merge into ${into} by itself, and nothing was changed. In conflict: ${conflicts.join(', ')}.`,
        { nextStep: `Merge it by hand in ${repository}, with git merge ${branch}.` },
      );
    }
    if (commits === 0) {
      throw new RlmError('INVALID_INPUT', `${into} has all that is on ${branch}.`, {
        nextStep: 'Discard the worktree, which nothing needs any more.',
      });
    }
    if (tip !== shown.tip || head !== shown.head) {
      throw new RlmError(
        'INVALID_INPUT',
        `${tip === shown.tip ? into : branch} has gone on since it was shown.`,
        { nextStep: 'Look at what would be merged now, and merge then.' },
      );
    }
    if (await this.#hasBegunMerge()) {
      throw new RlmError('INVALID_INPUT', `A merge is under way in ${repository}.`, {
        nextStep:
          'Finish it with git commit, or give it up with git merge --abort, and merge then.',
      });
    }
    // Not cut off in the middle: git refuses by itself where changes that are not committed are in the way.
    const args = ['merge', '--no-ff', '--no-verify', '--no-edit', '-m', message];
    try {
      await runGit([...args, tip], call);
    } catch (thrown) {
      // Ours alone: it is mostly none, and a person may have begun one meanwhile.
      if (await this.#hasBegunMerge(tip)) {
        await runGit(['merge', '--abort'], call).catch(() => undefined);
      }
      throw thrown;
    }
    return { commit: (await runGit(['rev-parse', 'HEAD'], call)).trim() };
  }

  async discard(): Promise<{ readonly keptAs: string }> {
    const { repository, sessionId, branch } = this.#note;
    const tree = await takeSnapshot(this.#place);
    const head = (await runGitIn(this.#place, ['rev-parse', 'HEAD'])).trim();
    const words = `Discarded work of agent run ${sessionId}`;
    const commit = await runGitIn(this.#place, ['commit-tree', tree, '-p', head, '-m', words], {
      environment: ownIdentity,
    });
    const tip = `refs/heads/${branch}`;
    const keptAs = await this.#findFreeRef();
    await createRef(repository, keptAs, commit.trim());
    // The agent may have left its branch for another place: what is on it is kept too.
    const isOnBranch = await askGit(
      ['merge-base', '--is-ancestor', tip, head],
      { cwd: repository },
      [0, 1, 128],
    );
    if (isOnBranch.code === 1) {
      await createRef(repository, `${keptAs}-branch`, tip);
    }
    await this.#remove();
    return { keptAs };
  }

  /** A run may go on after its work was discarded, and be discarded again: what was kept before stays. */
  async #findFreeRef(): Promise<string> {
    const { repository, sessionId } = this.#note;
    const first = `refs/rlm/discarded/${sessionId}`;
    const pattern = ['refs/rlm/discarded', '--format=%(refname)'];
    const listed = await runGit(['for-each-ref', ...pattern], { cwd: repository });
    const taken = new Set(listed.split('\n'));
    let name = first;
    for (let count = 2; taken.has(name) || taken.has(`${name}-branch`); count += 1) {
      name = `${first}-${count}`;
    }
    return name;
  }

  /** `of`: only one of that commit; left out: any. */
  async #hasBegunMerge(of?: string): Promise<boolean> {
    const call = { cwd: this.#note.repository };
    const read = (name: string) =>
      askGit(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], call, [0, 1]);
    const found = await read('MERGE_HEAD');
    const isThere = found.code === 0;
    return isThere && (of === undefined || found.output === (await read(of)).output);
  }

  async #isDirty(signal: AbortSignal): Promise<boolean> {
    const tree = await takeSnapshot(this.#place, signal);
    const head = await runGitIn(this.#place, ['rev-parse', 'HEAD^{tree}'], { signal });
    return tree !== head.trim();
  }

  #toWorkspace(): WorktreeWorkspace {
    return new WorktreeWorkspace(this.#note, {
      notes: [],
      container: null,
      remove: this.#remove,
    });
  }
}

/** @throws RlmError where it is there already: it may be all that keeps something. */
async function createRef(repository: string, name: string, target: string): Promise<void> {
  await runGit(['update-ref', name, target, ''], { cwd: repository });
}
