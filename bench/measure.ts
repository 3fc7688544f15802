// Medians with their quartiles, taken side by side: contenders run in turns, so that whatever else
// the machine does meanwhile meets all of them alike and their ratios hold.

export interface Spread {
  readonly median: number;
  /** First quartile. */
  readonly low: number;
  /** Third quartile. */
  readonly high: number;
  readonly count: number;
}

export interface Contender {
  readonly name: string;
  /** What is timed. */
  readonly run: () => Promise<unknown>;
  /** Untimed, before and after each sample. */
  readonly prepare?: () => Promise<unknown>;
  readonly cleanUp?: () => Promise<unknown>;
  /** Samples per turn. */
  readonly burst?: number;
  /** Runs before the first sample. */
  readonly warmUps?: number;
  /** Turns it gets whatever they cost: one sample alone is a chance. Left out: 3. */
  readonly minTurns?: number;
}

export interface RaceOptions {
  readonly rounds: number;
  /** A contender that has had its `minTurns` and used this much time waits while the others go on. */
  readonly budgetMs: number;
  /** Called between rounds. */
  readonly onRound?: () => void;
}

export function toSpread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((left, right) => left - right);
  const at = (share: number): number => {
    const position = (sorted.length - 1) * share;
    const below = sorted[Math.floor(position)] ?? NaN;
    const above = sorted[Math.ceil(position)] ?? NaN;
    return below + (above - below) * (position % 1);
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75), count: sorted.length };
}

/** Runs all contenders in turns, each round beginning with another one. */
export async function race(
  contenders: readonly Contender[],
  options: RaceOptions,
): Promise<RaceResult> {
  const lanes = contenders.map((contender) => new Lane(contender, options.budgetMs));
  for (const lane of lanes) {
    await lane.warmUp();
  }
  for (let round = 0; round < options.rounds; round += 1) {
    options.onRound?.();
    const first = round % lanes.length;
    for (const lane of [...lanes.slice(first), ...lanes.slice(0, first)]) {
      await lane.takeTurn();
    }
  }
  return new RaceResult(new Map(lanes.map((lane) => [lane.name, lane.turns])));
}

/** Milliseconds, by contender and by turn. */
export class RaceResult {
  readonly #turns: ReadonlyMap<string, readonly (readonly number[])[]>;

  constructor(turns: ReadonlyMap<string, readonly (readonly number[])[]>) {
    this.#turns = turns;
  }

  /** Undefined for a contender that did not take part. */
  spread(name: string): Spread | undefined {
    const turns = this.#turns.get(name);
    return turns && toSpread(turns.flat());
  }

  /** How many times longer `slow` takes than `fast`: their medians compared round by round. */
  ratio(slow: string, fast: string): Spread | undefined {
    const slowTurns = this.#turns.get(slow);
    const fastTurns = this.#turns.get(fast);
    if (!slowTurns || !fastTurns) {
      return undefined;
    }
    const shared = Math.min(slowTurns.length, fastTurns.length);
    const ratios = slowTurns
      .slice(0, shared)
      .map((turn, round) => toSpread(turn).median / toSpread(fastTurns[round] ?? []).median);
    return toSpread(ratios);
  }
}

class Lane {
  readonly turns: number[][] = [];
  readonly #contender: Contender;
  readonly #budgetMs: number;
  #spentMs = 0;

  constructor(contender: Contender, budgetMs: number) {
    this.#contender = contender;
    this.#budgetMs = budgetMs;
  }

  get name(): string {
    return this.#contender.name;
  }

  async warmUp(): Promise<void> {
    for (let done = 0; done < (this.#contender.warmUps ?? 0); done += 1) {
      await this.#sample();
    }
  }

  async takeTurn(): Promise<void> {
    const { minTurns = 3 } = this.#contender;
    if (this.turns.length >= minTurns && this.#spentMs >= this.#budgetMs) {
      return;
    }
    const started = performance.now();
    const samples: number[] = [];
    for (let done = 0; done < (this.#contender.burst ?? 1); done += 1) {
      samples.push(await this.#sample());
    }
    this.turns.push(samples);
    this.#spentMs += performance.now() - started;
  }

  async #sample(): Promise<number> {
    const { run, prepare, cleanUp } = this.#contender;
    await prepare?.();
    const started = performance.now();
    await run();
    const elapsedMs = performance.now() - started;
    await cleanUp?.();
    return elapsedMs;
  }
}

const floorLoops = 1_500_000;
const floorBytes = 4_000_000;

/** A fixed piece of computing and copying, repeated through the run: its spread is the machine's noise. */
export class NoiseFloor {
  readonly #samples: number[] = [];
  readonly #from = new Uint8Array(floorBytes).fill(7);
  readonly #to = new Uint8Array(floorBytes);
  #checksum = 0;

  sample(): void {
    const started = performance.now();
    let value = this.#checksum | 1;
    for (let loop = 0; loop < floorLoops; loop += 1) {
      value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
    }
    this.#to.set(this.#from);
    this.#checksum = value + (this.#to[value & 0xffff] ?? 0);
    this.#samples.push(performance.now() - started);
  }

  /** Of the piece's time, in milliseconds; `worst` is the 95th percentile. */
  get spread(): Spread & { readonly worst: number } {
    const sorted = [...this.#samples].sort((left, right) => left - right);
    const worst = sorted[Math.floor((sorted.length - 1) * 0.95)] ?? NaN;
    return { ...toSpread(this.#samples), worst };
  }
}
