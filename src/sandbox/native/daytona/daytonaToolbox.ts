// The daemon of one sandbox at Daytona, as far as a server in it needs it: commands, and processes that stay.
// Source: daytonaio/daytona 0.190, apps/daemon/pkg/toolbox/process.

import * as z from 'zod';
import type { DaytonaApi } from './daytonaApi';
import { DaytonaError, type DaytonaHttp, createForeignError } from './daytonaHttp';

const runTimeoutSeconds = 60;

const ranSchema = z.object({ exitCode: z.number().int(), result: z.string().default('') });

export class DaytonaToolbox {
  readonly #api: DaytonaApi;
  readonly #http: DaytonaHttp;
  readonly #url: string;

  /** `url`: as `readToolboxUrl` gives it. */
  constructor(api: DaytonaApi, url: string) {
    this.#api = api;
    this.#http = api.http;
    this.#url = url;
  }

  upload(path: string, bytes: string | Buffer, signal: AbortSignal): Promise<void> {
    return this.#api.upload(this.#url, path, bytes, signal);
  }

  /**
   * A script of a shell, which holds no single quote: some daemons read the command by quotes, others give it to a
   * shell. `isIdempotent`: it may run twice.
   */
  async run(
    script: string,
    { signal, isIdempotent }: { readonly signal: AbortSignal; readonly isIdempotent: boolean },
  ): Promise<z.infer<typeof ranSchema>> {
    if (script.includes("'")) {
      throw new Error('A script for a sandbox holds a single quote.');
    }
    const json = { command: `sh -c '${script}'`, timeout: runTimeoutSeconds };
    const url = `${this.#url}/process/execute`;
    const timeoutMs = (runTimeoutSeconds + 10) * 1_000;
    const call = { method: 'POST', url, json, timeoutMs, isIdempotent } as const;
    const ran = ranSchema.safeParse(await this.#http.call(call, signal));
    if (!ran.success) {
      throw createForeignError();
    }
    return ran.data;
  }

  /** A command that goes on after the answer, in a session of that name; what the session had is ended first. */
  async startIn(session: string, command: string, signal: AbortSignal): Promise<void> {
    await this.endSession(session, signal);
    const url = `${this.#url}/process/session`;
    const made = {
      method: 'POST',
      url,
      json: { sessionId: session },
      isIdempotent: false,
    } as const;
    await this.#http.call(made, signal);
    const json = { command, runAsync: true };
    const begun = {
      method: 'POST',
      url: `${url}/${session}/exec`,
      json,
      isIdempotent: false,
    } as const;
    await this.#http.call(begun, signal);
  }

  async endSession(session: string, signal: AbortSignal): Promise<void> {
    const url = `${this.#url}/process/session/${session}`;
    try {
      await this.#http.call({ method: 'DELETE', url, isIdempotent: true }, signal);
    } catch (thrown) {
      if (!(thrown instanceof DaytonaError && thrown.status === 404)) {
        throw thrown;
      }
    }
  }
}
