// Adds a WebAssembly module's function table to its exports: the QuickJS engine has function pointers that
// its package offers no way to set, and a worker can only write them when it can add functions.

const exportSection = 7;
const headerBytes = 8;
const tableKind = 1;

/** The module with its function table among its exports. @throws Error when it has no exports. */
export function exportFunctionTable(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = headerBytes;
  while (at < wasm.length) {
    const size = readNumber(wasm, at + 1);
    const end = size.next + size.value;
    if (wasm[at] === exportSection) {
      const count = readNumber(wasm, size.next);
      const name = new TextEncoder().encode('functions');
      const body = Uint8Array.from([
        ...writeNumber(count.value + 1),
        ...wasm.subarray(count.next, end),
        ...[name.length, ...name, tableKind, 0],
      ]);
      return Uint8Array.from([
        ...wasm.subarray(0, at + 1),
        ...writeNumber(body.length),
        ...body,
        ...wasm.subarray(end),
      ]);
    }
    at = end;
  }
  throw new Error('The engine exports nothing.');
}

function readNumber(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  let next = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next] ?? 0;
    next += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      return { value, next };
    }
  }
}

function writeNumber(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...writeNumber(value >>> 7)];
}
