// What became of the promises of a step: which were rejected with nobody to hear of it, and how many are
// still pending. Told by the engine itself, which calls hooks whose pointers its package does not set.

import type { QuickJSFFI } from '@jitl/quickjs-ng-wasmfile-release-sync/ffi';
import { addFunction } from './engineHooks';
import type { Value } from './quickJs';

interface Engine {
  readonly ffi: QuickJSFFI;
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly runtime: ReturnType<QuickJSFFI['QTS_NewRuntime']>;
  readonly context: ReturnType<QuickJSFFI['QTS_NewContext']>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly malloc: (bytes: number) => number;
}

interface Rejection {
  readonly promise: Value;
  readonly reason: Value;
}

// Layout of the runtime in the pinned build, in words: the interrupt handler (which the package does set),
// and from it the promise hook and the rejection tracker. Checked by `checkEngine`.
const runtimeWords = 128;
const promiseHookAfter = 2;
const rejectionTrackerAfter = 5;
/** JS_PROMISE_HOOK_INIT of quickjs.h. */
const created = 0;
/** Of more, which stay in memory no longer than the code keeps them, only the addresses are known. */
const maxRejections = 100;
const maxPending = 64;

export class PromiseWatch {
  readonly #engine: Engine;
  /** By address. */
  readonly #rejections = new Map<number, Rejection>();
  /** Addresses of those that are not held, and how many of these are gone with nobody to have heard of them. */
  readonly #unheld = new Set<number>();
  #lost = 0;
  #pending: Value[] = [];
  readonly #scratch: number;

  /** `setHandler` sets the interrupt handler: what it changes tells where the other hooks are. */
  constructor(engine: Engine, setHandler: () => void) {
    this.#engine = engine;
    this.#scratch = engine.malloc(8);
    const before = this.#readRuntime().slice();
    setHandler();
    const handler = this.#readRuntime().findIndex((word, at) => word !== before[at]);
    const tracker = addFunction(engine.exports, ['i32', 'i64', 'i64', 'i32', 'i32'], this.#track);
    const hook = addFunction(engine.exports, ['i32', 'i32', 'i64', 'i64', 'i32'], this.#follow);
    this.#readRuntime()[handler + rejectionTrackerAfter] = tracker;
    this.#readRuntime()[handler + promiseHookAfter] = hook;
  }

  /** The rejection of `promise` is somebody's to tell of. */
  markHandled(promise: Value): void {
    this.#forget(new Uint32Array(this.#engine.memory.buffer, promise, 1)[0] ?? 0);
  }

  /** What has become of earlier promises is of no interest any more. */
  reset(): void {
    const rejections = this.takeRejections();
    if (rejections?.reason) {
      this.#free(rejections.reason);
    }
    this.takePending();
  }

  /** The first reason held that nobody has heard of, to be freed by the caller, and how many there are. */
  takeRejections(): { readonly reason: Value | null; readonly count: number } | null {
    const all = [...this.#rejections.values()];
    const count = all.length + this.#unheld.size + this.#lost;
    this.#rejections.clear();
    this.#unheld.clear();
    this.#lost = 0;
    const first = all[0];
    for (const { promise, reason } of all) {
      this.#free(promise);
      if (reason !== first?.reason) {
        this.#free(reason);
      }
    }
    return count === 0 ? null : { reason: first?.reason ?? null, count };
  }

  /** How many promises made since the last call are still pending, as far as they were looked after. */
  takePending(): number {
    this.#letSettledGo();
    const pending = this.#pending;
    this.#pending = [];
    for (const promise of pending) {
      this.#free(promise);
    }
    return pending.length;
  }

  readonly #track = (
    _context: number,
    promise: bigint,
    reason: bigint,
    isHandled: number,
  ): void => {
    const address = Number(BigInt.asUintN(32, promise));
    if (isHandled === 0) {
      this.#add(address, promise, reason);
      return;
    }
    this.#forget(address);
  };

  #add(address: number, promise: bigint, reason: bigint): void {
    // A second promise at one address: the first is gone.
    this.#lost += this.#unheld.delete(address) ? 1 : 0;
    if (this.#rejections.size < maxRejections) {
      this.#rejections.set(address, { promise: this.#hold(promise), reason: this.#hold(reason) });
    } else {
      this.#unheld.add(address);
    }
  }

  readonly #follow = (_context: number, event: number, promise: bigint): void => {
    if (event === created) {
      this.#letSettledGo();
      if (this.#pending.length < maxPending) {
        this.#pending.push(this.#hold(promise));
      }
    }
  };

  /** A settled promise holds its result, which may be large. */
  #letSettledGo(): void {
    const { ffi, context } = this.#engine;
    this.#pending = this.#pending.filter((promise) => {
      const isPending = ffi.QTS_PromiseState(context, promise) === 0;
      if (!isPending) {
        this.#free(promise);
      }
      return isPending;
    });
  }

  #forget(address: number): void {
    this.#unheld.delete(address);
    const rejection = this.#rejections.get(address);
    if (rejection) {
      this.#rejections.delete(address);
      this.#free(rejection.promise);
      this.#free(rejection.reason);
    }
  }

  #free(value: Value): void {
    this.#engine.ffi.QTS_FreeValuePointer(this.#engine.context, value);
  }

  /** A reference of our own; the engine's functions take values by address. */
  #hold(value: bigint): Value {
    const { ffi, memory, context } = this.#engine;
    new BigInt64Array(memory.buffer, this.#scratch, 1)[0] = value;
    return ffi.QTS_DupValuePointer(context, this.#scratch as Value);
  }

  #readRuntime(): Int32Array {
    return new Int32Array(this.#engine.memory.buffer, this.#engine.runtime, runtimeWords);
  }
}
