// Unpacks a backup into a home that has nothing yet: all of it, checked, or nothing. The archive is trusted in nothing.

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Header } from 'tar-stream';
import { ownerFile, ownerFolder } from '../base/ownerOnly';
import { RlmError } from '../core/errors';
import {
  checksumsName,
  checksumsSchema,
  damagedError,
  headName,
  headSchema,
  keptFolders,
  loadTarLibrary,
  maxListBytes,
  parseArchivePath,
  toFolded,
} from './archive';
import { listEngines } from './engineFile';
import { moveFolders, restoredName } from './finishRestore';
import type { Home } from './home';
import { isMissing, toStoreError } from './storeError';

export interface RestoreReport {
  readonly files: number;
  readonly bytes: number;
  /** Of the backup; ISO. */
  readonly createdAt: string;
}

/** Where an archive is unpacked. */
const stagingPrefix = '.restore-';
/** Left free on the disk, whatever the archive holds. */
const spareBytes = 100_000_000;

/**
 * @throws RlmError 'INVALID_INPUT' for an archive that is not whole, or holds what no backup does, and for a
 * home that is in use or has sessions; 'INTERNAL_ERROR' where the disk does not take it. The home is then as before.
 */
export async function restoreHome(home: Home, file: string): Promise<RestoreReport> {
  await requireFresh(home);
  await removeUnfinished(home);
  const staging = join(home.path, `${stagingPrefix}${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(staging, { mode: ownerFolder });
    const unpacked = new Unpacked(staging, await readFreeBytes(home.path));
    await unpack(file, unpacked);
    const report = unpacked.check();
    await requireFresh(home);
    await moveIn(home, staging);
    return report;
  } catch (thrown) {
    throw toStoreError(thrown, `restore ${file} into ${home.path}`);
  } finally {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A backup never goes over what is there: two homes in one would mix their sessions. */
async function requireFresh(home: Home): Promise<void> {
  if ((await listEngines(home)).length > 0) {
    throw new RlmError('INVALID_INPUT', `An engine runs on ${home.path}.`, {
      nextStep: 'End it first: close the editor, or stop the server.',
    });
  }
  for (const folder of keptFolders) {
    const names = await readdir(join(home.path, folder)).catch((thrown: unknown) => {
      if (isMissing(thrown)) {
        return [];
      }
      throw thrown;
    });
    if (names.length > 0) {
      throw new RlmError('INVALID_INPUT', `${join(home.path, folder)} is not empty.`, {
        nextStep: 'Restore into a new folder with --home, or move what is there away.',
      });
    }
  }
}

async function readFreeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.max(0, bavail * bsize - spareBytes);
}

async function unpack(file: string, unpacked: Unpacked): Promise<void> {
  const { extract } = await loadTarLibrary();
  const tar = extract();
  const piped = pipeline(createReadStream(file), createGunzip(), tar);
  piped.catch(() => undefined); // told below
  try {
    for await (const entry of tar) {
      await unpacked.take(entry.header, entry as AsyncIterable<Buffer>); // bytes, as of any stream
    }
    await piped;
  } catch (thrown) {
    tar.destroy();
    throw thrown instanceof RlmError || isMissing(thrown) || isDiskFault(thrown)
      ? thrown
      : damagedError('it cannot be unpacked', thrown);
  }
}

/** Of restores that were cut short before all was unpacked: there is nothing of them in the home. */
async function removeUnfinished(home: Home): Promise<void> {
  const names = await readdir(home.path);
  for (const name of names.filter((one) => one.startsWith(stagingPrefix))) {
    await rm(join(home.path, name), { recursive: true, force: true });
  }
}

/**
 * From the first rename on it is restored: whoever opens the home next finishes what is cut short here. When a
 * folder cannot be moved, those before it go back.
 */
async function moveIn(home: Home, staging: string): Promise<void> {
  const whole = join(home.path, restoredName);
  const moved: string[] = [];
  await rename(staging, whole);
  try {
    await moveFolders(home.path, (folder) => moved.push(folder));
  } catch (thrown) {
    for (const folder of moved) {
      await rename(join(home.path, folder), join(whole, folder)).catch(() => undefined);
    }
    await rename(whole, staging).catch(() => undefined);
    throw thrown;
  } finally {
    await mkdir(home.sessions, { recursive: true, mode: ownerFolder });
  }
}

class Unpacked {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #hashes = new Map<string, string>();
  /** See `toFolded`. */
  readonly #folded = new Set<string>();
  #createdAt: string | null = null;
  #checksums: Readonly<Record<string, string>> | null = null;
  #bytes = 0;

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  async take(header: Header, content: AsyncIterable<Buffer>): Promise<void> {
    const { name, type = 'file', size = 0 } = header;
    if (this.#checksums) {
      throw damagedError('something follows its end');
    }
    if (type !== 'file') {
      throw damagedError(`${JSON.stringify(name.slice(0, 200))} is no file`);
    }
    if (name === headName && this.#createdAt === null) {
      this.#createdAt = headSchema.parse(await readJson(content)).created_at;
    } else if (this.#createdAt === null) {
      throw damagedError('it does not begin as one');
    } else if (name === checksumsName) {
      this.#checksums = checksumsSchema.parse(await readJson(content));
    } else {
      await this.#write(name, content, size);
    }
  }

  check(): RestoreReport {
    const checksums = this.#checksums;
    if (!checksums || this.#createdAt === null) {
      throw damagedError('its end is missing');
    }
    const listed = Object.entries(checksums);
    const isWhole =
      listed.length === this.#hashes.size &&
      listed.every(([name, hash]) => this.#hashes.get(name) === hash);
    if (!isWhole) {
      throw damagedError('its files are not those that were saved');
    }
    return { files: listed.length, bytes: this.#bytes, createdAt: this.#createdAt };
  }

  async #write(name: string, content: AsyncIterable<Buffer>, size: number): Promise<void> {
    const path = join(this.#folder, ...parseArchivePath(name));
    const folded = toFolded(name);
    if (this.#folded.has(folded)) {
      throw damagedError(`${JSON.stringify(name)} is in it twice`);
    }
    this.#folded.add(folded);
    this.#bytes += size;
    if (this.#bytes > this.#maxBytes) {
      throw new RlmError('INTERNAL_ERROR', 'The disk has no room for this backup.', {
        nextStep: 'Free disk space, or restore into a home on another disk with --home.',
      });
    }
    await mkdir(dirname(path), { recursive: true, mode: ownerFolder });
    const hash = createHash('sha256');
    const file = await open(path, 'wx', ownerFile);
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        await file.writeFile(chunk);
      }
    } finally {
      await file.close();
    }
    this.#hashes.set(name, hash.digest('hex'));
  }
}

async function readJson(content: AsyncIterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > maxListBytes) {
      throw damagedError('its list is too long');
    }
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function isDiskFault(thrown: unknown): boolean {
  const codes = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE'];
  return thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
}
