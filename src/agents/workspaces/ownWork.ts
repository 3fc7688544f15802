// What is in a worktree and nowhere else.

import { stat } from 'node:fs/promises';
import { type GitPlace, readGitPlace, runGit, runGitIn } from './git';
import { listChanges, takeSnapshot } from './snapshot';
import { type WorktreeNote, toGitPlace } from './worktreeNote';

/** What is in a worktree, or on its branch, and nowhere else. */
export interface OwnWork {
  /** Files that are not as its last commit has them. */
  readonly files: number;
  readonly commits: number;
}

/** Null: nothing. @throws where it could not be looked at. */
export async function readOwnWork(note: WorktreeNote): Promise<OwnWork | null> {
  const { repository, folder, base, tree } = note;
  const isThere = (await stat(folder).catch(() => null)) !== null;
  const tips = await readTips(note, isThere);
  const commits = await countCommits(repository, tips, base);
  if (!isThere) {
    return commits > 0 ? { files: 0, commits } : null;
  }
  const place = await readPlace(note);
  const now = await takeSnapshot(place);
  if (tree !== '' && commits === 0 && now === tree) {
    return null;
  }
  const changes = await listChanges(place, { from: 'HEAD', to: now });
  // One whose making was cut off lacks files; no agent was ever in it.
  const own = tree === '' ? changes.filter(({ change }) => change !== 'delete') : changes;
  const files = own.length;
  const isMoved = tree !== '' && !tips.includes(base); // to a commit before it
  return files + commits > 0 || isMoved ? { files, commits } : null;
}

/** Its branch's last commit, and that of its HEAD, which the agent may have moved. */
async function readTips(note: WorktreeNote, isThere: boolean): Promise<readonly string[]> {
  const { repository, branch } = note;
  const ref = `refs/heads/${branch}`;
  const found = await runGit(['for-each-ref', '--format=%(objectname)', ref], { cwd: repository });
  const head = isThere ? await runGitIn(await readPlace(note), ['rev-parse', 'HEAD']) : '';
  return [...new Set([found.trim(), head.trim()])].filter((tip) => tip !== '');
}

/** Of one whose making was cut off it is not noted, and no agent was ever in it. */
async function readPlace(note: WorktreeNote): Promise<GitPlace> {
  return note.gitDir === '' ? readGitPlace(note.folder) : toGitPlace(note);
}

async function countCommits(
  repository: string,
  tips: readonly string[],
  base: string,
): Promise<number> {
  if (tips.length === 0) {
    return 0;
  }
  const count = await runGit(['rev-list', '--count', ...tips, `^${base}`], { cwd: repository });
  return Number(count.trim());
}

/** Also where it cannot be told: rather kept than lost. */
export function holdsOwnWork(note: WorktreeNote): Promise<boolean> {
  return readOwnWork(note).then(
    (work) => work !== null,
    () => true,
  );
}
