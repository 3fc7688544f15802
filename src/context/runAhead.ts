// Starts work on the next items while one is being taken; results come in the items' order.

export interface Ahead<T, R> {
  readonly run: (item: T) => Promise<R>;
  /** Lets go of a result that nobody took. */
  readonly release: (result: R) => Promise<void>;
  /** How many items are worked on at a time. */
  readonly width: number;
}

export async function* runAhead<T, R>(
  items: readonly T[],
  { run, release, width }: Ahead<T, R>,
): AsyncGenerator<readonly [T, R]> {
  const started: (readonly [T, Promise<R>])[] = [];
  let next = 0;
  const start = (): void => {
    for (const item of items.slice(next, next + width - started.length)) {
      const result = run(item);
      result.catch(() => undefined); // it is awaited in its turn, and may fail before
      started.push([item, result]);
      next += 1;
    }
  };
  try {
    start();
    for (let first = started.shift(); first !== undefined; first = started.shift()) {
      const [item, result] = first;
      const taken = await result;
      start();
      yield [item, taken];
    }
  } finally {
    await Promise.all(started.map(([, result]) => result.then(release, () => undefined)));
  }
}
