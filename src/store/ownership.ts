// Which engine holds a session that was resumed. Each taking over makes a file of the next number,
// which only one engine can make: the highest number names the owner.

import { open, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { RlmError } from '../core/errors';
import { fileMode, isId } from './home';
import { isMissing, toStoreError } from './storeError';

const ownerPattern = /^owner-(\d{1,6})$/u;

/** Undefined while the engine that opened the session is the only one that ever held it. */
export async function readOwner(folder: string): Promise<string | undefined> {
  const number = await readLastNumber(folder);
  if (number === 0) {
    return undefined;
  }
  const engineId = (await readFile(join(folder, `owner-${number}`), 'utf8')).trim();
  return isId(engineId) ? engineId : undefined;
}

/** @throws RlmError 'INVALID_INPUT' when another engine has taken it at the same moment. */
export async function takeOwnership(folder: string, engineId: string): Promise<void> {
  const path = join(folder, `owner-${(await readLastNumber(folder)) + 1}`);
  try {
    const file = await open(path, 'wx', fileMode);
    try {
      await file.writeFile(`${engineId}\n`);
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

export function heldElsewhere(verb: string): RlmError {
  return new RlmError('INVALID_INPUT', `Another running engine ${verb} this session.`, {
    nextStep: 'Go on there, or fork the session here with rlm_fork.',
  });
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
