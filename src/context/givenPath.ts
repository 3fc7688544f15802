// What a caller's path means: an allowed file, folder or glob on disk. Reads no contents.

import { realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDynamicPattern } from 'tinyglobby';
import { RlmError } from '../core/errors';
import type { AllowedRoots } from './allowedRoots';
import { readNearMatches } from './nearMatches';
import { toErrorCode, toErrorWords, toSpecialKind } from './systemError';

export interface Place {
  /** Absolute, as the caller wrote it. */
  readonly path: string;
  /** The same with every link resolved. */
  readonly real: string;
}

export type GivenPath =
  | (Place & { readonly kind: 'file' | 'folder' })
  /** A glob: `pattern` is relative to the place, its deepest folder that exists. */
  | (Place & { readonly kind: 'glob'; readonly pattern: string });

/**
 * @throws RlmError 'PATH_NOT_ALLOWED' outside the roots, whether or not anything is there.
 * @throws RlmError 'INVALID_INPUT' for what is malformed, missing, unreadable or not a file or folder.
 */
export async function resolveGivenPath(
  given: string,
  baseFolder: string,
  roots: AllowedRoots,
): Promise<GivenPath> {
  const absolute = toAbsolutePath(given, baseFolder);
  const shown = absolute === given ? given : `${given} (${absolute})`;
  // Asking a network share whether it exists already hands it the user's credentials.
  if (absolute.startsWith('\\\\') && !roots.names(absolute)) {
    throw roots.toError(shown);
  }
  const found = await findExisting(absolute);
  if (found === null || !roots.allows(found.real)) {
    const gone = roots.findGone(absolute);
    throw gone === undefined
      ? roots.toError(shown)
      : invalidPath(shown, `does not exist, nor does ${gone}, the folder that may be read`);
  }
  const info = await stat(found.real).catch((error: unknown) => {
    throw invalidPath(shown, `cannot be read: ${toErrorWords(error)}`, error);
  });
  if (found.missing.length > 0) {
    if (info.isDirectory() && isDynamicPattern(found.missing.join('/'))) {
      return {
        kind: 'glob',
        path: found.path,
        real: found.real,
        pattern: found.missing.join('/'),
      };
    }
    throw await missingPath(shown, found);
  }
  if (info.isFile() || info.isDirectory()) {
    return { kind: info.isFile() ? 'file' : 'folder', path: absolute, real: found.real };
  }
  throw invalidPath(shown, `is ${toSpecialKind(info)}, not a file or folder`);
}

function toAbsolutePath(given: string, baseFolder: string): string {
  let plain = given;
  if (/^file:\/\//iu.test(given)) {
    try {
      plain = fileURLToPath(given);
    } catch (error) {
      throw invalidPath(given, `is not a usable file URL: ${toErrorWords(error)}`, error);
    }
  } else if (given === '~' || given.startsWith('~/') || given.startsWith(`~${path.sep}`)) {
    plain = path.join(homedir(), given.slice(1));
  }
  if (plain.trim() === '' || plain.includes('\0')) {
    throw invalidPath(JSON.stringify(given), 'is not a path');
  }
  return path.resolve(baseFolder, plain);
}

interface Existing extends Place {
  /** Segments below the place that could not be reached. */
  readonly missing: readonly string[];
  /** Why the whole path could not be reached. */
  readonly error: unknown;
}

/** The deepest part of the path that is there; null where not even its drive is. */
async function findExisting(absolute: string): Promise<Existing | null> {
  const missing: string[] = [];
  let firstError: unknown;
  for (let at = absolute; ; at = path.dirname(at)) {
    try {
      return { path: at, real: await realpath(at), missing, error: firstError };
    } catch (error) {
      firstError ??= error;
      if (path.dirname(at) === at) {
        return null;
      }
      missing.unshift(path.basename(at));
    }
  }
}

async function missingPath(shown: string, found: Existing): Promise<RlmError> {
  const code = toErrorCode(found.error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') {
    return invalidPath(shown, `cannot be read: ${toErrorWords(found.error)}`, found.error);
  }
  const near = await readNearMatches(found.real, found.missing[0] ?? '');
  return new RlmError('INVALID_INPUT', `The path ${shown} does not exist.`, {
    cause: found.error,
    nextStep: /[,;\n]/u.test(shown)
      ? `${checkPath} Several paths are a list with one entry for each: ["a.txt", "b.txt"].`
      : near.length === 0
        ? checkPath
        : `Did you mean ${near.map((name) => path.join(found.path, name)).join(' or ')}?`,
  });
}

const checkPath =
  'Check the path and call again with one that names a readable file, folder or glob.';

function invalidPath(shown: string, problem: string, cause?: unknown): RlmError {
  return new RlmError('INVALID_INPUT', `The path ${shown} ${problem}.`, {
    cause,
    nextStep: checkPath,
  });
}
