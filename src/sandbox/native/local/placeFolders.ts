// Which folders of this machine a place may read.

import { homedir } from 'node:os';
import { workFolder } from './bubblewrap';

/** The first folder that holds what no code may read; undefined where none does. */
export function findTooWide(folders: readonly string[]): string | undefined {
  const kept = [homedir(), workFolder, '/tmp', '/dev', '/proc'];
  return folders.find((folder) => folder === '/' || kept.some((one) => isAtOrAbove(folder, one)));
}

export function isAtOrAbove(folder: string, other: string): boolean {
  return other === folder || other.startsWith(folder === '/' ? '/' : `${folder}/`);
}
