// Daytona's REST interface, as far as sessions need it: sandboxes, files and terminals.
// Source: openapi of daytonaio/daytona 0.190 and its daemon.

import * as z from 'zod';
import type { DaytonaAccess } from '../../../core/backendSettings';
import { createUnavailable } from '../unavailable';
import { DaytonaError, DaytonaHttp, createForeignError } from './daytonaHttp';
import { checkDaytonaUrl } from './daytonaUrl';

const checkTimeoutMs = 5_000;
/** Daytona answers once the sandbox has started, after 30 s at the latest. */
const createTimeoutMs = 60_000;
const uploadTimeoutMs = 30_000;
/** A slow line. */
const uploadBytesPerMs = 100;
const maxListed = 5_000;
const pageSize = 100;
/** Too few for the questions that zsh asks a user who has no settings. Source: zsh-newuser-install asks from 15 on. */
const terminalRows = 10;

const sandboxSchema = z.object({
  id: z.string().regex(/^[\w.-]{1,200}$/u),
  state: z.string().max(100).default('unknown'),
  errorReason: z.string().nullish(),
  snapshot: z.string().nullish(),
  labels: z.record(z.string(), z.string()).default({}),
  networkBlockAll: z.boolean().default(false),
  public: z.boolean().default(false),
  toolboxProxyUrl: z.string().nullish(),
  createdAt: z.string().nullish(),
});
export type DaytonaSandbox = z.infer<typeof sandboxSchema>;

const pageSchema = z.object({ items: z.array(sandboxSchema), nextCursor: z.string().nullish() });
const urlSchema = z.object({ url: z.string() });
const previewSchema = z.object({
  url: z.string(),
  token: z.string().regex(/^[\x21-\x7e]{1,500}$/u),
});

export interface SandboxWish {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly snapshot: string | null;
  /** 0: never. */
  readonly autoStopMinutes: number;
  /** Negative: never. */
  readonly autoDeleteMinutes: number;
  /** Whether its ports are anybody's; left out: they need a token of Daytona's. */
  readonly isPublic?: boolean;
  /** Whether it may connect to others; left out: it may not. */
  readonly hasNetwork?: boolean;
}

export class DaytonaApi {
  readonly #target: string | null;
  readonly #url: string;
  readonly #http: DaytonaHttp;

  /** @throws RlmError 'BACKEND_UNAVAILABLE' without a key, or with an address that a key must not be sent to. */
  constructor({ apiKey, apiUrl, target }: DaytonaAccess, sleep: (ms: number) => Promise<void>) {
    if (apiKey === null) {
      throw createUnavailable(
        'Backend daytona needs a key of Daytona, and none is set.',
        'Set DAYTONA_API_KEY, in the editor “RLM: Set API Key…”; or use backend container, local or wasm.',
      );
    }
    this.#url = checkDaytonaUrl(apiUrl, 'DAYTONA_API_URL');
    this.#target = target;
    this.#http = new DaytonaHttp(apiKey, sleep);
  }

  /** By which the toolbox of a sandbox is asked. */
  get http(): DaytonaHttp {
    return this.#http;
  }

  /** What a request to the toolbox carries. */
  get headers(): Readonly<Record<string, string>> {
    return this.#http.headers;
  }

