// Writes files below the folder that the user has allowed, and nowhere else: links are resolved before and after.

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type FileHandle,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
} from 'node:fs/promises';
import path from 'node:path';
import type { Downloads, WrittenDownload } from '../core/downloads';
import { RlmError } from '../core/errors';
import { isInside } from './allowedRoots';
import { isSameFile } from './openedFile';
import { toErrorCode, toErrorWords } from './systemError';

/** `readFolder`: asked anew for every file; null: none is allowed. */
export class DownloadFolder implements Downloads {
  readonly #readFolder: () => string | null;

  constructor(readFolder: () => string | null) {
    this.#readFolder = readFolder;
  }

  get folder(): string | null {
    return this.#readFolder();
  }

  async write(given: string, bytes: Uint8Array, overwrite: boolean): Promise<WrittenDownload> {
    const { folder } = this;
    if (folder === null) {
      throw new RlmError('PATH_NOT_ALLOWED', 'No folder is allowed for downloads.', {
        nextStep:
          'Take the content itself instead, or let the user allow a folder: the option --downloads <folder> of the server (RLM_DOWNLOADS), in VS Code the setting rlm.downloadFolder.',
      });
    }
    const root = await realpath(folder).catch((error: unknown) => {
      throw unwritable(folder, error);
    });
    const target = toTarget(given, { folder, root });
    try {
      return await writeInside(target, { root, bytes, overwrite });
    } catch (error) {
      throw error instanceof RlmError ? error : unwritable(given, error);
    }
  }
}

function toTarget(
  given: string,
  { folder, root }: { readonly folder: string; readonly root: string },
): string {
  if (given.trim() === '' || given.includes('\0') || /[\\/]$/u.test(given)) {
    throw new RlmError('INVALID_INPUT', `${JSON.stringify(given)} is not the path of a file.`, {
      nextStep: `Name a file below ${folder}.`,
    });
  }
  const absolute = path.resolve(folder, given);
  const [base] = [folder, root]
    .map((one) => path.resolve(one))
    .filter((one) => isInside(one, absolute));
  const way = base === undefined ? '' : path.relative(base, absolute);
  if (way === '') {
    throw outside(given, folder);
  }
  return path.join(root, way);
}

interface Writing {
  readonly root: string;
  readonly bytes: Uint8Array;
  readonly overwrite: boolean;
}

async function writeInside(target: string, writing: Writing): Promise<WrittenDownload> {
  const parent = path.dirname(target);
  await makeFolders(writing.root, parent);
  const place = await FolderPlace.open(parent, writing.root);
  try {
    return await writeAt(place, target, writing);
  } finally {
    await place.close();
  }
}

async function writeAt(
  place: FolderPlace,
  target: string,
  { bytes, overwrite }: Writing,
): Promise<WrittenDownload> {
  const named = place.toFile(path.basename(target));
  const old = await lstat(named).catch(ignoreMissing);
  if (old && !old.isFile()) {
    throw new RlmError('INVALID_INPUT', `${target} is there and is no regular file.`, {
      nextStep: 'Choose another path.',
    });
  }
  if (old && !overwrite) {
    throw taken(target);
  }
  const temporary = place.toFile(`.rlm-${randomBytes(8).toString('hex')}.tmp`);
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await place.require(handle, temporary);
    await handle.writeFile(bytes);
    await handle.sync();
    await handle.close();
    await place.require(null, temporary);
    await takeName(temporary, { named, target, overwrite });
  } finally {
    await handle.close().catch(() => undefined); // it is closed already where all went well
    await rm(temporary, { force: true });
  }
  return { path: target, replaced: old !== null };
}

/** One by one below the root, none of them a link. */
async function makeFolders(root: string, folder: string): Promise<void> {
  let at = root;
  for (const name of path.relative(root, folder).split(path.sep).filter(Boolean)) {
    at = path.join(at, name);
    await mkdir(at).catch((error: unknown) => {
      if (toErrorCode(error) !== 'EEXIST') {
        throw error;
      }
    });
    if (!(await lstat(at)).isDirectory()) {
      throw outside(at, root);
    }
  }
  if ((await realpath(folder)) !== folder) {
    throw outside(folder, root);
  }
}

/**
 * A folder that is written to. Folders may be swapped for links at any time: on Linux the opened one is held, and files
 * are named by it; elsewhere what counts is where the new file really is.
 */
class FolderPlace {
  readonly #folder: string;
  readonly #root: string;
  readonly #held: FileHandle | null;

  private constructor(folder: string, root: string, held: FileHandle | null) {
    this.#folder = folder;
    this.#root = root;
    this.#held = held;
  }

  /** @throws RlmError 'PATH_NOT_ALLOWED' where it is no longer below the root. */
  static async open(folder: string, root: string): Promise<FolderPlace> {
    if (process.platform !== 'linux') {
      return new FolderPlace(folder, root, null);
    }
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    const held = await open(folder, flags).catch((error: unknown) => {
      throw ['ELOOP', 'ENOTDIR'].includes(toErrorCode(error)) ? outside(folder, root) : error;
    });
    const place = new FolderPlace(folder, root, held);
    try {
      await place.require(null, folder);
      return place;
    } catch (error) {
      await place.close();
      throw error;
    }
  }

  toFile(name: string): string {
    return this.#held ? `/proc/self/fd/${this.#held.fd}/${name}` : path.join(this.#folder, name);
  }

  /** `file`: a new one in it, opened; null: only the folder is looked at. @throws RlmError 'PATH_NOT_ALLOWED' */
  async require(file: FileHandle | null, name: string): Promise<void> {
    const isInPlace = this.#held
      ? isInside(this.#root, await readlink(`/proc/self/fd/${this.#held.fd}`))
      : file === null || (await isSameFile(file, name));
    if (!isInPlace) {
      throw outside(this.#folder, this.#root);
    }
  }

  async close(): Promise<void> {
    await this.#held?.close();
  }
}

async function takeName(
  temporary: string,
  {
    named,
    target,
    overwrite,
  }: { readonly named: string; readonly target: string; readonly overwrite: boolean },
): Promise<void> {
  if (overwrite) {
    await rename(temporary, named);
    return;
  }
  try {
    await link(temporary, named);
  } catch (error) {
    if (toErrorCode(error) === 'EEXIST') {
      throw taken(target);
    }
    await copyFile(temporary, named, constants.COPYFILE_EXCL); // a disk without hard links
  }
}

function ignoreMissing(error: unknown): null {
  if (toErrorCode(error) === 'ENOENT') {
    return null;
  }
  throw error;
}

function outside(given: string, folder: string): RlmError {
  return new RlmError('PATH_NOT_ALLOWED', `${given} is not below ${folder}, where downloads go.`, {
    nextStep: 'Name a path relative to that folder, without links on the way.',
  });
}

function taken(target: string): RlmError {
  return new RlmError('INVALID_INPUT', `${target} exists already.`, {
    nextStep: 'Choose another path, or set overwrite to replace it.',
  });
}

function unwritable(given: string, error: unknown): RlmError {
  return new RlmError('INVALID_INPUT', `${given} cannot be written: ${toErrorWords(error)}.`, {
    cause: error,
    nextStep: 'Choose another path.',
  });
}
