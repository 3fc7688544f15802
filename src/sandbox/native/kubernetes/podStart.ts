// How a pod comes to run, and in which words it is told why one does not.

import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted } from '../../../base/abort';
import { type RlmError, cancelledError } from '../../../core/errors';
import { type Language, interpreterNames } from '../../../core/sandbox';
import type { StartControl } from '../../workerPool';
import { createUnavailable } from '../unavailable';
import type { KubernetesApi } from './kubernetesApi';
import { type Pod, type PodState, readPodState } from './podState';

/** With the time to fetch an image that no node has. */
const startTimeoutMs = 180_000;
/** A reason that lasts may have been the cluster's mood: it is believed when it still holds then. */
const lastingMs = 3_000;
const betweenReadsMs = 300;
/** Before each look at what became of one that has not started. */
const endDelaysMs = [200, 500, 1_000, 2_000];
/** Of pod.py. */
const openNetworkCode = 77;

/** As it is followed by a watch; read again whenever that ends. */
export async function untilRunning(
  api: KubernetesApi,
  made: Pod,
  { image, signal, onStage }: { readonly image: string } & StartControl,
): Promise<Pod> {
  const until = performance.now() + startTimeoutMs;
  let lastingSince: number | null = null;
  let pod: Pod | null = made;
  /** Whether something is to be done now. */
  const take = (next: Pod | null): boolean => {
    pod = next;
    const state = next && readPodState(next);
    const lasts = state?.kind === 'starting' && state.lasts;
    lastingSince = lasts ? (lastingSince ?? performance.now()) : null;
    return state?.kind !== 'starting' || lasts;
  };
  for (let isOver = take(made); ; isOver = take(await api.readPod(made.metadata.name))) {
    const known: Pod | null = pod;
    const state = known && readPodState(known);
    if (known && state?.kind === 'running') {
      return known;
    }
    if (signal.aborted) {
      throw cancelled();
    }
    const now = performance.now();
    const isStuck = lastingSince !== null && now - lastingSince > lastingMs;
    if (!known || state?.kind !== 'starting' || isStuck || now > until) {
      const how = isStuck
        ? 'cannot start'
        : now > until
          ? `is not running after ${startTimeoutMs / 1_000} s`
          : 'ended while it started';
      const reason = state && state.kind !== 'running' ? state.reason : 'it was deleted';
      throw createUnavailable(`A pod of ${image} ${how}: ${reason}.`, toNextStep(reason));
    }
    onStage(`the cluster starts a pod: ${state.reason}`);
    const waited = new AbortController();
    let isTold = false;
    const watch = (next: Pod | null): boolean => (isTold = take(next));
    const watched = isOver ? delay(lastingMs / 4) : api.watchPod(known, watch, waited.signal);
    const over = untilAborted(delay(lastingMs), signal, cancelled);
    await Promise.race([watched, over]).catch(() => undefined); // it is read again
    waited.abort();
    if (!isTold) {
      await delay(betweenReadsMs);
    }
  }
}

interface StartedPod {
  readonly name: string;
  readonly image: string;
  readonly language: Language;
}

/** An error of a start, in words about the pod where that says more. */
export async function explain(
  api: KubernetesApi,
  { name, image, language }: StartedPod,
  error: RlmError,
): Promise<RlmError> {
  if (error.code === 'BACKEND_UNAVAILABLE') {
    return error;
  }
  const state = await readEnd(api, name);
  if (state?.kind === 'ended' && state.exitCode === openNetworkCode) {
    return createUnavailable(
      'The pod of a session reaches the network of its cluster, so it was not used.',
      'Install the chart with networkPolicy.enabled and a network plug-in that enforces policies; or set RLM_KUBERNETES_NETWORK=open where code that reads your texts may have a network.',
    );
  }
  const reason = state?.kind === 'ended' ? `${state.reason}; ${error.message}` : error.message;
  return createUnavailable(
    `A pod of ${image} was started, but its ${interpreterNames[language]} was not: ${reason}`,
    toNextStep(reason, language),
  );
}

/** The cluster learns of a container's end a moment later. */
async function readEnd(api: KubernetesApi, name: string): Promise<PodState | null> {
  let state: PodState | null = null;
  for (const delayMs of endDelaysMs) {
    const pod = await api.readPod(name).catch(() => null);
    state = pod && readPodState(pod);
    if (state?.kind !== 'running') {
      return state;
    }
    await delay(delayMs);
  }
  return state;
}

function toNextStep(reason: string, language: Language = 'python'): string {
  if (/Image/u.test(reason)) {
    return 'Check the image and the right to fetch it: RLM_KUBERNETES_IMAGE, RLM_KUBERNETES_PULL_SECRETS.';
  }
  if (/Unschedulable|Insufficient|node/u.test(reason)) {
    return 'No node has room for it or fits: end sessions, lower max_memory_mb or RLM_KUBERNETES_CPU, or check RLM_KUBERNETES_NODE_SELECTOR and the nodes.';
  }
  if (/attach|403/u.test(reason)) {
    return 'Give the account the right to attach to pods (get and create of pods/attach): the chart’s Role has it.';
  }
  const node = language === 'python' ? '' : ', and Node.js 18 or later as node';
  return `Its image needs Python 3.11 or later as python3${node}; look with kubectl describe pods -l app.kubernetes.io/name=rlm-companion-session, then call again.`;
}

export function cancelled(): RlmError {
  return cancelledError('The start of a pod');
}
