// What a folder of a repository holds, as a tree of git's, and what differs between two of them: files that are not
// tracked yet among it, those that are ignored not. The repository's own index is not touched.

import { randomUUID } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FileChange } from '../../core/agent/agentEvent';
import type { WorkspaceChanges } from '../../core/agent/workspaces';
import { type GitPlace, runGitIn } from './git';

const maxDiffChars = 400_000;

/** The id of the tree. */
export async function takeSnapshot(place: GitPlace, signal?: AbortSignal): Promise<string> {
  const call = signal ? { signal } : {};
  const index = path.join(tmpdir(), `rlm-index-${randomUUID()}`);
  const environment = { GIT_INDEX_FILE: index };
  try {
    // Its knowledge of times and sizes spares reading every file again.
    await copyFile(path.join(place.gitDir, 'index'), index).catch(() => undefined);
    await forgetRepositories(place, { ...call, environment });
    await runGitIn(place, ['add', '--all', '--', '.'], { ...call, environment });
    return (await runGitIn(place, ['write-tree'], { ...call, environment })).trim();
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/**
 * Takes repositories inside the folder out of the index: of one that stands there git would ask the status, and so run what
 * its settings name. Added anew, each is told by its last commit.
 */
async function forgetRepositories(
  place: GitPlace,
  call: {
    readonly signal?: AbortSignal;
    readonly environment: { readonly GIT_INDEX_FILE: string };
  },
): Promise<void> {
  const listed = await runGitIn(place, ['ls-files', '--stage', '-z', '--', '.'], call);
  const inner = listed
    .split('\0')
    .filter((line) => line.startsWith('160000 '))
    .map((line) => line.slice(line.indexOf('\t') + 1));
  if (inner.length === 0) {
    return;
  }
  await runGitIn(place, ['update-index', '--force-remove', '-z', '--stdin'], {
    ...call,
    input: inner.map((name) => `${name}\0`).join(''),
  });
}

/** Names are below the place's folder. */
export async function compareSnapshots(
  place: GitPlace,
  { from, to }: { readonly from: string; readonly to: string },
  signal?: AbortSignal,
): Promise<WorkspaceChanges> {
  const call = signal ? { signal } : {};
  const range = ['--no-renames', '--relative', from, to];
  const diff = await runGitIn(
    place,
    ['diff-tree', '-r', '-p', '--no-ext-diff', '--no-textconv', ...range],
    call,
  );
  return {
    changes: await listChanges(place, { from, to }, signal),
    diff: diff.slice(0, maxDiffChars),
    droppedChars: Math.max(0, diff.length - maxDiffChars),
  };
}

export async function listChanges(
  place: GitPlace,
  { from, to }: { readonly from: string; readonly to: string },
  signal?: AbortSignal,
): Promise<readonly FileChange[]> {
  const range = ['--no-renames', '--relative', from, to];
  const args = ['diff-tree', '-r', '--name-status', '-z', ...range];
  return parseNames(await runGitIn(place, args, signal ? { signal } : {}));
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
