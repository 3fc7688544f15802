// Packs a home into one archive, also while engines write to it: each trace as far as it goes when its turn comes.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ownerFile } from '../base/ownerOnly';
import { RlmError } from '../core/errors';
import {
  type TarLibrary,
  checksumsName,
  headName,
  isArchivePath,
  keptFolders,
  loadTarLibrary,
  toFolded,
} from './archive';
import type { Home } from './home';
import { openRegularFile } from './homeFile';
import { isMissing, toStoreError } from './storeError';

type Pack = ReturnType<TarLibrary['pack']>;

export interface BackupReport {
  readonly files: number;
  readonly bytes: number;
  /** Files and folders that no archive can hold on every system, by their path in the home. */
  readonly leftOut: readonly string[];
}

export interface Backup {
  /** The archive. Rejects with an RlmError where something cannot be read. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Complete when `bytes` has ended. */
  readonly readReport: () => BackupReport;
}

/** One of these says how far the files of earlier generations count, so it is read before them. */
const leaseName = /^lease-\d+\.json$/u;

export async function createBackup(home: Home, version: string): Promise<Backup> {
  const library = await loadTarLibrary();
  const pack = library.pack();
  const gzip = createGzip();
  const writer = new ArchiveWriter(pack);
  const packed = fill(writer, home, version).then(
    () => pack.finalize(),
    (thrown: unknown) => pack.destroy(toStoreError(thrown, `read ${home.path}`)),
  );
  const ended = Promise.all([packed, pipeline(pack, gzip)]);
  ended.catch(() => undefined); // whoever reads no further has an error of his own
  return { bytes: readAll(gzip, ended), readReport: () => writer.report };
}

async function* readAll(
  gzip: AsyncIterable<Buffer>,
  ended: Promise<unknown>,
): AsyncIterable<Buffer> {
  yield* gzip;
  await ended;
}

async function fill(writer: ArchiveWriter, home: Home, version: string): Promise<void> {
  const head = { format: 1, version, created_at: new Date().toISOString() };
  await writer.addText(headName, JSON.stringify(head));
  for (const folder of keptFolders) {
    await addFolder(writer, join(home.path, folder), folder);
  }
  await writer.addText(checksumsName, JSON.stringify(writer.checksums));
}

/** Written by this product on its way to another name, or hidden: not kept. */
const passingName = /^\.|\.tmp$/u;

/** Links and other things that are no files are none of ours; what has gone meanwhile is left out. */
async function addFolder(writer: ArchiveWriter, path: string, name: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch((thrown: unknown) => {
    if (isMissing(thrown)) {
      return [];
    }
    throw thrown;
  });
  const kept = entries.filter((entry) => !passingName.test(entry.name));
  const leasesFirst = kept.sort(
    (left, right) =>
      Number(leaseName.test(right.name)) - Number(leaseName.test(left.name)) ||
      (left.name < right.name ? -1 : 1),
  );
  for (const entry of leasesFirst) {
    const inner = `${name}/${entry.name}`;
    const isOurs = entry.isFile() || (entry.isDirectory() && !isEngines(inner));
    if (!isOurs || !writer.takes(inner)) {
      continue;
    }
    await (entry.isDirectory()
      ? addFolder(writer, join(path, entry.name), inner)
      : writer.addFile(inner, join(path, entry.name)));
  }
}

function isEngines(name: string): boolean {
  return /^users\/[^/]+\/engines$/u.test(name);
}

class ArchiveWriter {
  readonly #pack: Pack;
  readonly #checksums: Record<string, string> = {};
  readonly #folded = new Set<string>();
  readonly #leftOut: string[] = [];
  #bytes = 0;

  constructor(pack: Pack) {
    this.#pack = pack;
  }

  get checksums(): Readonly<Record<string, string>> {
    return this.#checksums;
  }

  get report(): BackupReport {
    const leftOut = [...this.#leftOut].sort();
    return { files: Object.keys(this.#checksums).length, bytes: this.#bytes, leftOut };
  }

  /** Whether a file or folder of this name can be brought back; the report names it otherwise. */
  takes(name: string): boolean {
    const folded = toFolded(name);
    const isTaken = isArchivePath(name) && !this.#folded.has(folded);
    if (isTaken) {
      this.#folded.add(folded);
    } else {
      this.#leftOut.push(name);
    }
    return isTaken;
  }

  async addText(name: string, text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#pack.entry({ name }, text, (fault) => (fault ? reject(fault) : resolve()));
    });
  }

  /** As long as it is when it is opened. An empty lease is a claim whose engine has not come to write it. */
  async addFile(name: string, path: string): Promise<void> {
    const file = await openRegularFile(path).catch((thrown: unknown) => {
      if (isMissing(thrown)) {
        return null; // deleted meanwhile
      }
      throw thrown;
    });
    try {
      const { size = 0 } = (await file?.stat()) ?? {};
      const isClaim = size === 0 && leaseName.test(name.split('/').at(-1) ?? '');
      if (file && !isClaim) {
        await this.#copy(name, file, size);
      }
    } finally {
      await file?.close();
    }
  }

  async #copy(name: string, file: FileHandle, size: number): Promise<void> {
    const hash = createHash('sha256');
    const hashed = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    if (size === 0) {
      await this.addText(name, '');
    } else {
      const entry = this.#pack.entry({ name, size, mode: ownerFile, type: 'file' });
      const source = file.createReadStream({ start: 0, end: size - 1, autoClose: false });
      await pipeline(source, hashed, entry).catch((cause: unknown) => {
        throw new RlmError('INTERNAL_ERROR', `${name} changed while it was read.`, {
          cause,
          nextStep: 'Take the backup again.',
        });
      });
    }
    this.#checksums[name] = hash.digest('hex');
    this.#bytes += size;
  }
}
