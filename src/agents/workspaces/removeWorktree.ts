// Removes a worktree, whatever is in it, and whatever of it is there.

import { rm } from 'node:fs/promises';
import { runGit } from './git';
import type { WorktreeNote } from './worktreeNote';

/** Its folder and what the repository knows of it; with `dropsBranch` what was committed on its branch too. */
export async function removeWorktree(
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
