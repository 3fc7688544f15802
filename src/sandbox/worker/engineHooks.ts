// Lets JavaScript functions be called by the QuickJS engine where its C interface has function pointers.

/** What `@types/node` leaves out of a WebAssembly table. */
interface FunctionTable {
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
  run: (...values: never[]) => void,
): number {
  const table = Object.values(exports).find(isTable);
  if (!table) {
    throw new Error('The engine exports no function table.');
  }
  const types = parameters.map((one) => (one === 'i32' ? i32 : i64));
  // One imported function, exported again: as such it has a type, and fits into a table.
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, types.length + 4, 1, 0x60, types.length, ...types, 0],
    ...[2, 7, 1, 1, 0x68, 1, 0x66, 0, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0],
  ]);
  const imports = { h: { f: run } };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return table.grow(1, instance.exports['f']);
}

function isTable(value: unknown): value is FunctionTable {
  return typeof value === 'object' && value !== null && 'grow' in value && 'get' in value;
}
