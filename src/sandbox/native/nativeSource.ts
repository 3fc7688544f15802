// Starts the workers of the backends whose code runs in programs of this machine, or on another one.

import type { NativePlace, WorkerKind } from '../../protocol/sandboxProcess';
import type { WorkerSource, WorkerState } from '../workerPool';
import { ContainerPlaces } from './container/containerPlaces';
import { DaytonaPlaces } from './daytona/daytonaPlaces';
import { KubernetesPlaces } from './kubernetes/kubernetesPlaces';
import { LocalPlaces } from './local/localPlaces';

/** `bundles`: the folder that holds the guest on Node. */
export function createNativeSource(bundles: string): WorkerSource {
  const local = new LocalPlaces(bundles);
  const containers = new ContainerPlaces(bundles);
  const daytona = new DaytonaPlaces(bundles);
  const kubernetes = new KubernetesPlaces(bundles);
  /** By place: both languages are asked for at once. */
  const asked = new Map<string, Promise<WorkerState>>();
  const askOnce = (place: NativePlace, probe: () => Promise<WorkerState>): Promise<WorkerState> => {
    const key = JSON.stringify(place);
    const probing = asked.get(key) ?? probe().finally(() => asked.delete(key));
    asked.set(key, probing);
    return probing;
  };
  return {
    start: async (kind, control) => {
      const place = requirePlace(kind);
      switch (place.kind) {
        case 'local':
          return local.start(place, kind.language);
        case 'container':
          return containers.start(place, kind.language);
        case 'daytona':
          return daytona.start(place, { ...control, language: kind.language });
        case 'kubernetes':
          return kubernetes.start(place, { ...control, language: kind.language });
      }
    },
    probe: async (kind) => {
      const place = requirePlace(kind);
      switch (place.kind) {
        case 'local':
          return local.probe(place, kind.language);
        case 'container':
          return containers.probe(place, kind.language);
        case 'daytona':
          return withNode(await askOnce(place, () => daytona.probe(place)), kind);
        case 'kubernetes':
          return withNode(await askOnce(place, () => kubernetes.probe(place)), kind);
      }
    },
    isElsewhere: ({ place }) => place?.kind === 'daytona' || place?.kind === 'kubernetes',
    keepsWarm: ({ place }) => place?.kind === 'kubernetes' && place.settings.keepsReserve,
    settle: async () => void (await Promise.all([daytona.settle(), kubernetes.settle()])),
  };
}

/** What an image elsewhere holds is known once something of it has started. */
function withNode(state: WorkerState, { language }: WorkerKind): WorkerState {
  return language === 'python'
    ? state
    : { ...state, detail: `${state.detail}; JavaScript where its image has Node.js 18 or later` };
}

function requirePlace({ place }: WorkerKind): NativePlace {
  if (place === null) {
    throw new Error('This process has no threads for workers.');
  }
  return place;
}
