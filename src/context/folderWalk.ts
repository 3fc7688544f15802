// Finds the files of a folder or a glob: what is ignored, special or leads outside is skipped and named.

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../core/errors';
import { type AllowedRoots, isInside } from './allowedRoots';
import { throwIfCancelled } from './cancel';
import type { Place } from './givenPath';
import { ignoreFileName, IgnoreRules, type RuleProblem } from './ignoreRules';
import { unreadableError } from './openedFile';
import { toErrorWords, toSpecialKind } from './systemError';
import { TimeSlices } from './timeSlices';

/** Read only when the caller's own path leads into them. */
const unreadFolders: ReadonlySet<string> = new Set(['.git', 'node_modules']);

export interface WalkedFile extends Place {
  readonly kind: 'file';
  /** Reached through a link, so that the same file may also turn up under its own name. */
  readonly isLinked: boolean;
}

export interface WalkedFolder extends Place {
  readonly kind: 'folder';
  readonly isTop: boolean;
  readonly isLinked: boolean;
  readonly rules: IgnoreRules;
  /** Real folders in which a link was followed on the way here. */
  readonly crossed: readonly string[];
}

export interface SkippedEntry {
  readonly kind: 'skipped';
  readonly path: string;
  readonly reason: string;
  /** The rule of a .gitignore file that ruled it out. */
  readonly rule?: string;
  /** Where it is, of a file that only a rule keeps from being read. */
  readonly real?: string;
  /** A folder that only a rule keeps from being entered. */
  readonly isFolder?: true;
}

export type Entry = WalkedFile | WalkedFolder | SkippedEntry;

/** Where a walk starts. */
export async function openFolder(
  { path: shown, real }: Place,
  { roots, includeIgnored }: Pick<WalkOptions, 'roots' | 'includeIgnored'>,
): Promise<WalkedFolder> {
  const rules = includeIgnored
    ? IgnoreRules.none
    : await IgnoreRules.createFor(real, roots.findRoot(real));
  return { kind: 'folder', path: shown, real, isTop: true, isLinked: false, rules, crossed: [] };
}

export interface WalkOptions {
  readonly roots: AllowedRoots;
  readonly maxEntries: number;
  readonly includeIgnored: boolean;
  readonly signal: AbortSignal;
}

export class FolderWalk {
  readonly #roots: AllowedRoots;
  readonly #maxEntries: number;
  readonly #includeIgnored: boolean;
  readonly #signal: AbortSignal;
  readonly #ruleProblems = new Map<string, RuleProblem>();
  readonly #slices: TimeSlices;
  #folders = 0;

  constructor({ roots, maxEntries, includeIgnored, signal }: WalkOptions) {
    this.#roots = roots;
    this.#maxEntries = maxEntries;
    this.#includeIgnored = includeIgnored;
    this.#signal = signal;
    this.#slices = new TimeSlices(signal);
  }

  /** What of the .gitignore files on the way was not followed. */
  get ruleProblems(): readonly RuleProblem[] {
    return [...this.#ruleProblems.values()];
  }

  /** Every file below the folder and everything skipped there, in no particular order. */
  async listAll(folder: WalkedFolder): Promise<readonly (WalkedFile | SkippedEntry)[]> {
    const found: (WalkedFile | SkippedEntry)[] = [];
    const waiting = [folder];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const entry of await this.listFolder(next)) {
        if (entry.kind === 'folder') {
          waiting.push(entry);
        } else if (found.push(entry) > this.#maxEntries) {
          throw tooMany({ what: 'files', holder: folder.path }, this.#maxEntries);
        }
      }
    }
    return found;
  }

