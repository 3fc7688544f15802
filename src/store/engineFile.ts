// Shows other programs on this home that an engine runs, and where to reach it. The token in it
// is the key to that engine: owner-only, and written nowhere else.

import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { lstat, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

import { ownerFile } from '../base/ownerOnly';
import type { Disposable } from '../base/disposable';
import { toCamelKeys, toSnakeKeys } from '../base/keys';
import { checkId, type Home, isId } from './home';
import { readRegularFile } from './homeFile';
import { toStoreError } from './storeError';

const heartbeatMs = 10_000;
/** Six missed heartbeats: the pid may by now be another program's. */
const staleMs = 60_000;
const maxFileBytes = 10_000;

const engineSchema = z.object({
  engineId: z.string().refine(isId),
  pid: z.int().positive(),
  /** Only there a process id says which process it is. */
  host: z.string(),
  url: z.url().nullable(),
  token: z.string().nullable(),
  /** False: it ends with a command or a client of its own, so that others are not brought to it. */
  takesClients: z.boolean().default(true),
  version: z.string(),
  startedAt: z.iso.datetime().transform((text) => Date.parse(text)),
});

export interface EngineEndpoint {
  readonly engineId: string;
  readonly pid: number;
  /** Where it serves MCP over HTTP; null when it serves one client on stdio. */
  readonly url: string | null;
  readonly token: string | null;
  /** False: it is reached only for what it holds; clients are brought to others. */
  readonly takesClients: boolean;
  readonly version: string;
  /** Epoch ms. */
  readonly startedAt: number;
}

/** This engine's file: written on creation, kept fresh, removed on dispose. */
export class EngineFile implements Disposable {
  readonly #path: string;
  #engine: EngineEndpoint;
  readonly #timer: NodeJS.Timeout;
  #disposed = false;

  private constructor(path: string, engine: EngineEndpoint) {
    this.#path = path;
    this.#engine = engine;
    this.#timer = setInterval(() => void this.#beat(), heartbeatMs).unref();
  }

  /** @throws RlmError 'INTERNAL_ERROR' when it cannot be written. */
  static async create(home: Home, engine: EngineEndpoint): Promise<EngineFile> {
    const path = toPath(home, engine.engineId);
    await writeOrFail(path, engine);
    return new EngineFile(path, engine);
  }

  /** In its place at once: an engine whose file is missing counts as gone. @throws RlmError 'INTERNAL_ERROR' */
  async replace(engine: EngineEndpoint): Promise<void> {
    this.#engine = engine;
    await writeOrFail(this.#path, engine);
    if (this.#disposed) {
      await rm(this.#path, { force: true }).catch(() => undefined);
    }
  }

  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    clearInterval(this.#timer);
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // It goes stale by itself: readers look at the pid and the heartbeat.
    }
  }

  async #beat(): Promise<void> {
    const now = new Date();
    try {
      await utimes(this.#path, now, now);
    } catch {
      // Somebody cleaned up the folder; an engine that runs must stay reachable.
      await writeEngine(this.#path, this.#engine).catch(() => undefined);
    }
    if (this.#disposed) {
      await rm(this.#path, { force: true }).catch(() => undefined);
    }
  }
}

/** The engines that run on this home now, longest running first. Removes the files of dead ones. */
export async function listEngines(home: Home): Promise<readonly EngineEndpoint[]> {
  let names: string[];
  try {
    names = await readdir(home.engines);
  } catch {
    return [];
  }
  const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  const engines = await Promise.all(ids.map((id) => readLiveEngine(home, id)));
  return engines
    .filter((engine) => engine !== undefined)
    .sort((left, right) => left.startedAt - right.startedAt);
}

export async function isEngineAlive(home: Home, engineId: string): Promise<boolean> {
  return (await readLiveEngine(home, engineId)) !== undefined;
}

async function readLiveEngine(home: Home, engineId: string): Promise<EngineEndpoint | undefined> {
  if (!isId(engineId)) {
    return undefined;
  }
  const path = toPath(home, engineId);
  try {
    const { host, ...engine } = parseEngine(await readRegularFile(path, maxFileBytes));
    if (engine.engineId !== engineId) {
      return undefined;
    }
    const isHere = host === hostname();
    if (isHere && !isProcessAlive(engine.pid)) {
      await rm(path, { force: true });
      return undefined;
    }
    // A heartbeat may also be late because the machine slept, so this file is left alone.
    const isStale = Date.now() - (await lstat(path)).mtimeMs > staleMs;
    // Of another machine on a shared disk: its loopback address is somebody else's here.
    return isStale ? undefined : isHere ? engine : { ...engine, url: null, token: null };
  } catch {
    return undefined;
  }
}

function parseEngine(bytes: Buffer): z.infer<typeof engineSchema> {
  return engineSchema.parse(toCamelKeys(JSON.parse(bytes.toString('utf8'))));
}

async function writeOrFail(path: string, engine: EngineEndpoint): Promise<void> {
  try {
    await writeEngine(path, engine);
  } catch (error) {
    throw toStoreError(error, `write ${path}`);
  }
}

async function writeEngine(path: string, engine: EngineEndpoint): Promise<void> {
  const startedAt = new Date(engine.startedAt).toISOString();
  const text = JSON.stringify(toSnakeKeys({ ...engine, host: hostname(), startedAt }));
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, `${text}\n`, { mode: ownerFile, flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

function toPath(home: Home, engineId: string): string {
  return join(home.engines, `${checkId(engineId)}.json`);
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !hasEnded(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** One that was killed stands in the list until its parent asks for it. Linux tells. */
function hasEnded(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^[ZX]/u.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
