// Backend `kubernetes`: a Python or Node in a pod that a session has to itself. Where a pod runs is the cluster's to say. A pod
// ends with its session; one whose engine is gone ends by itself, and is deleted by the next engine, or by the cluster
// together with the pod that the engine ran in.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { untilAborted } from '../../../base/abort';
import { toRlmError } from '../../../core/errors';
import { type Language, interpreterNames } from '../../../core/sandbox';
import type { NativePlace } from '../../../protocol/sandboxProcess';
import type { WorkerHandle } from '../../workerHandle';
import type { StartControl, WorkerState } from '../../workerPool';
import { TerminalLink } from '../daytona/terminalLink';
import { createGuestEnvironment, createGuestPayload, podArgs } from '../guestPayload';
import { createNetworkProxy } from '../network/createNetworkProxy';
import { toNetworkWall } from '../network/wall';
import { machineTag, ownerOfThisProcess } from '../owner';
import { Removals } from '../removals';
import { SupervisedPlace } from '../supervisedPlace';
import { readClusterAccess } from './clusterAccess';
import { KubernetesApi } from './kubernetesApi';
import { KubernetesError } from './kubernetesHttp';
import { connectAgain } from './podLink';
import { deleteLeftPods, engineOfThisProcess } from './podLeftovers';
import {
  createPodManifest,
  networkWalls,
  podFileBytes,
  podFolder,
  podWalls,
  toPodMemoryMb,
} from './podManifest';
import { cancelled, explain, untilRunning } from './podStart';
import { type Pod, readImageDigest } from './podState';
import { createPodVeil } from './podVeil';

/** What more there is waits, so that a burst of sessions is no burst for the cluster's server. */
const maxStarting = 8;
/** Longer than a cut connection is tried to be made again. */
const patienceSeconds = 180;
const closedTries = 10;
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

type PodStart = StartControl & { readonly language: Language };

export class KubernetesPlaces {
  readonly #bundles: string;
  readonly #removals = new Removals(delay);
  /** By name, what is being made. */
  readonly #starting = new Map<string, KubernetesApi>();
  readonly #waiting: (() => void)[] = [];
  /** Namespaces in which was looked for what earlier engines left. */
  readonly #cleaned = new Set<string>();

  constructor(bundles: string) {
    this.#bundles = bundles;
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE', or 'CANCELLED': nothing is left there then. */
  async start(request: PodRequest, control: PodStart): Promise<WorkerHandle> {
    const { signal, onStage, language } = control;
    while (this.#starting.size >= maxStarting) {
      const freed = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await untilAborted(freed, signal, cancelled);
    }
    const api = createApi(request);
    const name = `rlm-${randomUUID()}`;
    this.#starting.set(name, api);
    let isMade = false;
    try {
      onStage('a pod is made');
      this.#removeLeft(api, request);
      const { settings, image, maxMemoryMb, sessionId } = request;
      const manifest = createPodManifest({
        ...{ name, image, settings, maxMemoryMb, sessionId },
        engine: engineOfThisProcess,
        owner: ownerOfThisProcess,
        machine: machineTag,
        pythonArgs: podArgs,
      });
      const made = await api.createPod(manifest, signal);
      isMade = true;
      const pod = await untilRunning(api, made, { image, ...control });
      onStage(`${interpreterNames[language]} starts in its pod`);
      const opened = this.#open(api, pod, { ...request, language });
      return await untilAborted(opened, signal, cancelled).catch((thrown: unknown) => {
        opened.then((worker) => worker.dispose()).catch(() => undefined);
        throw thrown;
      });
    } catch (thrown) {
      const isUnsure = !isMade && isUnanswered(thrown);
      const told = signal.aborted
        ? cancelled()
        : await explain(api, { name, image: request.image, language }, toRlmError(thrown));
      this.#remove(api, name, isUnsure);
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
    this.#starting.forEach((api, name) => this.#remove(api, name, true));
    await this.#removals.settle();
  }

  async #open(
    api: KubernetesApi,
    pod: Pod,
    request: PodRequest & Pick<PodStart, 'language'>,
  ): Promise<WorkerHandle> {
    const { settings, maxMemoryMb, image, network, language } = request;
    const veil = createPodVeil();
    const { name } = pod.metadata;
    const payload = createGuestPayload(
      {
        language,
        bundles: this.#bundles,
        node: 'node',
        folder: podFolder,
        folders: [podFolder, '/tmp'],
        environment: createGuestEnvironment(podFolder, language, network),
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
        connect: (listener) => connectAgain(api, pod, listener),
        sleep: (ms) => delay(ms, undefined, { ref: false }),
        unveil: veil.unveil,
      },
      payload.framed,
    );
    let isOpen = false;
    const handle = await SupervisedPlace.open({
      language,
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

  #remove(api: KubernetesApi, name: string, isUnsure = false): void {
    this.#removals.begin({
      name,
      remove: () => api.deletePod(name),
      isUnsure,
      isHopeless: (thrown) => thrown instanceof KubernetesError && thrown.status === 403,
    });
  }

  #removeLeft(api: KubernetesApi, { settings }: PodRequest): void {
    const key = JSON.stringify([settings.kubeconfig, settings.context, settings.namespace]);
    if (!this.#cleaned.has(key)) {
      this.#cleaned.add(key);
      void deleteLeftPods(api, settings.home).catch(() => this.#cleaned.delete(key));
    }
  }
}

/** `closed`: in which words the pod's own network is. What the user allows goes by the engine, and not by that. */
function toWalls({ settings, network }: PodRequest, closed: string): readonly string[] {
  const own = settings.allowsNetwork ? networkWalls.open : closed;
  return [...podWalls, own, ...(network.length > 0 ? [toNetworkWall(network)] : [])];
}

function createApi({ settings, accountFolder }: PodRequest): KubernetesApi {
  return new KubernetesApi({
    readAccess: () => readClusterAccess(settings, accountFolder),
    sleep: delay,
  });
}

/** What was asked for may be done all the same. */
function isUnanswered(thrown: unknown): boolean {
  const status = thrown instanceof KubernetesError ? thrown.status : null;
  return status === null || status >= 500;
}
