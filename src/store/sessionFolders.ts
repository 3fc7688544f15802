// The session folders below the home folder: find, open, measure and remove them. An id reaches a
// path only here, and only after `checkId`.

import { type FileHandle, mkdir, open, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { RlmError } from '../core/errors';
import { checkId, folderMode, type Home, isId } from './home';
import { isMissing, toStoreError } from './storeError';
import { traceFileName } from './traceFile';

/** Sessions read at a time, wherever many are read. */
export const parallelReads = 16;

export class SessionFolders {
  /** Where they all are. */
  readonly path: string;

  constructor(home: Home) {
    this.path = home.sessions;
  }

  /** @throws RlmError 'INVALID_INPUT' for an id that is none. */
  toPath(sessionId: string): string {
    return join(this.path, checkId(sessionId));
  }

  /** The folder that holds them all, made again when it was removed under a running engine. */
  async ensure(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true, mode: folderMode });
    } catch (error) {
      throw toStoreError(error, `create ${this.path}`);
    }
  }

  /** Newest first: session ids sort by the time they were made. */
  async list(): Promise<readonly string[]> {
    try {
      const names = await readdir(this.path);
      return names.filter(isId).sort().reverse();
    } catch (error) {
      if (isMissing(error)) {
        return [];
      }
      throw toStoreError(error, `list ${this.path}`);
    }
  }

  /** Another one after every change to the trace; undefined when there is none. */
  async readTraceMark(sessionId: string): Promise<string | undefined> {
    const path = join(this.toPath(sessionId), traceFileName);
    try {
      const { size, mtimeMs } = await stat(path);
      return `${size} ${mtimeMs}`;
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      throw toStoreError(error, `look at ${path}`);
    }
  }

  /** Lends the open trace file to `read`; undefined when there is no trace of that id. */
  async withTrace<T>(
    sessionId: string,
    read: (file: FileHandle) => Promise<T>,
  ): Promise<T | undefined> {
    if (!isId(sessionId)) {
      return undefined;
    }
    const path = join(this.toPath(sessionId), traceFileName);
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'r');
      return await read(file);
    } catch (error) {
      if (!file && isMissing(error)) {
        return undefined;
      }
      throw toStoreError(error, `read ${path}`);
    } finally {
      await file?.close();
    }
  }

  /** False when there was none. */
  async remove(sessionId: string): Promise<boolean> {
    const folder = this.toPath(sessionId);
    try {
      await this.#checkInside(folder);
      await rm(folder, { recursive: true });
      return true;
    } catch (error) {
      if (isMissing(error)) {
        return false;
      }
      throw toStoreError(error, `delete ${folder}`);
    }
  }

  async readSize(): Promise<{ readonly sessions: number; readonly bytes: number }> {
    const sessionIds = await this.list();
    let bytes = 0;
    for (let at = 0; at < sessionIds.length; at += parallelReads) {
      const batch = sessionIds.slice(at, at + parallelReads);
      const sizes = await Promise.all(batch.map((id) => readFolderBytes(this.toPath(id))));
      bytes += sum(sizes);
    }
    return { sessions: sessionIds.length, bytes };
  }

  /** A session folder that is a link to elsewhere is not ours to empty. */
  async #checkInside(folder: string): Promise<void> {
    const real = await realpath(folder);
    if (dirname(real) !== (await realpath(this.path)) || basename(real) !== basename(folder)) {
      throw new RlmError(
        'PATH_NOT_ALLOWED',
        `${folder} leads out of the home folder, to ${real}.`,
        {
          nextStep: 'Remove that link by hand.',
        },
      );
    }
  }
}

async function readFolderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      (entry) => entry.size,
      () => 0,
    ),
  );
  return sum(await Promise.all(sizes));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
