// QuickJS on WebAssembly through its own C interface: values are pointers that their owner frees.
// Knows nothing of steps. Text crosses as JSON, because C strings end at NUL. Long: one engine, one class.

import { QuickJSFFI } from '@jitl/quickjs-ng-wasmfile-release-sync/ffi';
import loadModule from '@jitl/quickjs-ng-wasmfile-release-sync/emscripten-module';
import { type HeapLimit, createMemory } from './engineMemory';
import { FlatStrings } from './flatStrings';
import { GuestAtoms } from './guestAtoms';
import { MemoryViews } from './memoryViews';
import { OwnNames } from './ownNames';
import { PatternCompiler } from './patternCompiler';
import { PollCounter } from './pollCounter';
import { PromiseWatch } from './promiseWatch';
import { ValueHash } from './valueHash';
import { maxHeapBytes } from './wasmMemory';

/** A value the holder must `free`. */
export type Value = ReturnType<QuickJSFFI['QTS_NewString']>;
/** An argument of a host function, valid during the call. */
type Argument = ReturnType<QuickJSFFI['QTS_ArgvGetJSValueConstPointer']>;
/** What a host function gives back: a value it hands over, or nothing for `undefined`. */
type HostFunction = (...values: readonly [Argument, Argument, Argument]) => Value | undefined;
export type Completion =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Value };
type PromiseState = 'pending' | 'fulfilled' | 'rejected' | 'not-a-promise';

type Module = Awaited<ReturnType<typeof loadModule>>;
type Runtime = ReturnType<QuickJSFFI['QTS_NewRuntime']>;
type Context = ReturnType<QuickJSFFI['QTS_NewContext']>;
type EvalParameters = Parameters<QuickJSFFI['QTS_Eval']>;

interface QuickJsOptions {
  /** Exports its function table. */
  readonly wasmModule: WebAssembly.Module;
  /** Polled while guest code runs; true ends it with an error that the guest cannot catch. */
  readonly shouldInterrupt: () => boolean;
}

interface Heap {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly memory: WebAssembly.Memory;
  readonly limit: HeapLimit;
}

/** More lets endless recursion overflow the WebAssembly stack. Source: measured, 512 KiB traps. */
const maxStackBytes = 256 * 1024;
/** JS_EVAL_FLAG_ASYNC of quickjs.h; the package's own list lacks it. */
const asyncFlag = 1 << 7;
/** In which the global object is looked for. */
const contextValues = 64;
export class QuickJs {
  readonly #module: Module;
  readonly #memory: WebAssembly.Memory;
  readonly #limit: HeapLimit;
  readonly #ffi: QuickJSFFI;
  readonly #runtime: Runtime;
  readonly #context: Context;
  readonly promises: PromiseWatch;
  readonly polls: PollCounter;
  readonly strings: FlatStrings;
  readonly hashes: ValueHash;
  readonly names: OwnNames;
  readonly #hostFunctions: HostFunction[] = [];
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  private constructor(module: Module, heap: Heap, options: QuickJsOptions) {
    this.#module = module;
    this.#memory = heap.memory;
    const views = new MemoryViews(() => heap.memory.buffer);
    this.strings = new FlatStrings(views);
    this.#limit = heap.limit;
    this.#ffi = new QuickJSFFI(module);
    this.#runtime = this.#ffi.QTS_NewRuntime();
    const atoms = new GuestAtoms(views, this.#runtime);
    this.names = new OwnNames(views, atoms);
    this.hashes = new ValueHash(views, atoms);
    this.#ffi.QTS_RuntimeSetMaxStackSize(this.#runtime, maxStackBytes);
    module.callbacks = {
      callFunction: (_asyncify, _context, _self, _count, values, id) =>
        this.#hostFunctions[id - 1]?.(
          this.#ffi.QTS_ArgvGetJSValueConstPointer(values, 0),
          this.#ffi.QTS_ArgvGetJSValueConstPointer(values, 1),
          this.#ffi.QTS_ArgvGetJSValueConstPointer(values, 2),
        ) ?? (0 as Value), // a null pointer is `undefined`
      shouldInterrupt: () => {
        this.polls.onPoll();
        return options.shouldInterrupt() ? 1 : 0;
      },
      loadModuleSource: refuseModule,
      normalizeModule: refuseModule,
      freeHostRef: () => undefined,
    };
    const allIntrinsics = 0 as Parameters<QuickJSFFI['QTS_NewContext']>[1]; // a branded number
    this.#context = this.#ffi.QTS_NewContext(this.#runtime, allIntrinsics);
    this.polls = new PollCounter({ memory: heap.memory, context: this.#context });
    this.promises = new PromiseWatch(
      {
        ffi: this.#ffi,
        memory: heap.memory,
        runtime: this.#runtime,
        context: this.#context,
        exports: heap.exports,
        malloc: (bytes) => this.#allocate(bytes),
      },
      () => this.#ffi.QTS_RuntimeEnableInterruptHandler(this.#runtime),
    );
    new PatternCompiler({
      ffi: this.#ffi,
      memory: heap.memory,
      strings: this.strings,
      context: this.#context,
      exports: heap.exports,
      malloc: (bytes) => this.#allocate(bytes),
      readText: (value) => this.readString(value),
      createText: (text) => this.createString(text),
      createError: this.#makeErrors(),
    });
  }

  static async create(options: QuickJsOptions): Promise<QuickJs> {
    const limit: HeapLimit = { heapBytes: maxHeapBytes, wasReached: false };
    const memory = createMemory(limit);
    let exports: Readonly<Record<string, unknown>> = {};
    const module = await loadModule({
      wasmMemory: memory,
      instantiateWasm: (imports, onSuccess) => {
        const instance = new WebAssembly.Instance(options.wasmModule, imports);
        exports = instance.exports;
        onSuccess(instance);
        return exports;
      },
    });
    return new QuickJs(module, { exports, memory, limit }, options);
  }

  /** Of the WebAssembly memory, which holds all there is in the guest and never shrinks. */
  get heapBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * The memory will not grow beyond this. The engine's own limit is of no use: in this build it
   * counts no bytes (emscripten's malloc does not tell the size of a block).
   */
  limitHeap(bytes: number): void {
    this.#limit.heapBytes = Math.min(bytes, maxHeapBytes);
    this.#limit.wasReached = false;
  }

  /** Whether memory was refused since the limit was set. */
  get wasRefusedMemory(): boolean {
    return this.#limit.wasReached;
  }

  /** Whether so much in one piece could be had, by growing where that is allowed. */
  hasRoom(bytes: number): boolean {
    const pointer = this.#module._malloc(bytes);
    this.#module._free(pointer);
    return pointer !== 0;
  }

  /** Runs a global script. With `isAsync` it may await, and the value is the promise of `{ value }`. */
  evaluate(code: string, filename: string, isAsync = false): Completion {
    return this.#withChars(code, (chars, length) => {
      const detectModule = 0 as EvalParameters[4]; // a branded boolean
      const flags = (isAsync ? asyncFlag : 0) as EvalParameters[5]; // a branded number
      return this.#complete(
        this.#ffi.QTS_Eval(this.#context, chars, length, filename, detectModule, flags),
      );
    });
  }

