// How sources are called in the context: short where they can be, one name for one file.

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from './allowedRoots';

/** The name of a given text among files. */
export const textSourceName = 'context_text';

export class SourceNames {
  /** The base folder as it is written and as it really is: paths may come in either form. */
  readonly #bases: readonly string[];
  readonly #hasText: boolean;

  private constructor(bases: readonly string[], hasText: boolean) {
    this.#bases = bases;
    this.#hasText = hasText;
  }

  static async create(baseFolder: string, hasText: boolean): Promise<SourceNames> {
    const base = path.resolve(baseFolder);
    return new SourceNames([base, await realpath(base).catch(() => base)], hasText);
  }

  /** With forward slashes; relative to the base folder for what is inside it, else absolute. */
  toName(absolutePath: string): string {
    const base = this.#bases.find((folder) => isInside(folder, absolutePath));
    const name = base === undefined ? absolutePath : path.relative(base, absolutePath) || '.';
    const unique = this.#hasText && name === textSourceName ? absolutePath : name;
    return path.sep === '/' ? unique : unique.replaceAll(path.sep, '/');
  }
}
