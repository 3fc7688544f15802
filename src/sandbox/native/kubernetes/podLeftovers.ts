// The pods of ours in a cluster, and whose they are: what an engine left behind can be found and deleted.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type RlmError, toRlmError } from '../../../core/errors';
import type { KubernetesSettings } from '../../../core/kubernetesSettings';
import { machineTag, readOwner } from '../owner';
import { readClusterAccess } from './clusterAccess';
import { KubernetesApi } from './kubernetesApi';
import { machineAnnotation, ownerAnnotation, podLabels } from './podManifest';
import { type Pod, readPodState } from './podState';

/** Of this process alone: in a container that was started again another process has the same machine and number. */
export const engineOfThisProcess = randomBytes(8).toString('hex');

const readAfterMs = 300_000;

export interface ListedPod {
  /** Its name. */
  readonly id: string;
  /** Its phase, and why it is no longer, or not yet, running. */
  readonly state: string;
  readonly createdAt: string | null;
  /** Null: it was made before a session took it, or is not known. */
  readonly sessionId: string | null;
  /** `left`: its engine ran on this machine and is gone, or it has ended. `elsewhere`: of another machine, which may use it. */
  readonly use: 'in use' | 'left' | 'elsewhere';
}

/** @throws RlmError 'BACKEND_UNAVAILABLE' */
export async function listKubernetesPods(
  settings: KubernetesSettings,
): Promise<readonly ListedPod[]> {
  const found = await createApi(settings).listPods(podLabels.name);
  return found.map((pod) => {
    const state = readPodState(pod);
    const { name, creationTimestamp, labels } = pod.metadata;
    return {
      id: name,
      state: state.kind === 'running' ? 'running' : `${state.kind}: ${state.reason}`,
      createdAt: creationTimestamp ?? null,
      sessionId: labels?.[podLabels.session] ?? null,
      use: toUse(pod),
    };
  });
}

/** Why each of those was not deleted that could not be. */
export async function deleteKubernetesPods(
  settings: KubernetesSettings,
  names: readonly string[],
): Promise<ReadonlyMap<string, RlmError>> {
  const api = createApi(settings);
  const failed = new Map<string, RlmError>();
  for (const name of names) {
    await api.deletePod(name).catch((thrown: unknown) => failed.set(name, toRlmError(thrown)));
  }
  return failed;
}

/** Those of one installation whose engine is gone. */
export async function deleteLeftPods(api: KubernetesApi, home: string): Promise<void> {
  const found = await api.listPods({ ...podLabels.name, [podLabels.home]: home });
  for (const pod of found.filter((one) => toUse(one) === 'left')) {
    await api.deletePod(pod.metadata.name).catch(() => undefined); // at the next start
  }
}

function toUse(pod: Pod): ListedPod['use'] {
  const { labels, annotations } = pod.metadata;
  const engine = labels?.[podLabels.engine];
  if (engine === engineOfThisProcess) {
    return 'in use';
  }
  const owner = annotations?.[ownerAnnotation] ?? '';
  const isEarlier = owner === `${hostname()}:${process.pid}`; // the same number, and not this process
  const uses = { alive: 'in use', gone: 'left', elsewhere: 'elsewhere' } as const;
  const isThisMachine = (annotations?.[machineAnnotation] ?? '') === machineTag;
  const use = !isThisMachine ? 'elsewhere' : isEarlier ? 'left' : uses[readOwner(owner)];
  return use === 'elsewhere' && isLongOver(pod) ? 'left' : use;
}

/** So that its engine has read why. */
function isLongOver(pod: Pod): boolean {
  const endedAt = pod.status.containerStatuses?.[0]?.state?.terminated?.finishedAt;
  const at = Date.parse(endedAt ?? pod.metadata.creationTimestamp ?? '');
  return readPodState(pod).kind === 'ended' && Date.now() - at > readAfterMs;
}

function createApi(settings: KubernetesSettings): KubernetesApi {
  return new KubernetesApi({ readAccess: () => readClusterAccess(settings), sleep: delay });
}
