import assert from 'node:assert/strict';
import { parseKubernetesSettings } from '../../../src/core/kubernetesSettings';

describe('settings of pods', () => {
  it('are these where nothing is set', () => {
    assert.deepStrictEqual(parseKubernetesSettings({}), {
      kubeconfig: null,
      context: null,
      namespace: null,
      service: null,
      runtimeClass: null,
      nodeSelector: {},
      pullSecrets: [],
      cpu: '1',
      memoryMb: null,
      allowsNetwork: false,
      keepsReserve: true,
      home: 'none',
      owner: null,
    });
  });

  it('follow the environment', () => {
    const given = parseKubernetesSettings({
      KUBECONFIG: ' /etc/kube ',
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      KUBERNETES_SERVICE_PORT: '6443',
      RLM_KUBERNETES_CONTEXT: 'prod',
      RLM_KUBERNETES_NAMESPACE: 'team',
      RLM_KUBERNETES_RUNTIME_CLASS: 'gvisor',
      RLM_KUBERNETES_NODE_SELECTOR: 'pool=a, example.com/disk=ssd,empty=',
      RLM_KUBERNETES_PULL_SECRETS: 'one,two',
      RLM_KUBERNETES_CPU: '500m',
      RLM_KUBERNETES_MEMORY_MB: '4096',
      RLM_KUBERNETES_NETWORK: 'open',
      RLM_KUBERNETES_RESERVE: '0',
      RLM_KUBERNETES_RELEASE: 'rlm',
      RLM_POD_NAME: 'rlm-0',
      RLM_POD_UID: 'abc-1',
    });
    assert.deepStrictEqual(given, {
      kubeconfig: '/etc/kube',
      context: 'prod',
      namespace: 'team',
      service: { host: '10.0.0.1', port: 6_443 },
      runtimeClass: 'gvisor',
      nodeSelector: { pool: 'a', 'example.com/disk': 'ssd', empty: '' },
      pullSecrets: ['one', 'two'],
      cpu: '500m',
      memoryMb: 4_096,
      allowsNetwork: true,
      keepsReserve: false,
      home: 'rlm',
      owner: { name: 'rlm-0', uid: 'abc-1' },
    });
  });

  for (const [name, value] of [
    ['RLM_KUBERNETES_NAMESPACE', '../kube-system'],
    ['RLM_KUBERNETES_RUNTIME_CLASS', 'g visor'],
    ['RLM_KUBERNETES_NODE_SELECTOR', 'pool'],
    ['RLM_KUBERNETES_PULL_SECRETS', 'a/b'],
    ['RLM_KUBERNETES_CPU', '1Gi'],
    ['RLM_KUBERNETES_MEMORY_MB', '4Gi'],
    ['RLM_KUBERNETES_NETWORK', 'none'],
    ['RLM_KUBERNETES_RESERVE', 'yes'],
    ['RLM_KUBERNETES_RELEASE', 'a b'],
    ['RLM_POD_NAME', 'A'],
    ['RLM_POD_UID', 'a b'],
  ] as const) {
    it(`are refused with the name of the variable: ${name}=${value}`, () => {
      assert.throws(
        () => parseKubernetesSettings({ [name]: value }),
        (error: { code?: string; message?: string }) =>
          error.code === 'INVALID_INPUT' &&
          error.message === `${name} is ${JSON.stringify(value)}.`,
      );
    });
  }
});
