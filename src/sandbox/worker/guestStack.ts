// A larger stack for the Python engine. Its own has 64 KiB, less than its limits of recursion in C
// suppose, and lies above its static data: deep recursion would overwrite that instead of failing.

/** What the engine exports and we use. Source: the pinned build. */
export interface EngineExports {
  readonly memory: WebAssembly.Memory & { grow(pages: number): number };
  malloc(bytes: number): number;
  _emscripten_stack_restore(address: number): void;
}

/** More than recursion up to the engine's own limits takes. */
const stackBytes = 16 * 1024 * 1024;
/** Lies below the stack, and stays as it is while the stack is large enough. */
const guardWords = 1_024;
const guardWord = 0x5ca1ab1e;
const alignment = 16;

export interface GuestStack {
  /** Whether it was large enough so far. */
  readonly isWhole: () => boolean;
  /** All that the engine did not allocate lies below it. */
  readonly start: number;
}

/** Moves the stack, which must be empty, before anything is allocated. */
export function enlargeStack(engine: EngineExports): GuestStack {
  const guardBytes = guardWords * Uint32Array.BYTES_PER_ELEMENT;
  const start = engine.malloc(guardBytes + stackBytes) >>> 0;
  if (start === 0) {
    throw new Error('There is no memory for the stack.');
  }
  const readGuard = (): Uint32Array => new Uint32Array(engine.memory.buffer, start, guardWords);
  readGuard().fill(guardWord);
  engine._emscripten_stack_restore((start + guardBytes + stackBytes) & -alignment);
  return { start, isWhole: () => readGuard().every((word) => word === guardWord) };
}