  async createSandbox(wish: SandboxWish, signal: AbortSignal): Promise<DaytonaSandbox> {
    const call = {
      method: 'POST',
      url: `${this.#url}/sandbox`,
      json: {
        name: wish.name,
        labels: wish.labels,
        public: wish.isPublic ?? false,
        networkBlockAll: !(wish.hasNetwork ?? false),
        autoStopInterval: wish.autoStopMinutes,
        autoDeleteInterval: wish.autoDeleteMinutes,
        ...(wish.snapshot !== null && { snapshot: wish.snapshot }),
        ...(this.#target !== null && { target: this.#target }),
      },
      timeoutMs: createTimeoutMs,
      isIdempotent: false,
    } as const;
    return parse(sandboxSchema, await this.#http.call(call, signal));
  }

  /** Null: there is none. */
  async readSandbox(id: string, signal?: AbortSignal): Promise<DaytonaSandbox | null> {
    try {
      const url = `${this.#url}/sandbox/${encodeURIComponent(id)}`;
      return parse(
        sandboxSchema,
        await this.#http.call({ method: 'GET', url, isIdempotent: true }, signal),
      );
    } catch (thrown) {
      if (thrown instanceof DaytonaError && thrown.status === 404) {
        return null;
      }
      throw thrown;
    }
  }

  /** One that is stopped; it starts after the answer. */
  async startSandbox(id: string, signal: AbortSignal): Promise<DaytonaSandbox> {
    const url = `${this.#url}/sandbox/${encodeURIComponent(id)}/start`;
    const call = { method: 'POST', url, timeoutMs: createTimeoutMs, isIdempotent: false } as const;
    return parse(sandboxSchema, await this.#http.call(call, signal));
  }

  /** Where one of its ports is reached from outside, and what opens it until the sandbox is started again. */
  async readPreview(
    id: string,
    port: number,
  ): Promise<{ readonly url: string; readonly token: string }> {
    const url = `${this.#url}/sandbox/${encodeURIComponent(id)}/ports/${port}/preview-url`;
    const answer = await this.#http.call({ method: 'GET', url, isIdempotent: true });
    const { url: given, token } = parse(previewSchema, answer);
    return { url: checkDaytonaUrl(given, 'The preview address that Daytona gave'), token };
  }

  /** By id or name. False: there is none. @throws DaytonaError of 409 while its state changes */
  async deleteSandbox(idOrName: string): Promise<boolean> {
    try {
      const url = `${this.#url}/sandbox/${encodeURIComponent(idOrName)}`;
      await this.#http.call({ method: 'DELETE', url, isIdempotent: true });
      return true;
    } catch (thrown) {
      if (thrown instanceof DaytonaError && thrown.status === 404) {
        return false;
      }
      throw thrown;
    }
  }

  /** Whether it answers with this key. A status waits for it: it is asked once, and not for long. */
  async checkAccess(): Promise<void> {
    const answer = await this.#http.callOnce({
      method: 'GET',
      url: `${this.#url}/sandbox?limit=1`,
      timeoutMs: checkTimeoutMs,
      isIdempotent: true,
    });
    parse(pageSchema, answer);
  }

  /** All that have these labels. */
  async listSandboxes(labels: Readonly<Record<string, string>>): Promise<DaytonaSandbox[]> {
    const found = new Map<string, DaytonaSandbox>();
    let cursor: string | null = null;
    do {
      const url = new URL(`${this.#url}/sandbox`);
      url.searchParams.set('labels', JSON.stringify(labels));
      url.searchParams.set('limit', String(pageSize));
      if (cursor !== null) {
        url.searchParams.set('cursor', cursor);
      }
      const page: z.infer<typeof pageSchema> = parse(
        pageSchema,
        await this.#http.call({ method: 'GET', url: url.href, isIdempotent: true }),
      );
      page.items.forEach((one) => found.set(one.id, one)); // what moves while it is listed comes twice
      const next: string | null = page.nextCursor ?? null;
      cursor = next === cursor ? null : next;
    } while (cursor !== null && found.size < maxListed);
    // The server filters by what it has indexed: what has other labels is not ours.
    return [...found.values()].filter((one) =>
      Object.entries(labels).every(([name, value]) => one.labels[name] === value),
    );
  }

  /** Where its daemon answers. */
  async readToolboxUrl(sandbox: DaytonaSandbox): Promise<string> {
    const id = encodeURIComponent(sandbox.id);
    const given = sandbox.toolboxProxyUrl ?? '';
    const url =
      given === ''
        ? parse(
            urlSchema,
            await this.#http.call({
              method: 'GET',
              url: `${this.#url}/sandbox/${id}/toolbox-proxy-url`,
              isIdempotent: true,
            }),
          ).url
        : given;
    return `${checkDaytonaUrl(url, 'The toolbox address that Daytona gave')}/${id}`;
  }

  async upload(
    toolboxUrl: string,
    path: string,
    text: string | Buffer,
    signal?: AbortSignal,
  ): Promise<void> {
    const url = `${toolboxUrl}/files/upload?path=${encodeURIComponent(path)}`;
    const bytes = Uint8Array.from(Buffer.from(text));
    const form = (): FormData => {
      const made = new FormData();
      made.append('file', new Blob([bytes]), 'file');
      return made;
    };
    const timeoutMs = uploadTimeoutMs + Math.ceil(bytes.length / uploadBytesPerMs);
    await this.#http.call({ method: 'POST', url, form, timeoutMs, isIdempotent: true }, signal);
  }

  /** Its id is made by us, so that one which is there already is the one that was asked for. */
  async createTerminal(toolboxUrl: string, id: string): Promise<void> {
    const envs = { TERM: 'dumb', HISTFILE: '/dev/null' };
    const json = { id, cols: 80, rows: terminalRows, envs };
    const url = `${toolboxUrl}/process/pty`;
    try {
      await this.#http.call({ method: 'POST', url, json, isIdempotent: true });
    } catch (thrown) {
      if (!(thrown instanceof DaytonaError && thrown.status === 409)) {
        throw thrown;
      }
    }
  }
}

function parse<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) {
    throw createForeignError();
  }
  return parsed.data;
}
