// The session folders below the home folder: find, open, measure and remove them. An id reaches a
// path only here, and only after `checkId`.

import { lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { ownerFolder } from '../base/ownerOnly';
import { RlmError } from '../core/errors';
import { parallelReads } from '../core/traceStore';
import { checkId, type Home, isId } from './home';
import { isRealFolder } from './homeFile';
import { type Lease, readLease } from './lease';
import { LeaseFolder, toSegmentName } from './leaseFolder';
import { isMissing, toStoreError } from './storeError';
import { TraceSegments } from './traceSegments';

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
      await mkdir(this.path, { recursive: true, mode: ownerFolder });
    } catch (error) {
      throw toStoreError(error, `create ${this.path}`);
    }
  }

  /** Newest first: session ids sort by the time they were made. */
  async list(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.path, { withFileTypes: true });
      const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      return folders.filter(isId).sort().reverse();
    } catch (error) {
      if (isMissing(error)) {
        return [];
      }
      throw toStoreError(error, `list ${this.path}`);
    }
  }

  /** Another one after every change to the trace; undefined when there is none. */
  async readTraceMark(sessionId: string): Promise<string | undefined> {
    const folder = this.toPath(sessionId);
    const [claimed = 0] = await new LeaseFolder(folder).listClaims();
    const path = join(folder, toSegmentName(claimed));
    try {
      const { size, mtimeMs } = await lstat(path);
      return `${claimed} ${size} ${mtimeMs}`;
    } catch (error) {
      if (isMissing(error)) {
        return claimed === 0 ? undefined : String(claimed);
      }
      throw toStoreError(error, `look at ${path}`);
    }
  }

  /** Lends the trace to `read`, with its lease; undefined when there is no trace of that id. */
  async withTrace<T>(
    sessionId: string,
    read: (trace: TraceSegments, lease: Lease) => Promise<T>,
  ): Promise<T | undefined> {
    if (!isId(sessionId)) {
      return undefined;
    }
    const folder = this.toPath(sessionId);
    let trace: TraceSegments | undefined;
    try {
      if (!(await isRealFolder(folder))) {
        return undefined;
      }
      const lease = await readLease(new LeaseFolder(folder));
      trace = await TraceSegments.open(folder, lease.record);
      return trace && (await read(trace, lease));
    } catch (error) {
      if (!trace && isMissing(error)) {
        return undefined;
      }
      throw toStoreError(error, `read the trace in ${folder}`);
    } finally {
      await trace?.close();
    }
  }

  /** False when there was none. */
  async remove(sessionId: string): Promise<boolean> {
    const folder = this.toPath(sessionId);
    try {
      await this.#checkInside(folder);
      if (!(await isRealFolder(folder))) {
        return false;
      }
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
    lstat(join(folder, name)).then(
      (entry) => entry.size,
      () => 0,
    ),
  );
  return sum(await Promise.all(sizes));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
