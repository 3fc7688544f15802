// Which files a request comes to, in which order and under which names, and whether they fit the caps.

import { lstat } from 'node:fs/promises';
import { toByteText } from '../base/text';
import type { GivenContext, SkippedFile } from '../core/context';
import type { ContextShape } from '../core/sandbox';
import type { AllowedRoots } from './allowedRoots';
import { throwIfCancelled } from './cancel';
import { contextTooLarge } from './cappedSink';
import type { FileKind } from './fileKinds';
import {
  FolderWalk,
  openFolder,
  type SkippedEntry,
  tooMany,
  type WalkedFile,
  type WalkOptions,
} from './folderWalk';
import { type GivenPath, resolveGivenPath } from './givenPath';
import { matchGlob } from './globMatch';
import type { RuleProblem } from './ignoreRules';
import { closeFile, openFile, type Opening, type Unreadable, unreadableError } from './openedFile';
import { runAhead } from './runAhead';
import type { SourceNames } from './sourceNames';
import { toErrorWords } from './systemError';
import { sortInSlices, TimeSlices } from './timeSlices';

const statAhead = 32;

export interface SourceFile {
  readonly name: string;
  readonly real: string;
  /** The caller named this very file, so that it cannot be skipped for being unreadable. */
  readonly isNamed: boolean;
}

export interface SourcePlan {
  readonly files: readonly SourceFile[];
  readonly skipped: readonly SkippedSource[];
  readonly shape: ContextShape;
  readonly ruleProblems: readonly RuleProblem[];
}

export interface FittedPlan extends SourcePlan {
  /** Of the text and all files, as they are on disk. */
  readonly totalBytes: number;
}

export interface PlanOptions {
  readonly roots: AllowedRoots;
  readonly names: SourceNames;
  readonly baseFolder: string;
  readonly maxFiles: number;
  readonly signal: AbortSignal;
}

/**
 * Paths keep the order given; within a folder or glob, files are in code-unit order of their names.
 * A file that is reached several times is one source.
 */
export async function planSources(given: GivenContext, options: PlanOptions): Promise<SourcePlan> {
  const { roots, names, baseFolder, maxFiles, signal } = options;
  const includeIgnored = given.includeIgnored ?? false;
  const walk = new FolderWalk({ roots, maxEntries: maxFiles, includeIgnored, signal });
  const files = new Map<string, SourceFile>();
  const skipped = new Map<string, Pick<SkippedEntry, 'reason' | 'rule'>>();
  const slices = new TimeSlices(signal);
  let onlyFiles = true;
  if (given.paths.length > maxFiles) {
    throw tooMany({ what: 'paths', holder: 'The call' }, maxFiles);
  }
  for (const path of new Set(given.paths)) {
    throwIfCancelled(signal);
    const place = await resolveGivenPath(path, baseFolder, roots);
    const isNamed = place.kind === 'file';
    onlyFiles &&= isNamed;
    const entries = await findEntries(place, walk, { roots, includeIgnored, signal });
    for (const { name, entry } of await inOrder(entries, names, slices)) {
      if (slices.isOver) {
        await slices.next();
      }
      if (entry.kind === 'skipped') {
        skipped.set(name, entry);
      } else if (!files.has(entry.real)) {
        files.set(entry.real, { name, real: entry.real, isNamed });
      }
    }
    if (entries.length === 0) {
      skipped.set(path, { reason: place.kind === 'glob' ? 'no file matches' : 'holds no files' });
    }
    if (files.size > maxFiles) {
      const holder = given.paths.length === 1 ? path : `${path}, with what is named before it,`;
      throw tooMany({ what: 'files', holder }, maxFiles);
    }
  }
  const sourceCount = given.paths.length + (given.text === null ? 0 : 1);
  return {
    files: [...files.values()],
    skipped: [...skipped].map(([path, { reason, rule = null }]) => ({
      path,
      reason,
      rule,
      kind: null,
    })),
    shape: sourceCount === 1 && onlyFiles ? 'string' : 'mapping',
    ruleProblems: walk.ruleProblems.map(({ file, problem }) => ({
      file: names.toName(file),
      problem,
    })),
  };
}

type Found = readonly (WalkedFile | SkippedEntry)[];

