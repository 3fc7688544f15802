// Backend `kubernetes`: a Python in a pod that a session has to itself. Where a pod runs is the cluster's to say. A pod
// ends with its session; one whose engine is gone ends by itself, and is deleted by the next engine, or by the cluster
// together with the pod that the engine ran in.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted } from '../../../base/abort';
import { type RlmError, cancelledError, toRlmError } from '../../../core/errors';
import type { NativePlace } from '../../../protocol/sandboxProcess';
import type { WorkerHandle } from '../../workerHandle';
import type { StartControl, WorkerState } from '../../workerPool';
import { LostError, TerminalLink } from '../daytona/terminalLink';
import { createGuestEnvironment, createGuestPayload, podArgs } from '../guestPayload';
import { createNetworkProxy } from '../network/createNetworkProxy';
import { toNetworkWall } from '../network/wall';
import { machineTag, ownerOfThisProcess } from '../owner';
import { SupervisedPlace } from '../supervisedPlace';
import { createUnavailable } from '../unavailable';
import { readClusterAccess } from './clusterAccess';
import { KubernetesApi } from './kubernetesApi';
import {
  createPodManifest,
  networkWalls,
  podFileBytes,
  podFolder,
  podWalls,
  toPodMemoryMb,
} from './podManifest';
import { deleteLeftPods, engineOfThisProcess } from './podLeftovers';
import { AttachError, connectPod } from './podSocket';
import { type Pod, type PodState, readImageDigest, readPodState } from './podState';
import { createPodVeil } from './podVeil';

/** With the time to fetch an image that no node has. */
const startTimeoutMs = 180_000;
/** A reason that lasts may have been the cluster's mood: it is believed when it still holds then. */
const lastingMs = 3_000;
/** What more there is waits, so that a burst of sessions is no burst for the cluster's server. */
const maxStarting = 8;
/** Before each attempt. */
const removeDelaysMs = [0, 500, 2_000, 5_000, 15_000];
const betweenReadsMs = 300;
const attachDelaysMs = [200, 500, 1_000, 2_000];
/** Longer than a cut connection is tried to be made again. */
const patienceSeconds = 180;
const closedTries = 10;
/** Of pod.py. */
const openNetworkCode = 77;
/** Of processes counted over all of a node's pods with this user id; the kubelet's podPidsLimit is narrower. */
const maxProcesses = 4_096;
const limits = {
  RLIMIT_CORE: 0,
  RLIMIT_NOFILE: 1_024,
  RLIMIT_NPROC: maxProcesses,
  RLIMIT_FSIZE: podFileBytes,
};
/** What the supervisor itself and the files in memory need of a pod's memory, so that it ends code before the kernel ends the pod. */
const keptBytes = 64 * 2 ** 20;

export type PodRequest = Extract<NativePlace, { readonly kind: 'kubernetes' }>;

export class KubernetesPlaces {
  /** Deletions under way. */
  readonly #ends = new Set<Promise<void>>();
  /** By name, what is being made. */
  readonly #starting = new Map<string, KubernetesApi>();
  readonly #waiting: (() => void)[] = [];
  /** Namespaces in which was looked for what earlier engines left. */
  readonly #cleaned = new Set<string>();

  /** @throws RlmError 'BACKEND_UNAVAILABLE', or 'CANCELLED': nothing is left there then. */
  async start(request: PodRequest, control: StartControl): Promise<WorkerHandle> {
    while (this.#starting.size >= maxStarting) {
      const freed = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await untilAborted(freed, control.signal, cancelled);
    }
    const api = createApi(request);
    const name = `rlm-${randomUUID()}`;
    this.#starting.set(name, api);
    try {
      control.onStage('a pod is made');
      this.#removeLeft(api, request);
      const { settings, image, maxMemoryMb, sessionId } = request;
      const made = await api.createPod(
        createPodManifest({
          ...{ name, image, settings, maxMemoryMb, sessionId },
          engine: engineOfThisProcess,
          owner: ownerOfThisProcess,
          machine: machineTag,
          pythonArgs: podArgs,
        }),
      );
      const pod = await untilRunning(api, made, { ...request, ...control });
      control.onStage('Python starts in its pod');
      return await this.#open(api, pod, request);
    } catch (thrown) {
      const error = toRlmError(thrown);
      const told = control.signal.aborted ? cancelled() : await explain(api, name, request, error);
      this.#remove(api, name);
      throw told;
    } finally {
      this.#starting.delete(name);
      this.#waiting.splice(0).forEach((resolve) => resolve());
    }
  }

  async probe(request: PodRequest): Promise<WorkerState> {
    const api = createApi(request);
    await api.checkAccess();
    const { name, namespace } = await api.readAccess();
    return {
      detail: `${name}, namespace ${namespace}`,
      walls: toWalls(request, networkWalls.untried),
      image: request.image,
      imageDigest: null,
    };
  }

