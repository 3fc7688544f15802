// The raw items of a thread out of the file in which Codex keeps its conversation. A thread that was resumed tells them
// in no other way. Source: measured with 0.171; every line is JSON with type and payload. An agent in a container, or
// without a sandbox, can put anything in its place: nothing else is read, and nothing waited for.

import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { Clock } from '../../core/clock';

const lineSchema = z.looseObject({ type: z.string(), payload: z.unknown() });
const turnEnd = z.looseObject({
  type: z.enum(['task_complete', 'turn_aborted']),
  turn_id: z.string(),
});
const pollMs = 20;
const maxReadBytes = 64 * 1024 * 1024;

export class RolloutTail {
  #offset: number;
  #rest = Buffer.alloc(0);

  private constructor(
    private readonly file: string,
    /** The real path of the folder that it must lie in. */
    private readonly home: string,
    private readonly clock: Clock,
    offset: number,
  ) {
    this.#offset = offset;
  }

  /** From its end on; null: there is no such file below `home`. */
  static async open(file: string, home: string, clock: Clock): Promise<RolloutTail | null> {
    const found = await lstat(file).catch(() => null);
    const realHome = await realpath(home).catch(() => null);
    const realFile = await realpath(file).catch(() => null);
    return found?.isFile() && realHome !== null && realFile?.startsWith(realHome + path.sep)
      ? new RolloutTail(file, realHome, clock, found.size)
      : null;
  }

  /** What has been added since; until the end of the turn is among it, or `deadlineMs` has passed. */
  async readTurn(turnId: string, deadlineMs: number): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    const until = this.clock.monotonic() + deadlineMs;
    for (;;) {
      const lines = await this.#readLines();
      items.push(...lines.filter(({ type }) => type === 'response_item').map(toPayload));
      const isOver = lines.some(
        ({ type, payload }) =>
          type === 'event_msg' && turnEnd.safeParse(payload).data?.turn_id === turnId,
      );
      if (isOver || this.clock.monotonic() >= until) {
        return items;
      }
      await new Promise<void>((resolve) => this.clock.after(pollMs, resolve));
    }
  }

  async #readLines(): Promise<readonly z.infer<typeof lineSchema>[]> {
    const added = await this.#readBytes();
    const all = Buffer.concat([this.#rest, added]);
    const end = all.lastIndexOf('\n') + 1;
    const rest = all.subarray(end);
    this.#rest = Buffer.from(rest.length > maxReadBytes ? [] : rest); // no line of Codex's is so long
    return all
      .subarray(0, end)
      .toString('utf8')
      .split('\n')
      .flatMap((line) => parse(line) ?? []);
  }

  /** Of what was opened, not of what its path may stand for by now. */
  async #check(handle: FileHandle): Promise<{ readonly size: number; readonly isFile: boolean }> {
    const found = await handle.stat();
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => null);
    const isInside = opened === null || opened.startsWith(this.home + path.sep);
    return { size: found.size, isFile: found.isFile() && isInside };
  }

  async #readBytes(): Promise<Buffer> {
    let handle: FileHandle | null = null;
    try {
      handle = await open(this.file, readFlags);
      const { size, isFile } = await this.#check(handle);
      if (!isFile) {
        return Buffer.alloc(0);
      }
      const length = Math.min(Math.max(0, size - this.#offset), maxReadBytes);
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(length),
        0,
        length,
        this.#offset,
      );
      this.#offset += bytesRead;
      return buffer.subarray(0, bytesRead);
    } catch {
      return Buffer.alloc(0); // moved away: by an archive
    } finally {
      await handle?.close();
    }
  }
}

/** A pipe in its place would be waited for without end. */
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

function toPayload({ payload }: z.infer<typeof lineSchema>): unknown {
  return payload;
}

function parse(line: string): z.infer<typeof lineSchema> | null {
  try {
    return line === '' ? null : (lineSchema.safeParse(JSON.parse(line)).data ?? null);
  } catch {
    return null;
  }
}
