import assert from 'node:assert/strict';
import { parseBackendSettings } from '../../../src/core/backendSettings';
import { parseKubernetesSettings } from '../../../src/core/kubernetesSettings';

const usual = {
  backend: 'wasm',
  fallback: null,
  python: null,
  node: null,
  runtime: null,
  image: 'python:3.12-slim',
  network: [],
  daytonaApiUrl: 'https://app.daytona.io/api',
  daytonaApiKey: null,
  daytonaTarget: null,
  daytonaSnapshot: null,
  kubernetesImage: 'python:3.12-slim',
  kubernetesImages: ['python:3.12-slim'],
  kubernetes: parseKubernetesSettings({}),
};

describe('settings of backends', () => {
  const rows: readonly (readonly [
    name: string,
    environment: Record<string, string>,
    given: Record<string, string>,
    changed: object,
  ])[] = [
    ['nothing', {}, {}, {}],
    ['empty and blank values', { RLM_BACKEND: '', RLM_PYTHON: '  ' }, { backend: '' }, {}],
    ['the environment', { RLM_BACKEND: 'local' }, {}, { backend: 'local' }],
    ['its older name', { RLM_SANDBOX_MODE: 'container' }, {}, { backend: 'container' }],
    ['both names', { RLM_BACKEND: 'wasm', RLM_SANDBOX_MODE: 'container' }, {}, {}],
    ['a setting before it', { RLM_BACKEND: 'wasm' }, { backend: 'local' }, { backend: 'local' }],
    ['a fallback', { RLM_SANDBOX_FALLBACK: 'wasm' }, {}, { fallback: 'wasm' }],
    [
      'programs and images',
      {
        RLM_PYTHON: ' /opt/venv/bin/python ',
        RLM_NODE: '/opt/node/bin/node',
        RLM_SANDBOX_CONTAINER_RUNTIME: 'podman',
        RLM_SANDBOX_CONTAINER_IMAGE: 'ours:1',
      },
      {},
      {
        python: '/opt/venv/bin/python',
        node: '/opt/node/bin/node',
        runtime: 'podman',
        image: 'ours:1',
        kubernetesImage: 'ours:1',
        kubernetesImages: ['ours:1'],
      },
    ],
    [
      'images of pods',
      { RLM_KUBERNETES_IMAGE: 'pod:1', RLM_KUBERNETES_IMAGES: 'pod:2, pod:3,' },
      {},
      { kubernetesImage: 'pod:1', kubernetesImages: ['pod:1', 'pod:2', 'pod:3'] },
    ],
    [
      'what opens Daytona',
      {
        DAYTONA_API_KEY: ' key ',
        DAYTONA_API_URL: 'https://daytona.example/api',
        DAYTONA_TARGET: 'eu',
        RLM_DAYTONA_SNAPSHOT: 'ours',
      },
      { daytonaTarget: 'us' },
      {
        daytonaApiKey: 'key',
        daytonaApiUrl: 'https://daytona.example/api',
        daytonaTarget: 'us',
        daytonaSnapshot: 'ours',
      },
    ],
  ];
  for (const [name, environment, given, changed] of rows) {
    it(`follow ${name}`, () => {
      assert.deepStrictEqual(parseBackendSettings(environment, given), { ...usual, ...changed });
    });
  }

  for (const [name, value] of [
    ['RLM_BACKEND', 'docker'],
    ['RLM_SANDBOX_MODE', 'WASM'],
    ['RLM_SANDBOX_FALLBACK', 'local'],
  ] as const) {
    it(`are refused with the name of the variable: ${name}=${value}`, () => {
      assert.throws(
        () => parseBackendSettings({ [name]: value }),
        (error: { code?: string; message?: string }) =>
          error.code === 'INVALID_INPUT' && error.message === `${name} is "${value}".`,
      );
    });
  }
});
