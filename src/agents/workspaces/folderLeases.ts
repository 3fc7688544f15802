// Who may write to a folder: one run at a time, of all engines of a home. Within an engine those that wait are served in
// the order they came; between engines who looks first when it is free.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { onAbort } from '../../base/abort';
import { type Disposable, toDisposable } from '../../base/disposable';
import { ownerFile, ownerFolder } from '../../base/ownerOnly';
import type { Clock } from '../../core/clock';
import { cancelledError } from '../../core/errors';

const holderSchema = z.object({ engineId: z.string(), sessionId: z.string(), folder: z.string() });
const retryMs = 1_000;

interface LeaseParts {
  /** Of all leases of the home. */
  readonly folder: string;
  readonly engineId: string;
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
  readonly clock: Clock;
}

interface Waiting {
  readonly wake: () => void;
}

export class FolderLeases {
  readonly #parts: LeaseParts;
  /** First: who holds it or is about to. */
  readonly #lines = new Map<string, Waiting[]>();

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /**
   * `folder`: a real path. Dispose the result to let others write there.
   * @throws RlmError 'CANCELLED'
   */
  async take(
    folder: string,
    sessionId: string,
    {
      signal,
      onQueued,
    }: { readonly signal: AbortSignal; readonly onQueued: (place: number | null) => void },
  ): Promise<Disposable> {
    const line = this.#lines.get(folder) ?? [];
    this.#lines.set(folder, line);
    await this.#waitInLine(line, signal, onQueued);
    const leave = (): void => {
      line.shift();
      if (line.length === 0) {
        this.#lines.delete(folder);
      }
      line[0]?.wake();
    };
    try {
      await this.#claim(folder, sessionId, { signal, onQueued });
    } catch (thrown) {
      leave();
      throw thrown;
    }
    return toDisposable(() => {
      void rm(this.#toFile(folder), { force: true }).finally(leave);
    });
  }

  async #waitInLine(
    line: Waiting[],
    signal: AbortSignal,
    onQueued: (place: number | null) => void,
  ): Promise<void> {
    if (signal.aborted) {
      throw cancelledError('Waiting for a folder');
    }
    if (line.length === 0) {
      line.push({ wake: () => undefined });
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        wake: () => {
          aborting.dispose();
          resolve();
        },
      };
      line.push(waiting);
      onQueued(line.length - 1);
      const aborting = onAbort(signal, () => {
        line.splice(line.indexOf(waiting), 1);
        reject(cancelledError('Waiting for a folder'));
      });
    });
    onQueued(null);
  }

  /** Waits for other engines. */
  async #claim(
    folder: string,
    sessionId: string,
    {
      signal,
      onQueued,
    }: { readonly signal: AbortSignal; readonly onQueued: (place: number | null) => void },
  ): Promise<void> {
    const { engineId } = this.#parts;
    const file = this.#toFile(folder);
    await mkdir(this.#parts.folder, { recursive: true, mode: ownerFolder });
    let isTold = false;
    for (;;) {
      const text = JSON.stringify({ engineId, sessionId, folder });
      const isOurs = await writeFile(file, text, { flag: 'wx', mode: ownerFile }).then(
        () => true,
        () => false,
      );
      if (isOurs) {
        if (isTold) {
          onQueued(null);
        }
        return;
      }
      if (!(await this.#isHeld(file))) {
        await rm(file, { force: true }); // its engine is gone
        continue;
      }
      if (!isTold) {
        isTold = true;
        onQueued(1);
      }
      await this.#pause(signal);
    }
  }

  async #isHeld(file: string): Promise<boolean> {
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) {
      return false; // let go of meanwhile
    }
    const holder = holderSchema.safeParse(parseJson(text));
    return holder.success && (await this.#parts.isEngineAlive(holder.data.engineId));
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#parts.clock.after(retryMs, () => {
        aborting.dispose();
        resolve();
      });
      const aborting = onAbort(signal, () => {
        timer.dispose();
        reject(cancelledError('Waiting for a folder'));
      });
    });
  }

  #toFile(folder: string): string {
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
    return path.join(this.#parts.folder, `${name}.json`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
