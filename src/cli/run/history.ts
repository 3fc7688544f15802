// What was typed in earlier REPLs of this home folder, for this user only.

import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const historySize = 1_000;
const ownerOnly = 0o600;

/** Lines, newest first, as readline wants them. Never rejects: a REPL works without a history. */
export async function readHistory(home: string): Promise<readonly string[]> {
  const text = await readFile(toPath(home), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-historySize)
    .reverse();
}

/** Replaces the history; `lines` newest first. Never rejects. */
export async function writeHistory(home: string, lines: readonly string[]): Promise<void> {
  const kept = lines.slice(0, historySize).reverse();
  try {
    await writeFile(toPath(home), kept.map((line) => `${line}\n`).join(''), { mode: ownerOnly });
    await chmod(toPath(home), ownerOnly);
  } catch {
    // A full or read-only disk must not end a session in an error.
  }
}

function toPath(home: string): string {
  return path.join(home, 'history');
}