async function findEntries(
  place: GivenPath,
  walk: FolderWalk,
  options: Pick<WalkOptions, 'roots' | 'includeIgnored' | 'signal'>,
): Promise<Found> {
  switch (place.kind) {
    case 'file':
      return [{ kind: 'file', path: place.path, real: place.real, isLinked: false }];
    case 'folder':
      return walk.listAll(await openFolder(place, options));
    case 'glob':
      return matchGlob(walk, await openFolder(place, options), {
        pattern: place.pattern,
        signal: options.signal,
      });
  }
}

interface NamedEntry {
  readonly name: string;
  readonly entry: WalkedFile | SkippedEntry;
}

/** By name; a file found both through a link and directly keeps its own place only. */
async function inOrder(
  entries: Found,
  names: SourceNames,
  slices: TimeSlices,
): Promise<readonly NamedEntry[]> {
  const direct = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'file' && !entry.isLinked) {
      direct.add(entry.real);
    }
  }
  const named: NamedEntry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'skipped' || !entry.isLinked || !direct.has(entry.real)) {
      named.push({ name: names.toName(entry.path), entry });
    }
    if (slices.isOver) {
      await slices.next();
    }
  }
  return sortInSlices(named, (left, right) => (left.name < right.name ? -1 : 1), slices);
}

export interface FitOptions extends Opening {
  readonly maxBytes: number;
  /** What the given text takes of it. */
  readonly textBytes: number;
  readonly signal: AbortSignal;
}

/**
 * The plan without what cannot be read, once its sizes on disk are known to fit.
 * @throws RlmError 'CONTEXT_TOO_LARGE' | 'INVALID_INPUT' | 'CANCELLED'
 */
export async function fitSources(plan: SourcePlan, options: FitOptions): Promise<FittedPlan> {
  const { maxBytes, textBytes, signal } = options;
  const skipped = [...plan.skipped];
  const sizes = new Map<SourceFile, number>();
  let total = textBytes;
  const asking = runAhead(plan.files, {
    run: (file) => readSize(file.real),
    release: async () => undefined,
    width: statAhead,
  });
  for await (const [file, size] of asking) {
    throwIfCancelled(signal);
    if (typeof size === 'number') {
      sizes.set(file, size);
      total += size;
    } else {
      skipped.push(toSkipped(file, size));
    }
  }
  if (total > maxBytes) {
    skipped.push(...(await dropBinaries(sizes, total, options)));
  }
  const files = plan.files.filter((file) => sizes.has(file));
  const totalBytes = [...sizes.values()].reduce((sum, size) => sum + size, textBytes);
  return { ...plan, files, skipped, totalBytes };
}

async function readSize(real: string): Promise<number | Unreadable> {
  try {
    const info = await lstat(real);
    return info.isFile() ? info.size : { reason: 'replaced since it was found', kind: null };
  } catch (error) {
    return { reason: `not readable: ${toErrorWords(error)}`, kind: null };
  }
}

/**
 * A folder may hold images and archives far larger than its texts: before giving up, the largest
 * files are looked into, and what is not text is taken out of `sizes`.
 */
async function dropBinaries(
  sizes: Map<SourceFile, number>,
  total: number,
  { roots, given, maxBytes, textBytes, signal }: FitOptions,
): Promise<readonly SkippedSource[]> {
  const largestFirst = [...sizes].sort(([, left], [, right]) => right - left);
  const dropped: SkippedSource[] = [];
  let left = total;
  let surelyText = textBytes;
  for (const [file, size] of largestFirst) {
    if (left <= maxBytes || surelyText > maxBytes) {
      break;
    }
    throwIfCancelled(signal);
    const opened = await openFile(file.real, { roots, given });
    await closeFile(opened);
    if ('reason' in opened) {
      dropped.push(toSkipped(file, opened));
      sizes.delete(file);
      left -= size;
    } else {
      surelyText += size;
    }
  }
  if (left > maxBytes) {
    throw contextTooLarge(`${toByteText(left)} in ${sizes.size} files`, maxBytes);
  }
  return dropped;
}

export interface SkippedSource extends SkippedFile {
  readonly kind: FileKind | null;
  /** Of a .gitignore file, when it is left out for that. */
  readonly rule: string | null;
}

/** @throws RlmError 'INVALID_INPUT' for a file that the caller named, unless it merely holds no text. */
export function toSkipped(file: SourceFile, { reason, kind }: Unreadable): SkippedSource {
  if (file.isNamed && kind === null) {
    throw unreadableError(file.name, reason);
  }
  return { path: file.name, reason, kind, rule: null };
}