  /** Once what is let go of is deleted, or can no longer be. */
  async settle(): Promise<void> {
    this.#starting.forEach((api, name) => this.#remove(api, name));
    await Promise.all([...this.#ends]);
  }

  async #open(api: KubernetesApi, pod: Pod, request: PodRequest): Promise<WorkerHandle> {
    const { settings, maxMemoryMb, image, network } = request;
    const veil = createPodVeil();
    const { name } = pod.metadata;
    const payload = createGuestPayload(
      {
        language: 'python',
        bundles: '',
        node: '',
        folder: podFolder,
        folders: [podFolder, '/tmp'],
        environment: createGuestEnvironment(podFolder, 'python', network),
        limits,
        processes: 'all',
        network: network.length > 0,
      },
      {
        key: veil.key,
        patience: patienceSeconds,
        closed: !settings.allowsNetwork,
        tries: closedTries,
      },
    );
    const process = await TerminalLink.open(
      {
        connect: (listener) => connect(api, pod, listener),
        sleep: (ms) => delay(ms, undefined, { ref: false }),
        unveil: veil.unveil,
      },
      payload.framed,
    );
    let isOpen = false;
    const handle = await SupervisedPlace.open({
      language: 'python',
      process,
      payload: null,
      walls: toWalls(request, networkWalls.closed),
      network: createNetworkProxy(network),
      image,
      imageDigest: readImageDigest(pod),
      maxMemoryBytes: toPodMemoryMb(settings, maxMemoryMb) * 2 ** 20 - keptBytes,
      onDispose: () => {
        if (isOpen) {
          this.#remove(api, name); // else whoever starts it looks first what became of it
        }
      },
    });
    isOpen = true;
    if (handle.endedBy !== null) {
      this.#remove(api, name);
    }
    return handle;
  }

  /** Nobody waits for it; a pod that is not reached ends by itself. */
  #remove(api: KubernetesApi, name: string): void {
    const ended = remove(api, name).finally(() => this.#ends.delete(ended));
    this.#ends.add(ended);
  }

  #removeLeft(api: KubernetesApi, { settings }: PodRequest): void {
    const key = JSON.stringify([settings.kubeconfig, settings.context, settings.namespace]);
    if (!this.#cleaned.has(key)) {
      this.#cleaned.add(key);
      void deleteLeftPods(api, settings.home).catch(() => this.#cleaned.delete(key));
    }
  }
}

async function remove(api: KubernetesApi, name: string): Promise<void> {
  for (const delayMs of removeDelaysMs) {
    await delay(delayMs);
    try {
      await api.deletePod(name);
      return;
    } catch {
      // it is tried again
    }
  }
}

/** `closed`: in which words the pod's own network is. What the user allows goes by the engine, and not by that. */
function toWalls({ settings, network }: PodRequest, closed: string): readonly string[] {
  const own = settings.allowsNetwork ? networkWalls.open : closed;
  return [...podWalls, own, ...(network.length > 0 ? [toNetworkWall(network)] : [])];
}

function cancelled(): RlmError {
  return cancelledError('The start of a pod');
}

function createApi({ settings, accountFolder }: PodRequest): KubernetesApi {
  return new KubernetesApi({
    readAccess: () => readClusterAccess(settings, accountFolder),
    sleep: delay,
  });
}

/** As it is followed by a watch; read again whenever that ends. */
async function untilRunning(
  api: KubernetesApi,
  made: Pod,
  { image, signal, onStage }: Pick<PodRequest, 'image'> & StartControl,
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
    const watched = isOver ? delay(lastingMs / 4) : api.watchPod(known, take, waited.signal);
    const over = untilAborted(delay(lastingMs), signal, cancelled);
    await Promise.race([watched, over]).catch(() => undefined); // it is read again
    waited.abort();
    await delay(betweenReadsMs);
  }
}

async function connect(api: KubernetesApi, pod: Pod, listener: Parameters<typeof connectPod>[2]) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connectPod(await api.readAccess(), pod.metadata.name, listener);
    } catch (thrown) {
      const loss = await findLoss(api, pod);
      const delayMs = attachDelaysMs[attempt];
      if (loss) {
        throw loss;
      }
      const mayCome = thrown instanceof AttachError && thrown.status !== 403;
      if (!mayCome || delayMs === undefined) {
        throw thrown;
      }
      await delay(delayMs);
    }
  }
}

/** Why there is nothing to connect to any more; null where it may only be out of reach. */
async function findLoss(api: KubernetesApi, { metadata }: Pod): Promise<LostError | null> {
  try {
    const pod = await api.readPod(metadata.name);
    if (pod?.metadata.uid !== metadata.uid) {
      return new LostError('its pod was deleted');
    }
    const state = readPodState(pod);
    return state.kind === 'ended' ? new LostError(`its pod is gone: ${state.reason}`) : null;
  } catch {
    return null; // out of reach
  }
}

/** An error of a start, in words about the pod where that says more. */
async function explain(
  api: KubernetesApi,
  name: string,
  { image }: PodRequest,
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
    `A pod of ${image} was started, but its Python was not: ${reason}`,
    toNextStep(reason),
  );
}

/** The cluster learns of a container's end a moment later. */
async function readEnd(api: KubernetesApi, name: string): Promise<PodState | null> {
  let state: PodState | null = null;
  for (const delayMs of attachDelaysMs) {
    const pod = await api.readPod(name).catch(() => null);
    state = pod && readPodState(pod);
    if (state?.kind !== 'running') {
      return state;
    }
    await delay(delayMs);
  }
  return state;
}

function toNextStep(reason: string): string {
  if (/Image/u.test(reason)) {
    return 'Check the image and the right to fetch it: RLM_KUBERNETES_IMAGE, RLM_KUBERNETES_PULL_SECRETS.';
  }
  if (/Unschedulable|Insufficient|node/u.test(reason)) {
    return 'No node has room for it or fits: end sessions, lower max_memory_mb or RLM_KUBERNETES_CPU, or check RLM_KUBERNETES_NODE_SELECTOR and the nodes.';
  }
  if (/attach|403/u.test(reason)) {
    return 'Give the account the right to attach to pods (get and create of pods/attach): the chart’s Role has it.';
  }
  return 'Its image needs Python 3.11 or later as python3; look with kubectl describe pods -l app.kubernetes.io/name=rlm-companion-session, then call again.';
}
