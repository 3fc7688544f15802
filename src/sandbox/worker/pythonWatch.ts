// Whether the session's code has changed what the runner stands on, and whether what is said in the runner's name
// is said by the runner. Everything is compared in the interpreter's memory, with copies that no guest can reach:
// what code of the session does to the runner's functions, it cannot do to this.
// The runner asks to `begin` when the code of a step has ended and nothing of the session is hooked to anything; only
// trusted code runs from there to its answer, which no other frames can give.

import type { MemoryViews } from './memoryViews';
import * as layout from './pythonLayout';
import { PythonThread } from './pythonThread';
import { WatchedDict, WatchedList, WatchedWords, type WatchedObject } from './watchedObjects';

const shownHooks = /^(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10})$/;
/** A kind, an address, and of a namespace the address of what is kept of it. */
const watchedObject = /^([a-z])(\d{1,10})(?::(\d{1,10}))?$/;
/** Where the runner is when it asks or answers, by the codes of its frames. */
const frameChain = /^(begin|mark|answer)=(\d{1,10}(?:,\d{1,10})*)$/;
type Point = 'begin' | 'mark' | 'answer';
type Watch = (memory: MemoryViews, address: number, kept: number) => readonly WatchedObject[];

/** By kind: how it is watched. */
const watchers: Readonly<Record<string, Watch>> = {
  /** A dict, and of a namespace what is kept of it. */
  d: (memory, address) => [new WatchedDict(memory, address)],
  s: (memory, address, kept) => [new WatchedDict(memory, address, kept)],
  l: (memory, address) => [new WatchedList(memory, address)],
  /** A function, the cell of a closure, a `partial`. */
  f: (memory, address) => [new WatchedWords(memory, address, layout.wordsOfFunction)],
  x: (memory, address) => [new WatchedWords(memory, address, [layout.opaque.cell])],
  p: (memory, address) => [new WatchedWords(memory, address, layout.wordsOfPartial)],
  c: (memory, address) => [
    new WatchedWords(memory, address, layout.wordsOfClass),
    new WatchedDict(memory, memory.words[(address >>> 2) + layout.type.dict] ?? 0),
  ],
};

export class PythonWatch {
  readonly #memory: MemoryViews;
  readonly #staticEnd: () => number;
  readonly #thread: PythonThread;
  readonly #objects: WatchedObject[] = [];
  readonly #chains = new Map<string, readonly number[]>();
  /** What only the runner's comparisons change: of it, the words that tell of a change. */
  readonly #records: number[] = [];
  /** What the runner finds out before the code of a step runs, for after it. */
  readonly #marks: number[] = [];
  #knownRecords: readonly number[] = [];
  #knownMarks: readonly number[] = [];
  #isSealed = false;
  /** The runner's first message may leave by itself: no code of the session has run. */
  #hasBegun = true;

  /** `staticEnd`: what the interpreter keeps of itself lies below this address. */
  constructor(memory: MemoryViews, staticEnd: () => number) {
    this.#memory = memory;
    this.#staticEnd = staticEnd;
    this.#thread = new PythonThread(memory);
  }

  showHooks(shown: string): void {
    const [, frame, profile, firstMonitor, lastMonitor] = (shownHooks.exec(shown) ?? []).map(
      Number,
    );
    if (!this.#isSealed) {
      this.#thread.find(
        {
          frame: frame ?? 0,
          profile: profile ?? 0,
          firstMonitor: firstMonitor ?? 0,
          lastMonitor: lastMonitor ?? 0,
        },
        this.#staticEnd(),
      );
    }
  }

  /** Only the first time: before any code of the session runs. The result tells whether all can be watched. */
  watch(objects: string): boolean {
    if (this.#isSealed) {
      return false;
    }
    this.#isSealed = true;
    this.#memory.refresh();
    objects.split(' ').forEach((one) => this.#watchOne(one));
    this.#knownRecords = this.#stateOf(this.#records);
    this.#knownMarks = this.#stateOf(this.#marks);
    return this.#thread.isFound && this.isSame();
  }

  /** Whether what the runner stands on is as it was. */
  isSame(): boolean {
    this.#memory.refresh();
    return !this.#thread.isHooked && this.#objects.every((one) => one.isSame(this.#memory));
  }

  /** Notes what the runner knows before the code of a step runs. */
  mark(): void {
    if (this.#runs('mark') && !this.#thread.isHooked) {
      this.#knownMarks = this.#stateOf(this.#marks);
    }
  }

  /** Whether only trusted code runs from here to the runner's answer, and what it stands on is as it was. */
  begin(): boolean {
    this.#hasBegun =
      this.#runs('begin') &&
      this.isSame() &&
      isEqual(this.#stateOf(this.#records), this.#knownRecords) &&
      isEqual(this.#stateOf(this.#marks), this.#knownMarks);
    return this.#hasBegun;
  }

  /** Whether the message that leaves now is an answer of the runner. */
  answers(): boolean {
    const isAnswer = this.#hasBegun && this.#runs('answer');
    this.#hasBegun = false;
    if (isAnswer) {
      this.#knownRecords = this.#stateOf(this.#records);
      this.#knownMarks = this.#stateOf(this.#marks);
    }
    return isAnswer;
  }

  #runs(point: Point): boolean {
    return this.#thread.runs(this.#chains.get(point) ?? []);
  }

  #watchOne(one: string): void {
    const [, point, codes] = frameChain.exec(one) ?? [];
    if (point !== undefined && codes !== undefined) {
      this.#chains.set(point, codes.split(',').map(Number));
      return;
    }
    const [, kind = '', first = '', second] = watchedObject.exec(one) ?? [];
    const address = Number(first);
    if (kind === 'r' || kind === 'm') {
      (kind === 'r' ? this.#records : this.#marks).push(address >>> 2);
      return;
    }
    const watch = watchers[kind];
    if (watch === undefined) {
      throw new Error(`The runner asks to watch ${one.slice(0, 50)}.`);
    }
    this.#objects.push(...watch(this.#memory, address, Number(second)));
  }

  #stateOf(dicts: readonly number[]): readonly number[] {
    this.#memory.refresh();
    const { begin, end } = layout.stateOfDict;
    return dicts.flatMap((at) => [...this.#memory.words.subarray(at + begin, at + end)]);
  }
}

function isEqual(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((word, at) => word === right[at]);
}
