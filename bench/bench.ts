// What every case works with: a folder for real files, the effort to make, and the machine's noise.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DisposableStore } from '../src/base/disposable';
import type { Figure } from './figure';
import { type Contender, NoiseFloor, type RaceOptions, type RaceResult, race } from './measure';
import type { PythonProgram } from './python';
import { createText } from './texts';

export interface BenchCase {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<readonly Figure[]>;
}

export interface BenchOptions {
  readonly folder: string;
  readonly isQuick: boolean;
  /** Null where there is none. */
  readonly python: PythonProgram | null;
  readonly report: (line: string) => void;
}

export const kilobyte = 1_000;
export const megabyte = 1_000_000;
export const noPython = { missing: 'no python3 on this machine' } as const;

export class Bench {
  readonly folder: string;
  readonly isQuick: boolean;
  readonly python: PythonProgram | null;
  readonly report: (line: string) => void;
  readonly noise = new NoiseFloor();
  /** Disposed after each case, or before by `letGo`. */
  store = new DisposableStore();
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #files = new Map<string, Promise<string>>();

  constructor(options: BenchOptions) {
    this.folder = options.folder;
    this.isQuick = options.isQuick;
    this.python = options.python;
    this.report = options.report;
  }

  /** `full` in a full run, `quick` with --quick. */
  pick<T>(full: T, quick: T): T {
    return this.isQuick ? quick : full;
  }

  race(
    contenders: readonly Contender[],
    options: Omit<RaceOptions, 'onRound'>,
  ): Promise<RaceResult> {
    return race(contenders, { ...options, onRound: () => this.noise.sample() });
  }

  /** A file with a text of that size, made once. */
  file(bytes: number, options: { readonly isWide?: boolean } = {}): Promise<string> {
    const name = `${bytes}${options.isWide === true ? '-wide' : ''}.log`;
    const known = this.#files.get(name);
    if (known) {
      return known;
    }
    const file = path.join(this.folder, name);
    const written = writeFile(file, createText(bytes, options)).then(() => file);
    this.#files.set(name, written);
    return written;
  }

  /** What ends asynchronously is waited for, so that no process outlives its folder. */
  onLetGo(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  /** Ends all that was opened so far: after a case, and within one to make room. */
  async letGo(): Promise<void> {
    this.store.dispose();
    this.store = new DisposableStore();
    await Promise.allSettled(this.#closers.splice(0).map((close) => close()));
  }

  async runCase(benchCase: BenchCase): Promise<readonly Figure[]> {
    try {
      return await benchCase.run(this);
    } finally {
      await this.letGo();
    }
  }
}
