// The name that somebody meant who wrote another one.

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

/** Letters to add, drop or change. Source: Levenshtein, one row at a time. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 1; at <= from.length; at += 1) {
    const next = [at];
    for (let other = 1; other <= to.length; other += 1) {
      const change = (row[other - 1] ?? 0) + (from[at - 1] === to[other - 1] ? 0 : 1);
      next.push(Math.min(change, (row[other] ?? 0) + 1, (next[other - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
