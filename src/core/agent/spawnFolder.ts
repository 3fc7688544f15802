// Which folder a new run may be given: one that its profile allows, and for a child one of its parent's.

import { RlmError } from '../errors';
import type { AgentInfo } from './agentEvent';
import type { Profile } from './profile';
import type { Workspaces } from './workspaces';

/** The run whose agent asks, and the folders it works in now. */
export interface FolderParent {
  readonly info: AgentInfo;
  readonly folders: readonly string[];
}

/** @throws RlmError 'PATH_NOT_ALLOWED' */
export async function checkSpawnFolder(
  folder: string,
  { profile, parent }: { readonly profile: Profile; readonly parent: FolderParent | null },
  workspaces: Pick<Workspaces, 'readFolder'>,
): Promise<void> {
  const allowed = await readAllowed(profile.workspace.allow, workspaces);
  if (allowed.length > 0 && !allowed.some((root) => isBelow(folder, root))) {
    throw new RlmError('PATH_NOT_ALLOWED', `Profile ${profile.id} may not work in ${folder}.`, {
      nextStep: `Take a folder below one of: ${profile.workspace.allow.join(', ')}.`,
    });
  }
  if (!parent) {
    return;
  }
  const { permissions } = parent.info;
  const hasGlobs = permissions.deny.length > 0 || permissions.write.length > 0;
  const roots = [parent.info.folder, ...parent.folders];
  const isAllowed = roots.some(
    (root) => (hasGlobs ? folder === root : isBelow(folder, root)), // globs are about paths from their folder on
  );
  if (!isAllowed) {
    throw new RlmError('PATH_NOT_ALLOWED', `A child may not work in ${folder}.`, {
      nextStep: `Name no folder: it works where its parent does (${parent.info.folder}).`,
    });
  }
}

/** By their real paths; one that is not there allows nothing. */
async function readAllowed(
  folders: readonly string[],
  workspaces: Pick<Workspaces, 'readFolder'>,
): Promise<readonly string[]> {
  return Promise.all(
    folders.map((folder) =>
      workspaces.readFolder(folder).then(
        (found) => found.folder,
        () => folder,
      ),
    ),
  );
}

function isBelow(folder: string, root: string): boolean {
  const start = /[\\/]$/u.test(root) ? root : `${root}${root.includes('\\') ? '\\' : '/'}`;
  return folder === root || folder.startsWith(start);
}
