// A worker on Node in a place, as tests speak to it without a sandbox process.

import { ContainerPlaces } from '../../src/sandbox/native/container/containerPlaces';
import { DaytonaPlaces } from '../../src/sandbox/native/daytona/daytonaPlaces';
import { LocalPlaces } from '../../src/sandbox/native/local/localPlaces';
import type { BackendName } from '../../src/core/sandbox';
import type { WorkerHandle } from '../../src/sandbox/workerHandle';
import { nodeImage } from './backends';
import { sandboxFolder, useFakeDaytona } from './repl';

export async function startJavascriptPlace(backend: BackendName): Promise<WorkerHandle> {
  switch (backend) {
    case 'wasm':
    case 'kubernetes':
      throw new Error(`Backend ${backend} has no places for JavaScript.`);
    case 'local':
      return new LocalPlaces(sandboxFolder).start(
        { python: null, node: null, network: [] },
        'javascript',
      );
    case 'container':
      return new ContainerPlaces(sandboxFolder).start(
        { runtime: null, image: nodeImage, network: [] },
        'javascript',
      );
    case 'daytona': {
      const { apiUrl, key: apiKey } = await useFakeDaytona();
      return new DaytonaPlaces(sandboxFolder).start(
        { apiUrl, apiKey, target: null, snapshot: null, sessionId: null, network: [] },
        { signal: new AbortController().signal, onStage: () => undefined, language: 'javascript' },
      );
    }
  }
}
