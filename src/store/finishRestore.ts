// The last part of a restore: what is unpacked and checked lies beside the kept folders and takes their place, one
// after the other. Whoever opens a home finishes one that was cut short in the middle.

import { readdir, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './storeError';

/** Holds all of a backup, but for the folders that are in their place already. */
export const restoredName = '.restored';

/** @throws the system's error where something else lies in a folder's place. */
export async function finishRestore(home: string): Promise<void> {
  try {
    await moveFolders(home, () => undefined);
  } catch (thrown) {
    if (!isMissing(thrown)) {
      throw thrown; // else there is none, or another process has finished it meanwhile
    }
  }
}

/** Each kept folder was empty or not there. */
export async function moveFolders(home: string, onMoved: (folder: string) => void): Promise<void> {
  const whole = join(home, restoredName);
  for (const folder of await readdir(whole)) {
    await rmdir(join(home, folder)).catch(() => undefined);
    await rename(join(whole, folder), join(home, folder));
    onMoved(folder);
  }
  await rmdir(whole);
}
