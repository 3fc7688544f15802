// Numbers that look random and come again from the same seed.

export interface Random {
  readonly seed: number;
  /** A whole number from 0 up to, not including, `below`. */
  nextInt(below: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** Source: mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const nextInt = (below: number): number => Math.floor(next() * below);
  return { seed, nextInt, pick: (items) => items[nextInt(items.length)] ?? items[0] };
}

/** From the environment where a failure is to be repeated, else new each time. */
export function readSeed(): number {
  const given = Number(process.env['RLM_SEED']);
  return Number.isSafeInteger(given) && given > 0 ? given : Date.now() % 2 ** 31;
}
