// A client's configuration file: read whole, replaced whole, and what changed in between.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ownerFile } from '../../base/ownerOnly';
import { usageError } from '../failure';

const maxBytes = 10_000_000;

/** Empty when there is no such file. @throws RlmError 'INVALID_INPUT' when it cannot be read. */
export async function readConfig(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > maxBytes) {
      throw new Error('it is too large to be a configuration');
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return '';
    }
    throw toUsageError(file, 'read', error);
  }
}

/** In one move, with the old file's mode; a link stays a link. @throws RlmError 'INVALID_INPUT' */
export async function replaceConfig(file: string, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const target = await realpath(file).catch(() => file);
    const mode = await stat(target).then(
      (info) => info.mode & 0o777,
      () => ownerFile,
    );
    const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await writeFile(temporary, text, { mode, flag: 'wx' });
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    throw toUsageError(file, 'written', error);
  }
}

/** The lines that go and come, between those that stay at either end. */
export function toChangedLines(
  before: string,
  after: string,
): { readonly removed: readonly string[]; readonly added: readonly string[] } {
  const old = toLines(before);
  const now = toLines(after);
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) {
    tail += 1;
  }
  return {
    removed: old.slice(head, old.length - tail),
    added: now.slice(head, now.length - tail),
  };
}

function toLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\r?\n$/u, '').split(/\r?\n/u);
}

function toUsageError(file: string, verb: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return usageError(`${file} cannot be ${verb}: ${reason}.`, 'Check the file, then try again.');
}
