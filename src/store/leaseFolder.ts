// The lease of a session as files in its folder: `lease-<generation>.json` is the claim while it is
// empty, and the record once it is written. The first generation, which opened the session, has none.

import { statSync } from 'node:fs';
import { open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

import { ownerFile } from '../base/ownerOnly';
import { toCamelKeys, toSnakeKeys } from '../base/keys';
import { RlmError } from '../core/errors';
import { isId } from './home';
import { openRegularFile, readRegularFile } from './homeFile';
import type { LeaseFiles, LeaseRecord } from './lease';
import { findWholeEnd } from './lineReader';
import { hasSystemCode, isMissing, toStoreError } from './storeError';

const leaseName = /^lease-([1-9]\d{0,5})\.json$/u;
const maxRecordBytes = 1_000_000;
/** As many as a record has room for. */
const maxSegments = 10_000;

const generation = z.int().nonnegative().max(999_999);

const recordSchema = z
  .object({
    generation,
    engineId: z.string().refine(isId).nullable(),
    earlier: z
      .array(z.object({ generation, bytes: z.int().positive() }))
      .max(maxSegments)
      .refine((all) => all.every((one, at) => one.generation > (all[at - 1]?.generation ?? -1))),
  })
  .refine((record) => (record.earlier.at(-1)?.generation ?? -1) < record.generation);

export class LeaseFolder implements LeaseFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async listClaims(): Promise<readonly number[]> {
    try {
      const found = (await readdir(this.#folder)).map((name) => leaseName.exec(name)?.[1]);
      return found
        .filter((one) => one !== undefined)
        .map(Number)
        .sort((left, right) => right - left);
    } catch (error) {
      if (isMissing(error)) {
        return [];
      }
      throw toStoreError(error, `read ${this.#folder}`);
    }
  }

  async readRecord(number: number): Promise<LeaseRecord | undefined> {
    const path = this.#toPath(number);
    let text: string;
    try {
      text = (await readRegularFile(path, maxRecordBytes)).toString('utf8');
    } catch (error) {
      if (isMissing(error) || (error instanceof RlmError && error.code === 'PATH_NOT_ALLOWED')) {
        return undefined; // gone, or nothing that this product has made
      }
      throw toStoreError(error, `read ${path}`); // another moment it may say who holds the session
    }
    const read = parseRecord(text);
    return read?.generation === number ? read : undefined;
  }

  async withdraw(number: number): Promise<void> {
    await rm(this.#toPath(number), { force: true });
  }

  async readClaimTime(number: number): Promise<number | undefined> {
    const info = await stat(this.#toPath(number)).catch(() => undefined);
    return info?.mtimeMs;
  }

  async claim(number: number): Promise<boolean> {
    const path = this.#toPath(number);
    try {
      await (await open(path, 'wx', ownerFile)).close();
      return true;
    } catch (error) {
      if (hasSystemCode(error, 'EEXIST')) {
        return false;
      }
      throw toStoreError(error, `take over ${this.#folder}`);
    }
  }

  async writeRecord({ generation: number, holder, earlier }: LeaseRecord): Promise<void> {
    const path = this.#toPath(number);
    const engineId = holder.kind === 'engine' ? holder.engineId : null;
    const text = JSON.stringify(toSnakeKeys({ generation: number, engineId, earlier }));
    // Whole or not at all; nobody else writes this generation's files.
    const temporary = `${path}.tmp`;
    try {
      await writeFile(temporary, `${text}\n`, { mode: ownerFile, flag: 'wx' });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw toStoreError(error, `write ${path}`);
    }
  }

  async measureSegment(number: number): Promise<number> {
    const path = join(this.#folder, toSegmentName(number));
    try {
      const file = await openRegularFile(path);
      try {
        return await findWholeEnd(file, (await file.stat()).size);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) {
        return 0; // nothing was written
      }
      throw toStoreError(error, `read ${path}`);
    }
  }

  /** Asked after every write, so without the way through the thread pool. */
  isClaimed(number: number): boolean {
    return statSync(this.#toPath(number), { throwIfNoEntry: false }) !== undefined;
  }

  #toPath(number: number): string {
    return join(this.#folder, `lease-${number}.json`);
  }
}

/** Undefined for a claim, and for what only looks like a record. */
function parseRecord(text: string): LeaseRecord | undefined {
  try {
    const {
      generation: number,
      engineId,
      earlier,
    } = recordSchema.parse(toCamelKeys(JSON.parse(text)));
    const holder = engineId === null ? noHolder : { kind: 'engine' as const, engineId };
    return { generation: number, holder, earlier };
  } catch {
    return undefined;
  }
}

const noHolder = { kind: 'nobody' } as const;

/** The file that holds what one generation wrote of a trace. */
export function toSegmentName(number: number): string {
  return number === 0 ? 'trace.jsonl' : `trace-${number}.jsonl`;
}
