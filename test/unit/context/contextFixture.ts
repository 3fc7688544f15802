// A temporary folder to read from, and a sink that keeps what it was given.

import { chmod, mkdir, mkdtemp, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { neverAborted } from '../../../src/base/abort';
import type { ContextReport, GivenContext } from '../../../src/core/context';
import { RlmError } from '../../../src/core/errors';
import type { ContextSink } from '../../../src/core/sandbox';
import { FileContextReader, type FileContextOptions } from '../../../src/context/fileContextReader';
import { detectHere } from '../../support/detectHere';

export type Tree = Readonly<Record<string, string | Buffer>>;

/** `root` may be read; `outside` lies beside it and may not. */
export interface Fixture {
  readonly top: string;
  readonly root: string;
  readonly outside: string;
  write(tree: Tree): Promise<void>;
  /** Reads with relative paths starting at the root. */
  read(
    given: readonly string[] | string,
    options?: Partial<FileContextOptions> & Pick<GivenContext, 'encoding' | 'includeIgnored'>,
  ): Promise<Reading>;
  dispose(): Promise<void>;
}

export interface Reading extends Omit<ContextReport, 'sources'> {
  /** Source name and text, in the order written. */
  readonly sources: readonly (readonly [string, string])[];
  readonly restarts: number;
  /** How each source became text. */
  readonly texts: ContextReport['sources'];
}

export async function createFixture(): Promise<Fixture> {
  const top = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-context-')));
  await chmod(top, 0o755); // so that a test may read as another user
  const root = path.join(top, 'root');
  const outside = path.join(top, 'outside');
  await mkdir(root);
  await mkdir(outside);
  return {
    top,
    root,
    outside,
    async write(tree) {
      for (const [name, content] of Object.entries(tree)) {
        const file = path.resolve(root, name);
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(file, content);
      }
    },
    async read(given, { encoding = null, includeIgnored = false, ...options } = {}) {
      const reader = new FileContextReader({
        detectEncoding: detectHere,
        roots: () => [root],
        baseFolder: root,
        ...options,
      });
      const sink = new RecordingSink();
      const paths = typeof given === 'string' ? [given] : given;
      const report = await reader.readContext(
        { text: null, paths, encoding, includeIgnored },
        sink,
        neverAborted,
      );
      const { sources: texts, ...rest } = report;
      return { ...rest, texts, sources: sink.sources, restarts: sink.restarts };
    },
    async dispose() {
      await rm(top, { recursive: true, force: true });
    },
  };
}

/** Takes bytes late, as a slow sink does, so that a buffer reused too early shows. */
export class RecordingSink implements ContextSink {
  readonly #sources: { readonly path: string; chunks: Buffer[] }[] = [];
  restarts = 0;
  /** Total bytes announced, and how many sources had begun by then. */
  readonly expected: (readonly [number, number])[] = [];

  get sources(): readonly (readonly [string, string])[] {
    return this.#sources.map(({ path: name, chunks }) => [name, Buffer.concat(chunks).toString()]);
  }

  async expect(totalBytes: number): Promise<void> {
    this.expected.push([totalBytes, this.#sources.length]);
  }

  async beginSource(name: string): Promise<void> {
    this.#sources.push({ path: name, chunks: [] });
  }

  async write(bytes: Uint8Array): Promise<void> {
    await setImmediate();
    this.#sources.at(-1)?.chunks.push(Buffer.from(bytes));
  }

  async restartSource(): Promise<void> {
    this.restarts += 1;
    this.#sources.at(-1)?.chunks.splice(0);
  }
}

/** For `assert.rejects`: an RlmError of this code whose message and next step hold all the words. */
export function isError(code: string, ...words: string[]): (thrown: unknown) => boolean {
  return (thrown) =>
    thrown instanceof RlmError &&
    thrown.code === code &&
    thrown.nextStep !== '' &&
    words.every((word) => `${thrown.message} ${thrown.nextStep}`.includes(word));
}

/** Makes a link, or says why this system forbids it and skips the test; with CI set nothing is skipped. */
export async function linkOrSkip(test: Mocha.Context, target: string, link: string): Promise<void> {
  try {
    const isFolder = await stat(target).then(
      (info) => info.isDirectory(),
      () => false,
    );
    await symlink(target, link, isFolder ? 'junction' : 'file'); // kinds matter on Windows only
  } catch (error) {
    if (!['', 'false', undefined].includes(process.env['CI'])) {
      throw error;
    }
    if (test.test !== undefined) {
      test.test.title += ` (skipped: this system forbids links, ${String(error)})`;
    }
    test.skip();
  }
}

/** Runs as a user who does not own the files, also where the tests run as root. */
export async function runUnprivileged<T>(run: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0 || process.seteuid === undefined) {
    return run();
  }
  process.seteuid('nobody');
  try {
    return await run();
  } finally {
    process.seteuid(0);
  }
}
