// The folders that may be read. Judges real paths only: links are resolved before asking.

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../core/errors';

/**
 * Whether `candidate` is `folder` or lies below it, by path segments. Ignores case on Windows only:
 * elsewhere real paths carry the case that is on disk, so an exact comparison cannot be too generous.
 */
export function isInside(folder: string, candidate: string): boolean {
  const way = path.relative(folder, candidate);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}

export class AllowedRoots {
  readonly #given: readonly string[];
  readonly #real: readonly string[];
  /** Of the given ones, those that are not there. */
  readonly #gone: readonly string[];

  private constructor(given: readonly string[], real: readonly (string | null)[]) {
    this.#given = given;
    this.#real = real.filter((root) => root !== null);
    this.#gone = given.filter((_, index) => real[index] === null);
  }

  /** Roots that do not exist allow nothing. */
  static async create(given: readonly string[]): Promise<AllowedRoots> {
    const absolute = given.map((root) => path.resolve(root));
    const real = await Promise.all(absolute.map((root) => realpath(root).catch(() => null)));
    return new AllowedRoots(absolute, real);
  }

  allows(realPath: string): boolean {
    return this.#real.some((root) => isInside(root, realPath));
  }

  /** The widest root that an allowed path is inside. */
  findRoot(realPath: string): string {
    const around = this.#real.filter((root) => isInside(root, realPath));
    return around.reduce((widest, root) => (isInside(root, widest) ? root : widest), realPath);
  }

  /** Whether the words of the path alone put it inside a root; nothing on disk is asked. */
  names(absolutePath: string): boolean {
    return [...this.#given, ...this.#real].some((root) => isInside(root, absolutePath));
  }

  /** The root that a path is inside by its words, and that is not there. */
  findGone(absolutePath: string): string | undefined {
    return this.#gone.find((root) => isInside(root, absolutePath));
  }

  toError(shownPath: string): RlmError {
    const roots = this.#given.length === 0 ? 'none is allowed' : this.#given.join(', ');
    return new RlmError(
      'PATH_NOT_ALLOWED',
      `${shownPath} is outside the folders that may be read (${roots}).`,
      {
        nextStep:
          this.#given.length === 0
            ? 'Start the server with `--root <folder>` for each folder that may be read, or open one in the editor.'
            : 'Name a path inside them, open its folder as a workspace folder, or start the server with `--root <folder>`.',
      },
    );
  }
}
