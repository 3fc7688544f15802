// Daytona's REST interface, as far as sessions need it: sandboxes, files and terminals. Every call has a deadline;
// what can be asked twice is asked again when the server is busy. The key is in one header and in no error.
// Source: openapi of daytonaio/daytona 0.190 and its daemon.

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { DaytonaAccess } from '../../../core/backendSettings';
import { RlmError } from '../../../core/errors';
import { createUnavailable } from '../unavailable';
import { checkDaytonaUrl } from './daytonaUrl';

const callTimeoutMs = 15_000;
const checkTimeoutMs = 5_000;
/** Daytona answers once the sandbox has started, after 30 s at the latest. */
const createTimeoutMs = 60_000;
const uploadTimeoutMs = 30_000;
/** Before each further attempt, where the server names no time. */
const retryDelaysMs = [300, 1_500];
/** A longer wait that a server asks for is told, not waited for. */
const maxRetryAfterMs = 20_000;
const maxListed = 5_000;
const pageSize = 100;

const sandboxSchema = z.object({
  id: z.string().regex(/^[\w.-]{1,200}$/u),
  state: z.string().max(100).default('unknown'),
  errorReason: z.string().nullish(),
  snapshot: z.string().nullish(),
  labels: z.record(z.string(), z.string()).default({}),
  networkBlockAll: z.boolean().default(false),
  toolboxProxyUrl: z.string().nullish(),
  createdAt: z.string().nullish(),
});
export type DaytonaSandbox = z.infer<typeof sandboxSchema>;

const pageSchema = z.object({ items: z.array(sandboxSchema), nextCursor: z.string().nullish() });
const urlSchema = z.object({ url: z.string() });
const errorSchema = z.object({ message: z.string().optional(), error: z.string().optional() });

export interface SandboxWish {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly snapshot: string | null;
  readonly autoStopMinutes: number;
  readonly autoDeleteMinutes: number;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly json?: unknown;
  readonly form?: () => FormData;
  readonly timeoutMs?: number;
  /** It may be asked again when nobody knows whether it was done. */
  readonly isIdempotent: boolean;
}

/** Of an answer that is no success. */
export class DaytonaError extends RlmError {
  readonly status: number | null;

  constructor(status: number | null, message: string, nextStep: string) {
    super('BACKEND_UNAVAILABLE', message, { nextStep });
    this.status = status;
  }
}

export class DaytonaApi {
  readonly #access: DaytonaAccess & { readonly apiKey: string };
  readonly #url: string;
  readonly #sleep: (ms: number) => Promise<void>;

  /** @throws RlmError 'BACKEND_UNAVAILABLE' without a key, or with an address that a key must not be sent to. */
  constructor(access: DaytonaAccess, sleep: (ms: number) => Promise<void>) {
    if (access.apiKey === null) {
      throw createUnavailable(
        'Backend daytona needs a key of Daytona, and none is set.',
        'Set DAYTONA_API_KEY, in the editor “RLM: Set API Key…”; or use backend container, local or wasm.',
      );
    }
    this.#url = checkDaytonaUrl(access.apiUrl, 'DAYTONA_API_URL');
    this.#access = { ...access, apiKey: access.apiKey };
    this.#sleep = sleep;
  }

  /** What a request to the toolbox carries. */
  get headers(): Readonly<Record<string, string>> {
    return {
      authorization: `Bearer ${this.#access.apiKey}`,
      'x-daytona-source': 'rlm-companion',
    };
  }

