// "Did you mean": names in a folder that are one slip away from the one given.

import { readdir } from 'node:fs/promises';

const maxNames = 2_000;
const maxMatches = 3;

/** Up to 3 entries of the folder whose names resemble `name`, closest first; none when it cannot be listed. */
export async function readNearMatches(folder: string, name: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const wanted = name.toLowerCase();
  const allowedSlips = Math.min(3, 1 + Math.floor(wanted.length / 3));
  return names
    .slice(0, maxNames)
    .filter((other) => Math.abs(other.length - name.length) <= allowedSlips)
    .map((other) => ({ other, slips: countSlips(wanted, other.toLowerCase()) }))
    .filter(({ other, slips }) => other !== name && slips <= allowedSlips)
    .sort((left, right) => left.slips - right.slips || (left.other < right.other ? -1 : 1))
    .slice(0, maxMatches)
    .map(({ other }) => other);
}

/** Levenshtein distance: letters inserted, dropped or replaced. */
export function countSlips(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[right.length] ?? 0;
}
