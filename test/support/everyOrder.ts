// Runs what several actors do side by side in every order that is possible: each says where another one
// may come between.

/** Settles when it is this actor's turn again. */
export type Turn = () => Promise<void>;
export type Actor = (turn: Turn) => Promise<void>;

interface Run {
  readonly actors: readonly Actor[];
  /** After the last actor has ended; `order`: whose turn it was, for the message of a failure. */
  readonly check: (order: string) => Promise<void> | void;
}

/** How many orders there were. */
export async function runInEveryOrder(createRun: () => Promise<Run> | Run): Promise<number> {
  let orders = 0;
  for (let path: number[] | undefined = []; path; orders += 1) {
    const { actors, check } = await createRun();
    const choices = await runInOrder(actors, path);
    await check(choices.map(({ chosen }) => String.fromCharCode(65 + chosen)).join(''));
    path = toNextPath(choices);
  }
  return orders;
}

interface Choice {
  /** The actor whose turn it was. */
  readonly chosen: number;
  /** Which of those that could have had it. */
  readonly index: number;
  readonly among: number;
}

async function runInOrder(
  actors: readonly Actor[],
  path: readonly number[],
): Promise<readonly Choice[]> {
  const running = actors.map((actor) => new RunningActor(actor));
  const choices: Choice[] = [];
  for (;;) {
    await Promise.all(running.map((one) => one.settled));
    const ready = running.filter((one) => !one.isDone);
    const index = path[choices.length] ?? 0;
    const next = ready[index];
    if (!next) {
      return choices;
    }
    choices.push({ chosen: running.indexOf(next), index, among: ready.length });
    next.goOn();
  }
}

/** The same choices up to the last that can be made otherwise; undefined when all were made. */
function toNextPath(choices: readonly Choice[]): number[] | undefined {
  const at = choices.findLastIndex(({ index, among }) => index + 1 < among);
  return at < 0
    ? undefined
    : choices.slice(0, at + 1).map(({ index }, place) => (place === at ? index + 1 : index));
}

class RunningActor {
  isDone = false;
  /** Until it waits for its turn, or has ended. */
  settled: Promise<void>;
  #settle: () => void = () => undefined;
  #fail: (reason: unknown) => void = () => undefined;
  goOn: () => void = () => undefined;

  constructor(actor: Actor) {
    this.settled = this.#expect();
    actor(() => this.#wait()).then(
      () => {
        this.isDone = true;
        this.#settle();
      },
      (thrown: unknown) => this.#fail(thrown),
    );
  }

  #wait(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.goOn = () => {
        this.settled = this.#expect();
        resolve();
      };
      this.#settle();
    });
  }

  #expect(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
  }
}
