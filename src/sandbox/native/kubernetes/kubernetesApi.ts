// A cluster's REST interface, as far as pods of sessions need it. What can be asked twice is asked
// again when the server is busy.
// Source: Kubernetes API conventions (Status, watch, resourceVersion) and the Pod API, core/v1.

import * as z from 'zod';
import { neverAborted, untilAborted } from '../../../base/abort';
import type { ClusterAccess } from './clusterAccess';
import {
  type KubernetesCall,
  KubernetesError,
  callTimeoutMs,
  maxAnswerBytes,
  parseJson,
  readAnswer,
  readRetryAfter,
  redact,
  send,
  toError,
} from './kubernetesHttp';
import { type Pod, podSchema } from './podState';

const checkTimeoutMs = 5_000;
const watchTimeoutMs = 30_000;
/** Before each further attempt, where the server names no time. */
const retryDelaysMs = [300, 1_500];
/** A longer wait that a server asks for is told, not waited for. */
const maxRetryAfterMs = 20_000;
const pageSize = 200;
const maxListed = 5_000;

const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().nullish(),
  reason: z.string().nullish(),
  code: z.number().nullish(),
});
const listSchema = z.object({
  metadata: z.object({ continue: z.string().nullish() }).default({}),
  items: z.array(podSchema),
});
const watchedSchema = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: podSchema }),
  z.object({ type: z.literal('ERROR'), object: statusSchema }),
  z.object({ type: z.literal('BOOKMARK'), object: z.unknown() }),
]);

export interface KubernetesApiParts {
  /** Reads again what opens the cluster. */
  readonly readAccess: () => Promise<ClusterAccess>;
  readonly sleep: (ms: number) => Promise<void>;
}

export class KubernetesApi {
  readonly #parts: KubernetesApiParts;

  constructor(parts: KubernetesApiParts) {
    this.#parts = parts;
  }

  readAccess(): Promise<ClusterAccess> {
    return this.#parts.readAccess();
  }

  /** When `signal` aborts nobody knows whether it is made. */
  async createPod(manifest: object, signal: AbortSignal): Promise<Pod> {
    const call = { method: 'POST', path: '', json: manifest, isIdempotent: false, signal } as const;
    return this.#parse(podSchema, await this.#call(call));
  }

  /** Null: there is none. */
  async readPod(name: string): Promise<Pod | null> {
    try {
      const call = { method: 'GET', path: `/${name}`, isIdempotent: true } as const;
      return this.#parse(podSchema, await this.#call(call));
    } catch (thrown) {
      if (isMissing(thrown)) {
        return null;
      }
      throw thrown;
    }
  }

  /** At once. False: there is none. */
  async deletePod(name: string): Promise<boolean> {
    try {
      const path = `/${name}?gracePeriodSeconds=0&propagationPolicy=Background`;
      await this.#call({ method: 'DELETE', path, isIdempotent: true });
      return true;
    } catch (thrown) {
      if (isMissing(thrown)) {
        return false;
      }
      throw thrown;
    }
  }

  /** All that have these labels. */
  async listPods(labels: Readonly<Record<string, string>>): Promise<readonly Pod[]> {
    const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const found: Pod[] = [];
    let next = '';
    do {
      const query = new URLSearchParams({
        labelSelector: selector.join(','),
        limit: String(pageSize),
        ...(next !== '' && { continue: next }),
      });
      const call = { method: 'GET', path: `?${query.toString()}`, isIdempotent: true } as const;
      const page: z.infer<typeof listSchema> = this.#parse(listSchema, await this.#call(call));
      found.push(...page.items);
      next = page.metadata.continue ?? '';
    } while (next !== '' && found.length < maxListed);
    return found;
  }

