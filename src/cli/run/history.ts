// What was typed in earlier REPLs of this home folder, for this user only.

import { randomBytes } from 'node:crypto';
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ownerFile } from '../../base/ownerOnly';

export const historySize = 1_000;
const maxBytes = 50_000_000;

/** Lines, newest first, as readline wants them. Never rejects: a REPL works without a history. */
export async function readHistory(home: string): Promise<readonly string[]> {
  const text = await readText(toPath(home)).catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-historySize)
    .reverse();
}

/** Replaces the history; `lines` newest first. Never rejects. */
export async function writeHistory(home: string, lines: readonly string[]): Promise<void> {
  const kept = lines.slice(0, historySize).reverse();
  const temporary = `${toPath(home)}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const text = kept.map((line) => `${line}\n`).join('');
    await writeFile(temporary, text, { mode: ownerFile, flag: 'wx' });
    await rename(temporary, toPath(home));
  } catch {
    // A full or read-only disk must not end a session in an error.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** What is no regular file, or too long to be a history, is none. */
async function readText(file: string): Promise<string> {
  const info = await lstat(file);
  return info.isFile() && info.size <= maxBytes ? readFile(file, 'utf8') : '';
}

function toPath(home: string): string {
  return path.join(home, 'history');
}