  /**
   * What is directly in the folder.
   * @throws RlmError 'INVALID_INPUT' for the top folder, when it cannot be listed.
   * @throws RlmError 'CONTEXT_TOO_LARGE' | 'CANCELLED'
   */
  async listFolder(folder: WalkedFolder): Promise<readonly Entry[]> {
    throwIfCancelled(this.#signal);
    this.#folders += 1;
    if (this.#folders > this.#maxEntries) {
      throw tooMany({ what: 'folders', holder: folder.path }, this.#maxEntries);
    }
    let dirents: readonly Dirent[];
    try {
      dirents = await readdir(folder.real, { withFileTypes: true });
    } catch (error) {
      const reason = `not readable: ${toErrorWords(error)}`;
      if (folder.isTop) {
        throw unreadableError(folder.path, reason);
      }
      return [skip(folder.path, reason)];
    }
    const hasRules =
      !this.#includeIgnored && dirents.some((dirent) => dirent.name === ignoreFileName);
    const rules = hasRules ? await folder.rules.withFileOf(folder.real) : folder.rules;
    const listed = { ...folder, rules };
    for (const found of folder.isTop || hasRules || folder.isLinked ? rules.problems : []) {
      this.#ruleProblems.set(`${found.file}: ${found.problem}`, found);
    }
    const entries: Entry[] = [];
    for (const dirent of dirents) {
      if (this.#slices.isOver) {
        await this.#slices.next();
      }
      entries.push(await this.#toEntry(listed, dirent));
    }
    return entries;
  }

  async #toEntry(folder: WalkedFolder, dirent: Dirent): Promise<Entry> {
    const { name } = dirent;
    const place = { path: path.join(folder.path, name), real: path.join(folder.real, name) };
    if (unreadFolders.has(name)) {
      return skip(place.path, 'read only when named itself');
    }
    const rule = folder.rules.findRule(name, dirent.isDirectory() ? 'folder' : 'file');
    if (rule !== null) {
      const reason = `ignored by ${rule} in ${ignoreFileName}`;
      return {
        ...skip(place.path, reason),
        rule,
        ...(dirent.isFile() ? { real: place.real } : {}),
        ...(dirent.isDirectory() ? { isFolder: true as const } : {}),
      };
    }
    if (dirent.isDirectory()) {
      return { ...folder, ...place, isTop: false, rules: folder.rules.enter(name) };
    }
    if (dirent.isFile()) {
      return { kind: 'file', ...place, isLinked: folder.isLinked };
    }
    return dirent.isSymbolicLink()
      ? this.#followLink(folder, place)
      : skip(place.path, `${toSpecialKind(dirent)}, not a file`);
  }

  async #followLink(folder: WalkedFolder, link: Place): Promise<Entry> {
    try {
      const real = await realpath(link.real);
      if (!this.#roots.allows(real)) {
        return skip(link.path, 'a link that leads outside the folders that may be read');
      }
      const way = path.relative(folder.real, real).split(path.sep);
      if (way.some((name) => unreadFolders.has(name))) {
        return skip(link.path, 'a link into a folder that is read only when named itself');
      }
      const info = await stat(real);
      if (info.isFile()) {
        return { kind: 'file', path: link.path, real, isLinked: true };
      }
      if (!info.isDirectory()) {
        return skip(link.path, `a link to ${toSpecialKind(info)}, not a file`);
      }
      const crossed = [...folder.crossed, folder.real];
      if (crossed.some((before) => isInside(real, before))) {
        return skip(link.path, 'a link back to a folder that it lies in');
      }
      const options = { roots: this.#roots, includeIgnored: this.#includeIgnored };
      const opened = await openFolder({ path: link.path, real }, options);
      return { ...opened, isTop: false, isLinked: true, crossed };
    } catch (error) {
      return skip(link.path, `a link that leads nowhere: ${toErrorWords(error)}`);
    }
  }
}

function skip(skippedPath: string, reason: string): SkippedEntry {
  return { kind: 'skipped', path: skippedPath, reason };
}

/** `holder`: what holds them, as the caller named it; of folders, the one that was too many. */
export function tooMany(
  { what, holder }: { readonly what: 'files' | 'folders' | 'paths'; readonly holder: string },
  most: number,
): RlmError {
  return new RlmError(
    'CONTEXT_TOO_LARGE',
    `${holder} has more than ${most.toLocaleString('en')} ${what}, the most that one load may have.`,
    {
      nextStep: 'Name a deeper folder or a narrower glob, or load the files in several sessions.',
    },
  );
}
