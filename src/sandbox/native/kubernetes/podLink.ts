// A connection to a pod's streams: the first one, and those that are made again.

import { setTimeout as delay } from 'node:timers/promises';
import { LostError, type TerminalListener, type TerminalSocket } from '../daytona/terminalLink';
import type { KubernetesApi } from './kubernetesApi';
import { AttachError, connectPod } from './podSocket';
import { type Pod, readPodState } from './podState';

/** Before each further attempt. */
const attachDelaysMs = [200, 500, 1_000, 2_000];

/** Rejects with a `LostError` where the pod is gone. */
export async function connectAgain(
  api: KubernetesApi,
  pod: Pod,
  listener: TerminalListener,
): Promise<TerminalSocket> {
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
