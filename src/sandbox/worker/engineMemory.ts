// The memory of a QuickJS engine, with a cap of its own.

import { pageBytes } from './wasmMemory';

export interface HeapLimit {
  heapBytes: number;
  /** The memory was to grow beyond the limit, and did not. */
  wasReached: boolean;
}

/** What `@types/node` leaves out of a WebAssembly memory. */
interface GrowingMemory extends WebAssembly.Memory {
  grow(pages: number): number;
}
type MemoryConstructor = new (size: { initial: number; maximum: number }) => GrowingMemory;

/** The engine grows its memory only through `grow`, so refusing there is a hard cap. */
export function createMemory(limit: HeapLimit): WebAssembly.Memory {
  const Memory = WebAssembly.Memory as unknown as MemoryConstructor; // see GrowingMemory
  const memory = new Memory({ initial: 256, maximum: 32_768 });
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * pageBytes > limit.heapBytes) {
      limit.wasReached = true;
      throw new RangeError('The engine may not grow further.');
    }
    return grow(pages);
  };
  return memory;
}
