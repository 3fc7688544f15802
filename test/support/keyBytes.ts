// Whether a key is in any byte of a folder, as it is, in base64 at each alignment, percent-encoded, or in hexadecimal digits.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

export interface KeySearch {
  readonly bytes: number;
  readonly files: number;
  readonly hits: readonly string[];
}

/** `leavesOut`: names of folders. */
export async function findKey(
  folder: string,
  key: string,
  { leavesOut }: { readonly leavesOut: readonly string[] },
): Promise<KeySearch> {
  const forms = toForms(key);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let [bytes, files] = [0, 0];
  const hits: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    const parts = path.relative(folder, file).split(path.sep);
    if (parts.some((part) => leavesOut.includes(part))) {
      continue;
    }
    const content = await readFile(file);
    bytes += content.length;
    files += 1;
    if (forms.some((form) => content.includes(form))) {
      hits.push(file);
    }
  }
  return { bytes, files, hits };
}

/** The middle of each base64 is the same wherever the key begins. */
function toForms(key: string): readonly string[] {
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.from(`${'x'.repeat(before)}${key}`).toString('base64');
    return text.slice(before === 0 ? 0 : 4, -4);
  });
  const percent = [...key].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
  return [key, ...inBase64, percent, Buffer.from(key).toString('hex')];
}
