// "Did you mean": names in a folder that are one slip away from the one given.

import { readdir } from 'node:fs/promises';
import { countEdits } from '../base/editDistance';

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
    .map((other) => ({ other, slips: countEdits(wanted, other.toLowerCase()) }))
    .filter(({ other, slips }) => other !== name && slips <= allowedSlips)
    .sort((left, right) => left.slips - right.slips || (left.other < right.other ? -1 : 1))
    .slice(0, maxMatches)
    .map(({ other }) => other);
}
