// How Daytona is asked over HTTP: every call has a deadline, what can be asked twice is asked again when the server
// is busy, and the key is in one header and in no error.

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { RlmError } from '../../../core/errors';

const callTimeoutMs = 15_000;
/** Before each further attempt, where the server names no time. */
const retryDelaysMs = [300, 1_500];
/** A longer wait that a server asks for is told, not waited for. */
const maxRetryAfterMs = 20_000;
/** A page of a hundred sandboxes has some hundred kilobytes. */
const maxAnswerBytes = 8 * 2 ** 20;

/** Nest joins the messages of a validation; an older one gives a list. */
const errorSchema = z.object({
  message: z.union([z.string(), z.array(z.string()).transform((all) => all.join(', '))]).optional(),
  error: z.string().optional(),
});

export interface DaytonaCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly json?: unknown;
  readonly form?: () => FormData;
  readonly timeoutMs?: number;
  /** It may be asked again when nobody knows whether it was done. */
  readonly isIdempotent: boolean;
}

/** Of an answer that is no success; `status` null: there was none, or none of Daytona's. */
export class DaytonaError extends RlmError {
  readonly status: number | null;

  constructor(status: number | null, message: string, nextStep: string) {
    super('BACKEND_UNAVAILABLE', message, { nextStep });
    this.status = status;
  }
}

export class DaytonaHttp {
  readonly #apiKey: string;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(apiKey: string, sleep: (ms: number) => Promise<void>) {
    this.#apiKey = apiKey;
    this.#sleep = sleep;
  }

  get headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.#apiKey}`, 'x-daytona-source': 'rlm-companion' };
  }

  /** What was answered, parsed; undefined where that is empty. @throws DaytonaError */
  async call(call: DaytonaCall, signal?: AbortSignal): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      const delayMs = retryDelaysMs[attempt];
      const answer = await this.#ask(call, signal);
      if (answer.isOk) {
        return answer.body;
      }
      const waitMs = answer.retryAfterMs ?? delayMs;
      const mayRetry = answer.mayRetry && signal?.aborted !== true;
      if (!mayRetry || delayMs === undefined || waitMs === undefined || waitMs > maxRetryAfterMs) {
        throw answer.error;
      }
      await this.#sleep(waitMs);
    }
  }

  /** Without another attempt. @throws DaytonaError */
  async callOnce(call: DaytonaCall): Promise<unknown> {
    const answer = await this.#ask(call);
    if (!answer.isOk) {
      throw answer.error;
    }
    return answer.body;
  }

  async #ask(call: DaytonaCall, signal?: AbortSignal) {
    const requestId = randomUUID();
    const { pathname, host } = new URL(call.url);
    const what = `${call.method} ${pathname} (request ${requestId})`;
    try {
      const deadline = AbortSignal.timeout(call.timeoutMs ?? callTimeoutMs);
      const response = await fetch(call.url, {
        method: call.method,
        redirect: 'manual', // the key goes where it was sent, and nowhere else
        signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
        headers: {
          ...this.headers,
          'x-request-id': requestId,
          ...(call.json !== undefined && { 'content-type': 'application/json' }),
        },
        ...(call.json !== undefined && { body: JSON.stringify(call.json) }),
        ...(call.form && { body: call.form() }),
      });
      const text = await readText(response);
      const { status } = response;
      const body = text === null ? undefined : parseJson(text);
      if (response.ok && (body !== undefined || text === '')) {
        return { isOk: true, body } as const;
      }
      const isBusy = status === 429 || (call.isIdempotent && status >= 500);
      return {
        isOk: false,
        mayRetry: isBusy,
        retryAfterMs: readRetryAfter(response.headers),
        error: response.ok ? createForeignError() : this.#toError(status, body, what),
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

  #toError(status: number, body: unknown, what: string): DaytonaError {
    const parsed = errorSchema.safeParse(body);
    const said = this.#redact(parsed.data?.message ?? parsed.data?.error ?? '').slice(0, 300);
    const message = `Daytona answered ${status}${said === '' ? '' : `, “${said}”`} to ${what}.`;
    return new DaytonaError(status, message, toNextStep(status));
  }

  #redact(text: string): string {
    return text.replaceAll(this.#apiKey, '…');
  }
}

/** What answers is something else: a proxy’s page, another server. */
export function createForeignError(): DaytonaError {
  return new DaytonaError(
    null,
    'What answers at DAYTONA_API_URL does not speak as Daytona does.',
    'Check DAYTONA_API_URL: for Daytona’s own service it is https://app.daytona.io/api.',
  );
}

function toNextStep(status: number): string {
  if (status === 401 || status === 403) {
    return 'Set a key that is valid and may make and delete sandboxes: DAYTONA_API_KEY, in the editor “RLM: Set API Key…”.';
  }
  if (status === 429) {
    return 'Wait a minute, then call again.';
  }
  if (status >= 300 && status < 400) {
    return 'Set DAYTONA_API_URL to the address that it leads to: the key follows no redirect.';
  }
  return status >= 500
    ? 'Call again in a while: the session and its record are kept.'
    : 'Check the snapshot and the target that are set, and the limits of the account, with Daytona.';
}

/** Null: it is longer than any answer. */
async function readText(response: Response): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > maxAnswerBytes) {
      return null; // the rest is cancelled with the loop
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/**
 * The longest that is asked for: in seconds, or as a date by the server’s own clock. Each limiter of Daytona has a
 * header of its own (`Retry-After-sandbox-create`). Source: its documentation of limits; @nestjs/throttler.
 */
function readRetryAfter(headers: Headers): number | undefined {
  const given = [...headers].filter(([name]) => /^retry-after(?:-|$)/u.test(name));
  const serverNow = Date.parse(headers.get('date') ?? '');
  const now = Number.isFinite(serverNow) ? serverNow : Date.now();
  const waits = given
    .map(([, value]) => (/^\d+$/u.test(value) ? Number(value) * 1_000 : Date.parse(value) - now))
    .filter(Number.isFinite);
  return waits.length === 0 ? undefined : Math.max(0, ...waits);
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
