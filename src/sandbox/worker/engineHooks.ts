// Lets JavaScript functions be called by the QuickJS engine where its C interface has function pointers.

/** What `@types/node` leaves out of a WebAssembly table. */
interface FunctionTable {
  get(index: number): unknown;
  readonly length: number;
  grow(count: number, value: unknown): number;
}

const i32 = 0x7f;
const i64 = 0x7e;

/**
 * A pointer to a function of the engine's, which calls `run`; 64-bit values come as BigInt. Never taken back:
 * the table lives as long as the engine.
 */
export function addFunction(
  exports: Readonly<Record<string, unknown>>,
  parameters: readonly ('i32' | 'i64')[],
  run: (...values: never[]) => unknown,
  result?: 'i64',
): number {
  const results = result === undefined ? [0] : [1, i64];
  const types = parameters.map((one) => (one === 'i32' ? i32 : i64));
  // One imported function, exported again: as such it has a type, and fits into a table.
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, types.length + 3 + results.length, 1, 0x60, types.length, ...types, ...results],
    ...[2, 7, 1, 1, 0x68, 1, 0x66, 0, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0],
  ]);
  const imports = { h: { f: run } };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return findTable(exports).grow(1, instance.exports['f']);
}

/** The function that a pointer of the engine's is to. @throws Error where it takes another number of parameters. */
export function readFunction<T extends (...values: never[]) => unknown>(
  exports: Readonly<Record<string, unknown>>,
  pointer: number,
  parameters: number,
): T {
  const found = findTable(exports).get(pointer);
  if (typeof found !== 'function' || found.length !== parameters) {
    throw new Error('The engine has another function there than expected.');
  }
  return found as T; // its types are those of the pinned build
}

function findTable(exports: Readonly<Record<string, unknown>>): FunctionTable {
  const table = Object.values(exports).find(isTable);
  if (!table) {
    throw new Error('The engine exports no function table.');
  }
  return table;
}

function isTable(value: unknown): value is FunctionTable {
  return typeof value === 'object' && value !== null && 'grow' in value && 'get' in value;
}
