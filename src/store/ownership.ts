// Which engine holds a session that was resumed. Each taking over makes a file of the next number,
// which only one engine can make: the highest number names the owner.

import { open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { RlmError } from '../core/errors';
import { fileMode, isId } from './home';
import { isMissing, toStoreError } from './storeError';

const ownerPattern = /^owner-(\d{1,6})$/u;
const ownerText = /^([^\n]+)\n(\d{1,15})\n$/u;
/** An owner's file without an owner is older than this only where its engine died while it wrote it. */
const writingMs = 10_000;

export interface Owner {
  /** How often the session was taken over; 0: only the engine that opened it ever held it. */
  readonly number: number;
  /** Null: as the trace says. */
  readonly engineId: string | null;
  /** What the trace held when it was taken over; all that follows is this owner's. */
  readonly traceBytes: number;
}

const firstOwner: Owner = { number: 0, engineId: null, traceBytes: 0 };

/** Undefined while an engine is just taking the session. */
export async function readOwner(folder: string): Promise<Owner | undefined> {
  const number = await readLastNumber(folder);
  if (number === 0) {
    return firstOwner;
  }
  const path = toPath(folder, number);
  try {
    const [, engineId, traceBytes] = ownerText.exec(await readFile(path, 'utf8')) ?? [];
    if (engineId !== undefined && isId(engineId)) {
      return { number, engineId, traceBytes: Number(traceBytes) };
    }
    const { mtimeMs } = await stat(path);
    return Date.now() - mtimeMs < writingMs ? undefined : { ...firstOwner, number };
  } catch (error) {
    if (isMissing(error)) {
      return undefined; // left again, at this moment
    }
    throw toStoreError(error, `read ${path}`);
  }
}

/** @throws RlmError 'INVALID_INPUT' when another engine has taken that number. */
export async function takeOwnership(folder: string, owner: Owner): Promise<void> {
  const path = toPath(folder, owner.number);
  try {
    const file = await open(path, 'wx', fileMode);
    try {
      await file.writeFile(`${owner.engineId ?? ''}\n${owner.traceBytes}\n`);
    } catch (error) {
      await leaveOwnership(folder, owner);
      throw error;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw heldElsewhere('has just taken');
    }
    throw toStoreError(error, `take over ${folder}`);
  }
}

/** For an owner that could not go on with the trace and has written nothing to it. */
export async function leaveOwnership(folder: string, { number }: Owner): Promise<void> {
  await rm(toPath(folder, number), { force: true }).catch(() => undefined); // ends with the engine
}

export function heldElsewhere(verb: string): RlmError {
  return new RlmError('INVALID_INPUT', `Another running engine ${verb} this session.`, {
    nextStep: 'Go on there, or fork the session here with rlm_fork.',
  });
}

function toPath(folder: string, number: number): string {
  return join(folder, `owner-${number}`);
}

async function readLastNumber(folder: string): Promise<number> {
  try {
    const numbers = (await readdir(folder)).map((name) =>
      Number(ownerPattern.exec(name)?.[1] ?? 0),
    );
    return Math.max(0, ...numbers);
  } catch (error) {
    if (isMissing(error)) {
      return 0;
    }
    throw toStoreError(error, `read ${folder}`);
  }
}
