// The interpreter's one thread, in its memory: which code is running, by the chain of its frames, and whether
// functions of the session hang on it (`setprofile`, `settrace`, `sys.monitoring`). Where it keeps them is found
// by what the runner shows before any code of the session runs.

import type { MemoryViews } from './memoryViews';
import * as layout from './pythonLayout';

const maxFrames = 100;
/** Hooks that the runner has set for a moment, and the frame that it is in. */
interface ShownHooks {
  readonly frame: number;
  readonly profile: number;
  readonly firstMonitor: number;
  readonly lastMonitor: number;
}

export class PythonThread {
  readonly #memory: MemoryViews;
  /** Words where the frame that runs, and the first and the last tool's first function may be. */
  #frames: readonly number[] | null = null;
  #firstMonitors: readonly number[] | null = null;
  #lastMonitors: readonly number[] | null = null;

  constructor(memory: MemoryViews) {
    this.#memory = memory;
  }

  /** To be called twice, from different frames and with different hooks; `end` is where static data ends. */
  find({ frame, profile, firstMonitor, lastMonitor }: ShownHooks, end: number): void {
    this.#memory.refresh();
    const { words } = this.#memory;
    const running = words[(frame >>> 2) + layout.frameObject.frame] ?? 0;
    const find = (word: number, known: readonly number[] | null): readonly number[] =>
      (known ?? findAll(words.subarray(0, end >>> 2), word)).filter((at) => words[at] === word);
    this.#frames = find(running, this.#frames).filter(
      (at) => words[at + layout.hooksOfThread.profile] === profile,
    );
    this.#firstMonitors = find(firstMonitor, this.#firstMonitors);
    this.#lastMonitors = find(lastMonitor, this.#lastMonitors);
  }

  /** Whether each was found at one place only, as far from each other as they are laid out. */
  get isFound(): boolean {
    return (
      this.#frames?.length === 1 &&
      this.#firstMonitors?.length === 1 &&
      this.#lastMonitors?.length === 1 &&
      this.#monitorsOfTool > 0 &&
      Number.isInteger(this.#monitorsOfTool)
    );
  }

  get #monitorsOfTool(): number {
    const [first = 0] = this.#firstMonitors ?? [];
    const [last = 0] = this.#lastMonitors ?? [];
    return (last - first) / (layout.monitoringTools - 1);
  }

  /** Whether exactly these run, by the addresses of their code, the innermost first. */
  runs(codes: readonly number[]): boolean {
    this.#memory.refresh();
    const { words, bytes } = this.#memory;
    let at = (words[this.#frames?.[0] ?? 0] ?? 0) >>> 2;
    let number = 0;
    for (let hops = 0; at !== 0 && hops < maxFrames; hops += 1) {
      const isOfC = bytes[at * 4 + layout.frame.ownerByte] === layout.frame.ownedByC;
      if (!isOfC) {
        if (words[at + layout.frame.code] !== codes[number]) {
          return false;
        }
        number += 1;
      }
      at = (words[at + layout.frame.previous] ?? 0) >>> 2;
    }
    return number === codes.length;
  }

  /** Whether code of the session is called when something happens. */
  get isHooked(): boolean {
    this.#memory.refresh();
    const { words } = this.#memory;
    const [thread = 0] = this.#frames ?? [];
    const [monitors = 0] = this.#firstMonitors ?? [];
    const { begin, end } = layout.hooksOfThread;
    const count = layout.monitoringTools * this.#monitorsOfTool;
    const isFree = (from: number, to: number): boolean =>
      words.subarray(from, to).every((word) => word === 0);
    return !isFree(thread + begin, thread + end) || !isFree(monitors, monitors + count);
  }
}

function findAll(words: Int32Array, word: number): number[] {
  const found: number[] = [];
  for (let at = words.indexOf(word); at !== -1; at = words.indexOf(word, at + 1)) {
    found.push(at);
  }
  return found;
}
