// Removes a worktree, whatever is in it, and whatever of it is there.

import { rm } from 'node:fs/promises';
import { runGit } from './git';
import { changeWorktrees } from './repositoryTurns';
import type { WorktreeNote } from './worktreeNote';

/** Its folder and what the repository knows of it; with `dropsBranch` what was committed on its branch too. */
export async function removeWorktree(note: WorktreeNote, dropsBranch: boolean): Promise<void> {
  await changeWorktrees(note.repository, () => clearWorktree(note, dropsBranch));
}

/** The same in a turn of the repository that is the caller's. What git does not know of does not hold it up. */
export async function clearWorktree(
  { repository, folder, branch }: WorktreeNote,
  dropsBranch: boolean,
): Promise<void> {
  const call = { cwd: repository };
  await runGit(['worktree', 'unlock', folder], call).catch(() => undefined);
  await runGit(['worktree', 'remove', '--force', folder], call).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  await runGit(['worktree', 'prune'], call).catch(() => undefined);
  if (dropsBranch) {
    await runGit(['branch', '-D', branch], call).catch(() => undefined);
  }
}
