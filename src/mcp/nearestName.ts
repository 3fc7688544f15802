// The name that somebody meant who wrote another one.

import { countEdits } from '../base/editDistance';

const maxNameChars = 80;

/** The nearest of `names`, or undefined when none is near. Spelling with capitals or without underscores counts as the same. */
export function findNearestName(given: string, names: readonly string[]): string | undefined {
  const wanted = toBare(given.slice(0, maxNameChars));
  if (wanted === '') {
    return undefined;
  }
  const distances = names.map((name) => countEdits(wanted, toBare(name)));
  const least = Math.min(...distances, Infinity);
  if (least <= Math.max(1, Math.floor(wanted.length / 3))) {
    return names[distances.indexOf(least)];
  }
  return names.find((name) => name.split('_').includes(given.toLowerCase()));
}

function toBare(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/gu, '');
}
