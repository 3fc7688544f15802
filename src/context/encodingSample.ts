// The lines of a file that hold bytes beyond ASCII, from all over it: the rest says nothing of its encoding.

import { type OpenedFile, readFully, roomBytes } from './openedFile';

const windowBytes = 65_536;
const windows = 12;
/** From one window, so that all parts of a file have their say. */
const windowShare = 8_192;

/** `odd`: a part of the file that is known to hold bytes beyond ASCII. At most about 112 KB. */
export async function readSample(file: OpenedFile, odd: Buffer): Promise<Buffer> {
  const { handle, head, sizeBytes } = file;
  const parts = [takeLines(odd), takeLines(head.subarray(roomBytes))];
  if (handle !== null) {
    const step = Math.max(windowBytes, Math.floor((sizeBytes - head.length) / windows));
    const buffer = Buffer.allocUnsafe(windowBytes);
    for (let at = head.length - roomBytes; at < sizeBytes; at += step) {
      const read = await readFully(handle, buffer, at);
      const bytes = buffer.subarray(0, read);
      parts.push(takeLines(bytes.subarray(bytes.indexOf(0x0a) + 1)));
    }
  }
  return Buffer.concat(parts);
}

function takeLines(bytes: Buffer): Buffer {
  const lines: Buffer[] = [];
  let left = windowShare;
  for (let at = 0; at < bytes.length && left > 0;) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(at, end);
    const first = line.findIndex((byte) => byte >= 0x80);
    if (first >= 0) {
      // Of a long line, the part where it leaves ASCII.
      const from = line.length <= left ? 0 : Math.max(0, first - 64);
      const part = line.subarray(from, from + left);
      lines.push(part);
      left -= part.length;
    }
    at = end;
  }
  return Buffer.concat(lines);
}
