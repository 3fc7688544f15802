// What a WebAssembly memory of 32 bits can be.

export const pageBytes = 65_536;
/** The engines count in signed numbers. */
export const maxHeapBytes = 2 ** 31 - pageBytes;