  /** Whether it lets pods be read. A status waits for it: it is asked once, and not for long. */
  async checkAccess(): Promise<void> {
    const answer = await this.#ask({
      method: 'GET',
      path: '?limit=1',
      timeoutMs: checkTimeoutMs,
      isIdempotent: true,
    });
    if (!answer.isOk) {
      throw answer.error;
    }
    this.#parse(listSchema, answer.body);
  }

  /**
   * Follows one pod from the state that is given, until `take` is satisfied or the watch ends: by itself, since it was
   * cut, or since the server no longer knows what came after that state (410). The pod is to be read again then.
   */
  async watchPod(
    from: Pod,
    take: (pod: Pod | null) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const query = new URLSearchParams({
      watch: '1',
      fieldSelector: `metadata.name=${from.metadata.name}`,
      resourceVersion: from.metadata.resourceVersion,
      timeoutSeconds: String(watchTimeoutMs / 1_000),
    });
    const access = await this.#parts.readAccess();
    const path = `?${query.toString()}`;
    const timeoutMs = watchTimeoutMs + callTimeoutMs;
    const call = { method: 'GET', path, timeoutMs, isIdempotent: true, signal } as const;
    const response = await send(access, call);
    try {
      let rest = '';
      response.setEncoding('utf8');
      for await (const piece of response) {
        const lines = `${rest}${String(piece)}`.split('\n');
        rest = lines.pop() ?? '';
        if (response.statusCode !== 200 || rest.length > maxAnswerBytes) {
          return;
        }
        for (const line of lines.filter((one) => one.trim() !== '')) {
          const watched = watchedSchema.safeParse(parseJson(line)).data;
          if (!watched || watched.type === 'ERROR') {
            return;
          }
          const isOther =
            watched.type === 'BOOKMARK' || watched.object.metadata.uid !== from.metadata.uid;
          if (!isOther && take(watched.type === 'DELETED' ? null : watched.object)) {
            return;
          }
        }
      }
    } finally {
      response.destroy();
    }
  }

  async #call(call: KubernetesCall): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      const delayMs = retryDelaysMs[attempt];
      const answer = await this.#ask(call);
      if (answer.isOk) {
        return answer.body;
      }
      const waitMs = answer.retryAfterMs ?? delayMs;
      const isOver = delayMs === undefined || waitMs === undefined || waitMs > maxRetryAfterMs;
      if (!answer.mayRetry || isOver || call.signal?.aborted === true) {
        throw answer.error;
      }
      await untilAborted(
        this.#parts.sleep(waitMs),
        call.signal ?? neverAborted,
        () => answer.error,
      );
    }
  }

  async #ask(call: KubernetesCall) {
    const access = await this.#parts.readAccess();
    const what = `${call.method} of pods in namespace ${access.namespace}`;
    try {
      const response = await send(access, call);
      const text = await readAnswer(response);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        return { isOk: true, body: parseJson(text) } as const;
      }
      const said = statusSchema.safeParse(parseJson(text)).data;
      const isBusy =
        status === 429 ||
        (status === 409 && said?.reason === 'Conflict') || // a quota that was just counted by another call
        status === 401 || // the token may have been renewed since it was read
        (call.isIdempotent && status >= 500);
      const message = redact(said?.message ?? '', access).slice(0, 500);
      return {
        isOk: false,
        mayRetry: isBusy,
        retryAfterMs: readRetryAfter(response.headers['retry-after']),
        error: toError(status, message, what),
      } as const;
    } catch (thrown) {
      const reason = redact(thrown instanceof Error ? thrown.message : String(thrown), access);
      return {
        isOk: false,
        mayRetry: call.isIdempotent,
        retryAfterMs: undefined,
        error: new KubernetesError(
          null,
          `The cluster at ${access.server} could not be reached: ${reason}; ${what}.`,
          'Check the network and, outside of a cluster, KUBECONFIG; then call again: the session and its record are kept.',
        ),
      } as const;
    }
  }

  #parse<T>(schema: z.ZodType<T>, answer: unknown): T {
    const parsed = schema.safeParse(answer);
    if (!parsed.success) {
      throw new KubernetesError(
        null,
        'What answers at the cluster’s address does not speak as Kubernetes does.',
        'Check the cluster’s address: kubectl cluster-info.',
      );
    }
    return parsed.data;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof KubernetesError && thrown.status === 404;
}
