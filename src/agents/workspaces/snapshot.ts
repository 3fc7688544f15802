// What a folder of a repository holds, as a tree of git's, and what differs between two of them: files that are not
// tracked yet among it, those that are ignored not. The repository's own index is not touched.

import { randomUUID } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FileChange } from '../../core/agent/agentEvent';
import type { WorkspaceChanges } from '../../core/agent/workspaces';
import { runGit } from './git';

const maxDiffChars = 400_000;

/** The id of the tree. */
export async function takeSnapshot(cwd: string, signal?: AbortSignal): Promise<string> {
  const call = { cwd, ...(signal && { signal }) };
  const index = path.join(tmpdir(), `rlm-index-${randomUUID()}`);
  const environment = { GIT_INDEX_FILE: index };
  try {
    const own = (await runGit(['rev-parse', '--git-path', 'index'], call)).trim();
    // Its knowledge of times and sizes spares reading every file again.
    await copyFile(path.resolve(cwd, own), index).catch(() => undefined);
    await runGit(['add', '--all', '--', '.'], { ...call, environment });
    return (await runGit(['write-tree'], { ...call, environment })).trim();
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

export async function compareSnapshots(
  cwd: string,
  { from, to }: { readonly from: string; readonly to: string },
  signal?: AbortSignal,
): Promise<WorkspaceChanges> {
  const call = { cwd, ...(signal && { signal }) };
  const range = ['--no-renames', '--relative', from, to];
  const names = await runGit(['diff-tree', '-r', '--name-status', '-z', ...range], call);
  const diff = await runGit(
    ['diff-tree', '-r', '-p', '--no-ext-diff', '--no-textconv', ...range],
    call,
  );
  return {
    changes: parseNames(names),
    diff: diff.slice(0, maxDiffChars),
    droppedChars: Math.max(0, diff.length - maxDiffChars),
  };
}

const kinds: Readonly<Record<string, FileChange['change']>> = { A: 'add', D: 'delete' };

function parseNames(output: string): readonly FileChange[] {
  const fields = output.split('\0');
  const changes: FileChange[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [status = '', name = ''] = [fields[at], fields[at + 1]];
    changes.push({ path: name, change: kinds[status[0] ?? ''] ?? 'update' });
  }
  return changes;
}
