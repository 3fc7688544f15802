// Whether paths lie below a folder.

import { realpath } from 'node:fs/promises';
import path from 'node:path';

/** By their real paths: a link may lead anywhere. */
export async function findOutside(
  cwd: string,
  paths: readonly string[],
): Promise<readonly string[]> {
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

export function isInside(folder: string, candidate: string): boolean {
  const way = path.relative(folder, candidate);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
