// A cluster's REST interface, as far as pods of sessions need it. Every call has a deadline; what can be asked twice is
// asked again when the server is busy. The token is in one header and in no error.
// Source: Kubernetes API conventions (Status, watch, resourceVersion) and the Pod API, core/v1.

import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import * as z from 'zod';
import { RlmError } from '../../../core/errors';
import type { ClusterAccess } from './clusterAccess';
import { type Pod, podSchema } from './podState';

const callTimeoutMs = 15_000;
const checkTimeoutMs = 5_000;
const watchTimeoutMs = 30_000;
/** Before each further attempt, where the server names no time. */
const retryDelaysMs = [300, 1_500];
/** A longer wait that a server asks for is told, not waited for. */
const maxRetryAfterMs = 20_000;
const maxAnswerBytes = 32 * 2 ** 20;
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

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly json?: object;
  readonly timeoutMs?: number;
  /** It may be asked again when nobody knows whether it was done. */
  readonly isIdempotent: boolean;
  readonly signal?: AbortSignal;
}

/** Of an answer that is no success. */
export class KubernetesError extends RlmError {
  /** Null: there was no answer. */
  readonly status: number | null;

  constructor(status: number | null, message: string, nextStep: string) {
    super('BACKEND_UNAVAILABLE', message, { nextStep });
    this.status = status;
  }
}

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

  async createPod(manifest: object): Promise<Pod> {
    const call = { method: 'POST', path: '', json: manifest, isIdempotent: false } as const;
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

  /** At once; one that is not there is deleted already. */
  async deletePod(name: string): Promise<void> {
    try {
      const path = `/${name}?gracePeriodSeconds=0&propagationPolicy=Background`;
      await this.#call({ method: 'DELETE', path, isIdempotent: true });
    } catch (thrown) {
      if (!isMissing(thrown)) {
        throw thrown;
      }
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

  async #call(call: Call): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      const delayMs = retryDelaysMs[attempt];
      const answer = await this.#ask(call);
      if (answer.isOk) {
        return answer.body;
      }
      const waitMs = answer.retryAfterMs ?? delayMs;
      const isOver = delayMs === undefined || waitMs === undefined || waitMs > maxRetryAfterMs;
      if (!answer.mayRetry || isOver) {
        throw answer.error;
      }
      await this.#parts.sleep(waitMs);
    }
  }

  async #ask(call: Call) {
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

/** Of a request to the cluster's server, by HTTP or WebSocket. */
export function toRequestOptions(access: ClusterAccess) {
  const { ca, cert, key, servername, token } = access;
  return {
    headers: {
      'user-agent': 'rlm-companion',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(servername && { servername }),
  };
}

/** Settles with the head of the answer; the deadline is for the whole of it. */
function send(access: ClusterAccess, call: Call): Promise<IncomingMessage> {
  const { headers, ...tls } = toRequestOptions(access);
  const body = call.json === undefined ? null : Buffer.from(JSON.stringify(call.json));
  const url = `${access.server}/api/v1/namespaces/${access.namespace}/pods${call.path}`;
  return new Promise((resolve, reject) => {
    const request = requestHttps(
      url,
      {
        ...tls,
        method: call.method,
        ...(call.signal && { signal: call.signal }),
        agent: false, // tokens and certificates change; calls are few
        headers: {
          ...headers,
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json', 'content-length': body.length }),
        },
      },
      resolve,
    );
    const timer = setTimeout(
      () => request.destroy(new Error('it did not answer in time')),
      call.timeoutMs ?? callTimeoutMs,
    );
    request.on('error', reject);
    request.on('close', () => clearTimeout(timer));
    request.end(body ?? undefined);
  });
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    pieces.push(piece as Buffer); // no encoding is set
    bytes += (piece as Buffer).length;
    if (bytes > maxAnswerBytes) {
      throw new Error('it answered with too much');
    }
  }
  return Buffer.concat(pieces).toString('utf8');
}

function toError(status: number, said: string, what: string): KubernetesError {
  const message = `The cluster answered ${status}${said === '' ? '' : `, “${said}”`} to ${what}.`;
  return new KubernetesError(status, message, nextSteps(status, said));
}

function nextSteps(status: number, said: string): string {
  if (/exceeded quota/u.test(said)) {
    return 'End sessions, or raise the ResourceQuota of the namespace: kubectl describe quota; pods ask for what max_memory_mb and RLM_KUBERNETES_CPU say.';
  }
  if (/PodSecurity|admission|denied the request/u.test(said)) {
    return 'The cluster’s admission refuses such pods: allow them in this namespace, or name another one (RLM_KUBERNETES_NAMESPACE).';
  }
  if (status === 401) {
    return 'Set a token or certificate that is valid: KUBECONFIG, or the service account of the pod.';
  }
  if (status === 403) {
    return 'Give the account the rights to create, get, list, watch and delete pods and to attach to them: the chart’s Role has them (backend: kubernetes).';
  }
  if (status === 429) {
    return 'Wait a minute, then call again.';
  }
  return status >= 500
    ? 'Call again in a while: the session and its record are kept.'
    : 'Check the RLM_KUBERNETES_… settings against the cluster: namespace, image, RuntimeClass, node selector.';
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof KubernetesError && thrown.status === 404;
}

function redact(text: string, { token }: ClusterAccess): string {
  return token === null ? text : text.replaceAll(token, '…');
}

/** Seconds. */
function readRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/u.test(header) ? Number(header) * 1_000 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
