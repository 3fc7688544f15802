// Counts again, without the sandbox, what the tour found in TypeScript's own files.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

export const foundCitations = z.array(z.tuple([z.string(), z.number().int(), z.string()])).min(1);
export type Citation = z.infer<typeof foundCitations>[number];

/** The tour's variable that holds a count → what it counts. */
export const counted = {
  mark_count: /@deprecated\b/gu,
  message_count: /^ {2}\w+: diag\(/gmu,
} as const;

/** How often the pattern is in the files. */
export async function countMatches(paths: readonly string[], pattern: RegExp): Promise<number> {
  let count = 0;
  for (const file of paths) {
    count += (await readFile(file, 'utf8')).match(pattern)?.length ?? 0;
  }
  return count;
}

/** The citations whose line does not read as cited. */
export async function findWrongCitations(
  citations: readonly Citation[],
  cwd: string,
): Promise<readonly Citation[]> {
  const wrong: Citation[] = [];
  for (const citation of citations) {
    const [file, line, cited] = citation;
    const lines = (await readFile(path.resolve(cwd, file), 'utf8')).split(/\r?\n/u);
    if (!lines[line - 1]?.startsWith(cited.trimEnd())) {
      wrong.push(citation);
    }
  }
  return wrong;
}
