// Starts the workers of the backends whose code runs in programs of this machine.

import type { NativePlace, WorkerKind } from '../../protocol/sandboxProcess';
import type { WorkerSource } from '../workerPool';
import { ContainerPlaces } from './container/containerPlaces';
import { LocalPlaces } from './local/localPlaces';

export function createNativeSource(): WorkerSource {
  const local = new LocalPlaces();
  const containers = new ContainerPlaces();
  return {
    start: async (kind) => {
      const place = requirePlace(kind);
      return place.kind === 'local'
        ? local.start(place.python)
        : containers.start(place.runtime, place.image);
    },
    probe: async (kind) => {
      const place = requirePlace(kind);
      return place.kind === 'local'
        ? local.probe(place.python)
        : containers.probe(place.runtime, place.image);
    },
  };
}

function requirePlace({ place }: WorkerKind): NativePlace {
  if (place === null) {
    throw new Error('This process has no threads for workers.');
  }
  return place;
}