  call(callee: Value, ...values: readonly Value[]): Completion {
    const list = this.#allocate(values.length * 4) as Parameters<QuickJSFFI['QTS_Call']>[4]; // Value[]
    new Uint32Array(this.#memory.buffer, list, values.length).set(values);
    const self = this.#ffi.QTS_GetUndefined();
    const result = this.#ffi.QTS_Call(this.#context, callee, self, values.length, list);
    this.#module._free(list);
    return this.#complete(result);
  }

  /** A guest function that calls the host. What it is not given of three arguments is undefined. */
  createFunction(name: string, run: HostFunction): Value {
    const id = this.#hostFunctions.push(run) as Parameters<QuickJSFFI['QTS_NewFunction']>[4]; // branded
    return this.#ffi.QTS_NewFunction(this.#context, name, 3, false, id);
  }

  /** `text` must not hold NUL: send JSON. */
  createString(text: string): Value {
    return this.#withChars(text, (chars) => this.#ffi.QTS_NewString(this.#context, chars));
  }

  createUndefined(): Value {
    return this.#ffi.QTS_DupValuePointer(this.#context, this.#ffi.QTS_GetUndefined());
  }

  readNumber(value: Argument): number {
    return this.#ffi.QTS_GetFloat64(this.#context, value);
  }

  createNumber(value: number): Value {
    return this.#ffi.QTS_NewFloat64(this.#context, value);
  }

  /** A copy in the guest; undefined when there is no memory for it. */
  createArrayBuffer(bytes: Uint8Array): Value | undefined {
    const pointer = this.#module._malloc(Math.max(bytes.length, 1));
    if (pointer === 0) {
      return undefined;
    }
    new Uint8Array(this.#memory.buffer).set(bytes, pointer);
    const owned = pointer as Parameters<QuickJSFFI['QTS_NewArrayBuffer']>[1]; // the buffer frees it
    return this.#ffi.QTS_NewArrayBuffer(this.#context, owned, bytes.length);
  }

  /** A copy of what an ArrayBuffer holds. */
  readArrayBuffer(value: Argument): Uint8Array {
    const length = this.#ffi.QTS_GetArrayBufferLength(this.#context, value);
    const pointer = this.#ffi.QTS_GetArrayBuffer(this.#context, value);
    return new Uint8Array(this.#memory.buffer, pointer, length).slice();
  }

  /** The text up to its first NUL; undefined when there is no memory for the copy. */
  readString(value: Value | Argument): string | undefined {
    const chars = this.#ffi.QTS_GetString(this.#context, value);
    if (chars === 0) {
      return undefined;
    }
    const heap = new Uint8Array(this.#memory.buffer);
    const text = this.#decoder.decode(heap.subarray(chars, heap.indexOf(0, chars)));
    this.#ffi.QTS_FreeCString(this.#context, chars);
    return text;
  }

  getProperty(object: Value, name: string): Value {
    const key = this.createString(name);
    const value = this.#ffi.QTS_GetProp(this.#context, object, key);
    this.free(key);
    return value;
  }

  /** The object that holds what scripts declare with `let`, `const` and as classes. */
  getLexicals(): Value {
    const pointer = this.#ffi.QTS_GetGlobalObject(this.#context);
    const global = new BigInt64Array(this.#memory.buffer, pointer, 1)[0];
    this.free(pointer);
    const words = new BigInt64Array(this.#memory.buffer, this.#context, contextValues);
    const at = words.indexOf(global ?? 0n);
    if (at === -1) {
      throw new Error('The engine lays out its context in another way than expected.');
    }
    const lexicals = (this.#context + 8 * (at + 1)) as Value; // next to the global object
    return this.#ffi.QTS_DupValuePointer(this.#context, lexicals);
  }

  promiseState(value: Value | Argument): PromiseState {
    const states = ['pending', 'fulfilled', 'rejected'] as const;
    return states[this.#ffi.QTS_PromiseState(this.#context, value)] ?? 'not-a-promise';
  }

  /** The value or reason of a settled promise. */
  promiseResult(value: Value | Argument): Value {
    return this.#ffi.QTS_PromiseResult(this.#context, value);
  }

  /** Runs queued promise jobs, at most `maxJobs`. The error of one that was interrupted, else null. */
  runJobs(maxJobs: number): Value | null {
    const out = this.#allocate(4) as Parameters<QuickJSFFI['QTS_ExecutePendingJob']>[2]; // Context*
    const result = this.#ffi.QTS_ExecutePendingJob(this.#runtime, maxJobs, out);
    this.#module._free(out);
    const isCount = !Number.isNaN(this.#ffi.QTS_GetFloat64(this.#context, result));
    if (!isCount) {
      return result;
    }
    this.#ffi.QTS_FreeValuePointerRuntime(this.#runtime, result);
    return null;
  }

  get hasJobs(): boolean {
    return this.#ffi.QTS_IsJobPending(this.#runtime) === 1;
  }

  /** Empties the job queue without running guest code: each job fails for lack of stack. */
  discardJobs(): void {
    this.#ffi.QTS_RuntimeSetMaxStackSize(this.#runtime, 1);
    while (this.hasJobs) {
      const error = this.runJobs(1_000);
      if (error !== null) {
        this.free(error);
      }
    }
    this.#ffi.QTS_RuntimeSetMaxStackSize(this.#runtime, maxStackBytes);
  }

  free(value: Value): void {
    this.#ffi.QTS_FreeValuePointer(this.#context, value);
  }

  /** What makes a SyntaxError of the guest's. */
  #makeErrors(): (message: string) => Value {
    const made = this.evaluate('(message) => new SyntaxError(message)', '<errors>');
    if (!made.ok) {
      throw new Error('The engine makes no function.');
    }
    return (message) => {
      const text = this.createString(message);
      const completion = this.call(made.value, text);
      this.free(text);
      return completion.ok ? completion.value : completion.error;
    };
  }

  #complete(result: Value): Completion {
    const error = this.#ffi.QTS_ResolveException(this.#context, result);
    if (error === 0) {
      return { ok: true, value: result };
    }
    this.free(result);
    return { ok: false, error };
  }

  #withChars<T>(text: string, use: (chars: Chars, length: number) => T): T {
    const bytes = this.#encoder.encode(text);
    const chars = this.#allocate(bytes.length + 1) as Chars; // an owned C string
    const heap = new Uint8Array(this.#memory.buffer);
    heap.set(bytes, chars);
    heap[chars + bytes.length] = 0;
    try {
      return use(chars, bytes.length);
    } finally {
      this.#module._free(chars);
    }
  }

  #allocate(bytes: number): number {
    const pointer = this.#module._malloc(Math.max(bytes, 1));
    if (pointer === 0) {
      throw new Error('The engine has no memory left for itself.');
    }
    return pointer;
  }
}

type Chars = Parameters<QuickJSFFI['QTS_NewString']>[1];

function refuseModule(): never {
  throw new Error('The guest has no modules.');
}