  async createSandbox(wish: SandboxWish): Promise<DaytonaSandbox> {
    const answer = await this.#call({
      method: 'POST',
      url: `${this.#url}/sandbox`,
      json: {
        name: wish.name,
        labels: wish.labels,
        public: false,
        networkBlockAll: true,
        autoStopInterval: wish.autoStopMinutes,
        autoDeleteInterval: wish.autoDeleteMinutes,
        ...(wish.snapshot !== null && { snapshot: wish.snapshot }),
        ...(this.#access.target !== null && { target: this.#access.target }),
      },
      timeoutMs: createTimeoutMs,
      isIdempotent: false,
    });
    return this.#parse(sandboxSchema, answer);
  }

  /** Null: there is none. */
  async readSandbox(id: string): Promise<DaytonaSandbox | null> {
    try {
      const url = `${this.#url}/sandbox/${encodeURIComponent(id)}`;
      return this.#parse(
        sandboxSchema,
        await this.#call({ method: 'GET', url, isIdempotent: true }),
      );
    } catch (thrown) {
      if (thrown instanceof DaytonaError && thrown.status === 404) {
        return null;
      }
      throw thrown;
    }
  }

  /** By id or name; one that is not there is deleted already. */
  async deleteSandbox(idOrName: string): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const url = `${this.#url}/sandbox/${encodeURIComponent(idOrName)}`;
        await this.#call({ method: 'DELETE', url, isIdempotent: true });
        return;
      } catch (thrown) {
        const status = thrown instanceof DaytonaError ? thrown.status : null;
        if (status === 404) {
          return;
        }
        const delayMs = retryDelaysMs[attempt];
        if (status !== 409 || delayMs === undefined) {
          throw thrown;
        }
        await this.#sleep(delayMs); // its state is about to change
      }
    }
  }

  /** Whether it answers with this key. A status waits for it: it is asked once, and not for long. */
  async checkAccess(): Promise<void> {
    const answer = await this.#ask({
      method: 'GET',
      url: `${this.#url}/sandbox?limit=1`,
      timeoutMs: checkTimeoutMs,
      isIdempotent: true,
    });
    if (!answer.isOk) {
      throw answer.error;
    }
    this.#parse(pageSchema, answer.body);
  }

  /** All that have these labels. */
  async listSandboxes(labels: Readonly<Record<string, string>>): Promise<DaytonaSandbox[]> {
    const found: DaytonaSandbox[] = [];
    let cursor: string | null = null;
    do {
      const url = new URL(`${this.#url}/sandbox`);
      url.searchParams.set('labels', JSON.stringify(labels));
      url.searchParams.set('limit', String(pageSize));
      if (cursor !== null) {
        url.searchParams.set('cursor', cursor);
      }
      const page: z.infer<typeof pageSchema> = this.#parse(
        pageSchema,
        await this.#call({ method: 'GET', url: url.href, isIdempotent: true }),
      );
      found.push(...page.items);
      cursor = page.nextCursor ?? null;
    } while (cursor !== null && found.length < maxListed);
    // The server filters by what it has indexed: what has other labels is not ours.
    return found.filter((one) =>
      Object.entries(labels).every(([name, value]) => one.labels[name] === value),
    );
  }

  /** Where its daemon answers. */
  async readToolboxUrl(sandbox: DaytonaSandbox): Promise<string> {
    const id = encodeURIComponent(sandbox.id);
    const given = sandbox.toolboxProxyUrl ?? '';
    const url =
      given === ''
        ? this.#parse(
            urlSchema,
            await this.#call({
              method: 'GET',
              url: `${this.#url}/sandbox/${id}/toolbox-proxy-url`,
              isIdempotent: true,
            }),
          ).url
        : given;
    return `${checkDaytonaUrl(url, 'The toolbox address that Daytona gave')}/${id}`;
  }

  async upload(toolboxUrl: string, path: string, text: string | Buffer): Promise<void> {
    const url = `${toolboxUrl}/files/upload?path=${encodeURIComponent(path)}`;
    const bytes = Uint8Array.from(Buffer.from(text));
    const form = (): FormData => {
      const made = new FormData();
      made.append('file', new Blob([bytes]), 'file');
      return made;
    };
    await this.#call({ method: 'POST', url, form, timeoutMs: uploadTimeoutMs, isIdempotent: true });
  }

  async createTerminal(toolboxUrl: string, id: string): Promise<void> {
    const envs = { TERM: 'dumb', HISTFILE: '/dev/null' };
    const json = { id, cols: 80, rows: 24, envs };
    await this.#call({
      method: 'POST',
      url: `${toolboxUrl}/process/pty`,
      json,
      isIdempotent: false,
    });
  }

  async #call(call: Call): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      const delayMs = retryDelaysMs[attempt];
      const answer = await this.#ask(call);
      if (answer.isOk) {
        return answer.body;
      }
      const waitMs = answer.retryAfterMs ?? delayMs;
      if (!answer.mayRetry || delayMs === undefined || waitMs === undefined) {
        throw answer.error;
      }
      if (waitMs > maxRetryAfterMs) {
        throw answer.error;
      }
      await this.#sleep(waitMs);
    }
  }

  async #ask(call: Call) {
    const requestId = randomUUID();
    const { pathname, host } = new URL(call.url);
    const what = `${call.method} ${pathname} (request ${requestId})`;
    try {
      const response = await fetch(call.url, {
        method: call.method,
        redirect: 'manual', // the key goes where it was sent, and nowhere else
        signal: AbortSignal.timeout(call.timeoutMs ?? callTimeoutMs),
        headers: {
          ...this.headers,
          'x-request-id': requestId,
          ...(call.json !== undefined && { 'content-type': 'application/json' }),
        },
        ...(call.json !== undefined && { body: JSON.stringify(call.json) }),
        ...(call.form && { body: call.form() }),
      });
      const text = await response.text();
      const { status } = response;
      if (response.ok) {
        return { isOk: true, body: parseJson(text) } as const;
      }
      const isBusy = status === 429 || (call.isIdempotent && status >= 500);
      return {
        isOk: false,
        mayRetry: isBusy,
        retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
        error: this.#toError(status, text, what),
      } as const;
    } catch (thrown) {
      const reason = this.#redact(toReason(thrown));
      return {
        isOk: false,
        mayRetry: call.isIdempotent,
        retryAfterMs: undefined,
        error: new DaytonaError(
          null,
          `Daytona at ${host} could not be reached: ${reason}; ${what}.`,
          'Check the network and DAYTONA_API_URL, then call again: the session and its record are kept.',
        ),
      } as const;
    }
  }

  #toError(status: number, text: string, what: string): DaytonaError {
    const parsed = errorSchema.safeParse(parseJson(text));
    const said = this.#redact(parsed.data?.message ?? parsed.data?.error ?? '').slice(0, 300);
    const message = `Daytona answered ${status}${said === '' ? '' : `, “${said}”`} to ${what}.`;
    return new DaytonaError(status, message, nextSteps(status));
  }

  #redact(text: string): string {
    return text.replaceAll(this.#access.apiKey, '…');
  }

  #parse<T>(schema: z.ZodType<T>, answer: unknown): T {
    const parsed = schema.safeParse(answer);
    if (!parsed.success) {
      throw new DaytonaError(
        null,
        'What answers at DAYTONA_API_URL does not speak as Daytona does.',
        'Check DAYTONA_API_URL: for Daytona’s own service it is https://app.daytona.io/api.',
      );
    }
    return parsed.data;
  }
}

function nextSteps(status: number): string {
  if (status === 401 || status === 403) {
    return 'Set a key that is valid and may make and delete sandboxes: DAYTONA_API_KEY, in the editor “RLM: Set API Key…”.';
  }
  if (status === 429) {
    return 'Wait a minute, then call again.';
  }
  return status >= 500
    ? 'Call again in a while: the session and its record are kept.'
    : 'Check the snapshot and the target that are set, and the limits of the account, with Daytona.';
}

/** Seconds, or a date. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) {
    return undefined;
  }
  const ms = /^\d+$/u.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function toReason(thrown: unknown): string {
  if (!(thrown instanceof Error)) {
    return String(thrown);
  }
  if (thrown.name === 'TimeoutError') {
    return 'it did not answer in time';
  }
  const { cause } = thrown;
  return cause instanceof Error && cause.message !== '' ? cause.message : thrown.message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
