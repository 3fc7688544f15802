// How a cluster's server is asked over HTTP: every call has a deadline; the token is in one header and in no error.

import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { RlmError } from '../../../core/errors';
import type { ClusterAccess } from './clusterAccess';

export const callTimeoutMs = 15_000;
export const maxAnswerBytes = 32 * 2 ** 20;

export interface KubernetesCall {
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
export function send(access: ClusterAccess, call: KubernetesCall): Promise<IncomingMessage> {
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

export async function readAnswer(response: IncomingMessage): Promise<string> {
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

export function toError(status: number, said: string, what: string): KubernetesError {
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

export function redact(text: string, { token }: ClusterAccess): string {
  return token === null ? text : text.replaceAll(token, '…');
}

/** Seconds. */
export function readRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/u.test(header) ? Number(header) * 1_000 : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
