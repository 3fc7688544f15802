// QuickJS on WebAssembly through its own C interface: values are pointers that their owner frees.
// Knows nothing of steps. Text crosses as JSON, because C strings end at NUL. Long: one engine, one class.

import { QuickJSFFI } from '@jitl/quickjs-ng-wasmfile-release-sync/ffi';
import loadModule from '@jitl/quickjs-ng-wasmfile-release-sync/emscripten-module';
import { PromiseWatch } from './promiseWatch';

/** A value the holder must `free`. */
export type Value = ReturnType<QuickJSFFI['QTS_NewString']>;
/** An argument of a host function, valid during the call. */
type Argument = ReturnType<QuickJSFFI['QTS_ArgvGetJSValueConstPointer']>;
/** What a host function gives back: a value it hands over, or nothing for `undefined`. */
type HostFunction = (argument: Argument) => Value | undefined;
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

interface HeapLimit {
  heapBytes: number;
}

interface Heap {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly memory: WebAssembly.Memory;
  readonly limit: HeapLimit;
}

const pageBytes = 65_536;
export const maxHeapBytes = 2 ** 31 - pageBytes;
/** More lets endless recursion overflow the WebAssembly stack. Source: measured, 512 KiB traps. */
const maxStackBytes = 256 * 1024;
/** JS_EVAL_FLAG_ASYNC of quickjs.h; the package's own list lacks it. */
const asyncFlag = 1 << 7;

// Layout of a flat string in the pinned build (its hash is checked at build time): a NaN-boxed value
// is [pointer, tag]; the string is [references, length | wide << 31, …], then its characters.
const stringTag = -7;
const stringHeaderBytes = 28;

export class QuickJs {
  readonly #module: Module;
  readonly #memory: WebAssembly.Memory;
  readonly #limit: HeapLimit;
  readonly #ffi: QuickJSFFI;
  readonly #runtime: Runtime;
  readonly #context: Context;
  readonly promises: PromiseWatch;
  readonly #hostFunctions: HostFunction[] = [];
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  private constructor(module: Module, heap: Heap, options: QuickJsOptions) {
    this.#module = module;
    this.#memory = heap.memory;
    this.#limit = heap.limit;
    this.#ffi = new QuickJSFFI(module);
    this.#runtime = this.#ffi.QTS_NewRuntime();
    this.#ffi.QTS_RuntimeSetMaxStackSize(this.#runtime, maxStackBytes);
    module.callbacks = {
      callFunction: (_asyncify, _context, _self, _count, values, id) =>
        this.#hostFunctions[id - 1]?.(this.#ffi.QTS_ArgvGetJSValueConstPointer(values, 0)) ??
        (0 as Value), // a null pointer is `undefined`
      shouldInterrupt: () => (options.shouldInterrupt() ? 1 : 0),
      loadModuleSource: refuseModule,
      normalizeModule: refuseModule,
      freeHostRef: () => undefined,
    };
    const allIntrinsics = 0 as Parameters<QuickJSFFI['QTS_NewContext']>[1]; // a branded number
    this.#context = this.#ffi.QTS_NewContext(this.#runtime, allIntrinsics);
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
    this.#requireHooks();
  }

  static async create(options: QuickJsOptions): Promise<QuickJs> {
    const limit: HeapLimit = { heapBytes: maxHeapBytes };
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

  /** A guest function of one argument that calls the host. */
  createFunction(name: string, run: HostFunction): Value {
    const id = this.#hostFunctions.push(run) as Parameters<QuickJSFFI['QTS_NewFunction']>[4]; // branded
    return this.#ffi.QTS_NewFunction(this.#context, name, 1, false, id);
  }

  /** `text` must not hold NUL: send JSON. */
  createString(text: string): Value {
    return this.#withChars(text, (chars) => this.#ffi.QTS_NewString(this.#context, chars));
  }

  createUndefined(): Value {
    return this.#ffi.QTS_DupValuePointer(this.#context, this.#ffi.QTS_GetUndefined());
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

  /** Tells flat strings apart as objects; 0 for any other value. Valid while the string lives. */
  stringAddress(value: Value | Argument): number {
    const [address = 0, tag = 0] = new Int32Array(this.#memory.buffer, value, 2);
    return tag === stringTag ? address >>> 0 : 0;
  }

  /** Of the UTF-16 units of a flat string; −1 for any other value. */
  hashString(value: Argument): number {
    const address = this.stringAddress(value);
    if (address === 0) {
      return -1;
    }
    const { buffer } = this.#memory;
    const [, header = 0] = new Uint32Array(buffer, address, 2);
    const Units = header >>> 31 === 1 ? Uint16Array : Uint8Array;
    const units = new Units(buffer, address + stringHeaderBytes, header & 0x7fffffff);
    let hash = 0x811c9dc5;
    for (let at = 0; at < units.length; at += 1) {
      hash = Math.imul(hash ^ (units[at] ?? 0), 0x01000193);
    }
    return hash >>> 0;
  }

  /**
   * The characters of a string that the guest has just made and nobody has read yet, to be written
   * in place. That saves a second copy in a memory that never shrinks.
   * @throws Error when `value` is not such a string of `filler`s.
   */
  openString(value: Value, length: number, filler: string): Uint8Array {
    const width = filler.charCodeAt(0) > 0xff ? 2 : 1;
    const address = this.stringAddress(value);
    const words = new Uint32Array(this.#memory.buffer, address, 2);
    const chars = new Uint8Array(this.#memory.buffer, address + stringHeaderBytes, length * width);
    const unit = filler.charCodeAt(0);
    const isFiller = (at: number): boolean =>
      chars[at] === (unit & 0xff) && (width === 1 || chars[at + 1] === unit >>> 8);
    const isFlat = address !== 0 && words[1] === (length | (width === 2 ? 1 << 31 : 0)) >>> 0;
    if (!isFlat || !isFiller(0) || !isFiller((length - 1) * width)) {
      throw new Error('The engine lays out strings in another way than expected.');
    }
    return chars;
  }

  free(value: Value): void {
    this.#ffi.QTS_FreeValuePointer(this.#context, value);
  }

  /** @throws Error when the engine does not tell of its promises, as it would if its layout changed. */
  #requireHooks(): void {
    const probe = this.evaluate('Promise.reject(1); new Promise(() => {}); 0', '<probe>');
    const rejections = this.promises.takeRejections();
    if (!probe.ok || rejections?.count !== 1 || this.promises.takePending() !== 1) {
      throw new Error('The engine lays out its runtime in another way than expected.');
    }
    this.free(probe.value);
    this.free(rejections.reason);
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

/** What `@types/node` leaves out of a WebAssembly memory. */
interface GrowingMemory extends WebAssembly.Memory {
  grow(pages: number): number;
}
type MemoryConstructor = new (size: { initial: number; maximum: number }) => GrowingMemory;

/** The engine grows its memory only through `grow`, so refusing there is a hard cap. */
function createMemory(limit: Readonly<HeapLimit>): WebAssembly.Memory {
  const Memory = WebAssembly.Memory as unknown as MemoryConstructor; // see GrowingMemory
  const memory = new Memory({ initial: 256, maximum: 32_768 });
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * pageBytes > limit.heapBytes) {
      throw new RangeError('The engine may not grow further.');
    }
    return grow(pages);
  };
  return memory;
}

function refuseModule(): never {
  throw new Error('The guest has no modules.');
}
