// What one user has asked of the server's models today and this month, in UTC; kept in a file of the user's home, so
// that neither a restart of the server nor a new connection begins anew.

import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { ownerFile } from '../base/ownerOnly';

const count = z.int().nonnegative();
const usageSchema = z.object({
  /** `2026-01-31`. */
  day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/u),
  calls_today: count,
  tokens_today: count,
  calls_this_month: count,
  tokens_this_month: count,
});
type Usage = z.infer<typeof usageSchema>;

interface LedgerParts {
  readonly file: string;
  readonly now: () => number;
  /** Told when the file cannot be read or written: then it counts in memory alone. */
  readonly log: (line: string) => void;
}

export class ModelLedger {
  readonly #parts: LedgerParts;
  #usage: Usage;
  #writing: Promise<void> = Promise.resolve();
  #isFaulty = false;

  private constructor(parts: LedgerParts, usage: Usage) {
    this.#parts = parts;
    this.#usage = usage;
  }

  static async open(parts: LedgerParts): Promise<ModelLedger> {
    const text = await readFile(parts.file, 'utf8').catch(() => null);
    const kept = text === null ? null : usageSchema.safeParse(parseJson(text));
    if (kept?.success === false) {
      parts.log(`${parts.file} is no record of use: it begins anew.`);
    }
    return new ModelLedger(parts, kept?.data ?? createUsage(toDay(parts.now())));
  }

  get usage(): Usage {
    const today = toDay(this.#parts.now());
    const { day } = this.#usage;
    if (today > day) {
      // A clock that is set back gives nobody a day again.
      const isSameMonth = today.slice(0, 7) === day.slice(0, 7);
      const { calls_this_month, tokens_this_month } = this.#usage;
      this.#usage = {
        ...createUsage(today),
        ...(isSameMonth && { calls_this_month, tokens_this_month }),
      };
    }
    return this.#usage;
  }

  add({ calls = 0, tokens = 0 }: { readonly calls?: number; readonly tokens?: number }): void {
    const before = this.usage;
    this.#usage = {
      day: before.day,
      calls_today: before.calls_today + calls,
      tokens_today: before.tokens_today + tokens,
      calls_this_month: before.calls_this_month + calls,
      tokens_this_month: before.tokens_this_month + tokens,
    };
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Once what was counted so far is written. */
  settle(): Promise<void> {
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { file, log } = this.#parts;
    const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await writeFile(temporary, JSON.stringify(this.#usage), { mode: ownerFile, flag: 'wx' });
      await rename(temporary, file);
      this.#isFaulty = false;
    } catch (thrown) {
      await rm(temporary, { force: true }).catch(() => undefined);
      if (!this.#isFaulty) {
        this.#isFaulty = true;
        log(`${file} cannot be written: ${thrown instanceof Error ? thrown.message : 'unknown'}.`);
      }
    }
  }
}

function createUsage(day: string): Usage {
  const none = { calls_today: 0, tokens_today: 0, calls_this_month: 0, tokens_this_month: 0 };
  return { day, ...none };
}

function toDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
