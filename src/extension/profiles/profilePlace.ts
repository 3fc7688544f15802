// Which files are profiles of agents.

import path from 'node:path';

/** `home`: the folder of the user's profiles. */
export function isProfileFile(file: string, home: string): boolean {
  const folder = path.dirname(file);
  const isOfWorkspace =
    path.basename(folder) === 'profiles' && path.basename(path.dirname(folder)) === '.rlm';
  return /\.ya?ml$/u.test(file) && (isOfWorkspace || folder === path.normalize(home));
}
