// Starts the workers of the backends whose code runs in programs of this machine.

import type { WorkerSource } from '../workerPool';
import { createUnavailable } from './unavailable';
import { LocalPlaces } from './local/localPlaces';

export function createNativeSource(): WorkerSource {
  const local = new LocalPlaces();
  return {
    start: async ({ place }) => {
      switch (place?.kind) {
        case 'local':
          return local.start(place.python);
        case 'container':
        case undefined:
          throw createUnavailable('There is no such backend here.', 'Use backend local or wasm.');
      }
    },
    probe: async ({ place }) => {
      switch (place?.kind) {
        case 'local': {
          const { python, walls } = await local.find(place.python);
          return {
            detail: `CPython ${python.version}, ${python.executable}`,
            walls,
            imageDigest: null,
          };
        }
        case 'container':
        case undefined:
          throw createUnavailable('There is no such backend here.', 'Use backend local or wasm.');
      }
    },
  };
}
