// What is asked of a cluster and what is read of it, without one.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { parseKubernetesSettings } from '../../../../src/core/kubernetesSettings';
import { readClusterAccess } from '../../../../src/sandbox/native/kubernetes/clusterAccess';
import { createPodManifest } from '../../../../src/sandbox/native/kubernetes/podManifest';
import { podSchema, readPodState } from '../../../../src/sandbox/native/kubernetes/podState';
import { createPodVeil } from '../../../../src/sandbox/native/kubernetes/podVeil';
import { podManifestSchema } from '../../../support/fakeKubernetes/fakePod';
import { useTempFolder } from '../../../support/tempFolder';

const options = {
  name: 'rlm-1',
  image: 'python:3.12-slim',
  settings: parseKubernetesSettings({}),
  maxMemoryMb: 512,
  sessionId: null,
  engine: 'e1',
  owner: 'host:1',
  machine: 'm',
  pythonArgs: ['-c', 'print("$(HOME)")'],
};

describe('the manifest of a pod', () => {
  it('asks for what the profile “restricted” demands, and for no more than a session needs', () => {
    const manifest = podManifestSchema.parse(createPodManifest(options));
    assert.deepStrictEqual(manifest.spec.securityContext, {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.deepStrictEqual(
      manifest.spec.volumes.map(({ emptyDir }) => Object.keys(emptyDir)),
      [
        ['medium', 'sizeLimit'],
        ['medium', 'sizeLimit'],
      ],
    );
    assert.deepStrictEqual(Object.keys(manifest.metadata.labels).sort(), [
      'app.kubernetes.io/name',
      'rlm.engine',
      'rlm.home',
    ]);
    assert.equal(manifest.metadata.ownerReferences, undefined);
  });

  it('has nothing by which a node, a secret or a port would be reached', () => {
    const text = JSON.stringify(createPodManifest({ ...options, pythonArgs: [] }));
    for (const word of [
      'hostPath',
      'secret',
      'configMap',
      'env',
      'hostPort',
      'add',
      'serviceAccountName',
    ]) {
      assert.ok(!text.includes(`"${word}"`), word);
    }
  });

  it('leaves the program as it is, whatever it holds', () => {
    const { spec } = podManifestSchema.parse(createPodManifest(options));
    assert.deepStrictEqual(spec.containers[0].args, ['-c', 'print("$$(HOME)")']);
  });
});

describe('the state of a pod', () => {
  const running = { running: {} };
  const rows: readonly (readonly [
    what: string,
    status: object,
    kind: string,
    reason: RegExp,
    more?: object,
  ])[] = [
    ['new', {}, 'starting', /pending/u],
    ['running', { phase: 'Running', containerStatuses: [{ state: running }] }, 'running', /^$/u],
    [
      'half running',
      { phase: 'Pending', containerStatuses: [{ state: running }] },
      'starting',
      /./u,
    ],
    [
      'without a node',
      {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
        ],
      },
      'starting',
      /^Unschedulable: 0\/3 nodes$/u,
    ],
    [
      'without its image',
      { containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull', message: 'x\n y' } } }] },
      'starting',
      /^ErrImagePull: x y$/u,
    ],
    [
      'out of memory',
      {
        phase: 'Failed',
        containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }],
      },
      'ended',
      /OOMKilled/u,
    ],
    ['evicted', { phase: 'Failed', reason: 'Evicted', message: 'disk' }, 'ended', /Evicted: disk/u],
    [
      'preempted',
      {
        phase: 'Failed',
        conditions: [
          {
            type: 'DisruptionTarget',
            status: 'True',
            reason: 'PreemptionByScheduler',
            message: 'm',
          },
        ],
        containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'Error' } } }],
      },
      'ended',
      /code 137 \(PreemptionByScheduler: m\)/u,
    ],
    ['unknown', { phase: 'Unknown' }, 'ended', /node does not answer/u],
    ['over', { phase: 'Succeeded' }, 'ended', /it ended/u],
    [
      'deleted',
      { phase: 'Running', containerStatuses: [{ state: running }] },
      'ended',
      /deleted/u,
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    ],
  ];
  for (const [what, status, kind, reason, more = {}] of rows) {
    it(`is read where it is ${what}`, () => {
      const pod = podSchema.parse({ metadata: { name: 'a', uid: 'u', ...more }, status });
      const state = readPodState(pod);
      assert.equal(state.kind, kind);
      assert.match(state.kind === 'running' ? '' : state.reason, reason);
    });
  }
});

describe('the veil of a pod', () => {
  it('gives every line back, and is another one for each number and key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(2 ** 40), (bytes, number) => {
        const key = Buffer.alloc(32, 7);
        const { unveil } = createPodVeil(key);
        const body = Buffer.from(bytes);
        assert.deepStrictEqual(unveil(number, unveil(number, body)), body);
      }),
    );
    const zeros = Buffer.alloc(64);
    const veils = [createPodVeil(), createPodVeil()].flatMap(({ unveil }) =>
      [0, 1, 2 ** 40].map((number) => unveil(number, zeros).toString('hex')),
    );
    assert.equal(new Set(veils).size, 6);
  });
});

describe('what opens a cluster', () => {
  const folder = useTempFolder();
  const write = (config: object | string): string => {
    const file = path.join(folder(), 'config');
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
    return file;
  };
  const cluster = { server: 'https://k8s.example:6443/' };
  const toConfig = (user: object, more: object = {}): object => ({
    'current-context': 'a',
    contexts: [
      { name: 'a', context: { cluster: 'c', user: 'u' } },
      { name: 'b', context: { cluster: 'c', user: 'u', namespace: 'other' } },
    ],
    clusters: [{ name: 'c', cluster: { ...cluster, ...more } }],
    users: [{ name: 'u', user }],
  });
  const read = (config: object | string, environment: Readonly<Record<string, string>> = {}) =>
    readClusterAccess(parseKubernetesSettings({ KUBECONFIG: write(config), ...environment }));

  it('is read from a file of kubectl’s, with files beside it', async () => {
    writeFileSync(path.join(folder(), 'token'), ' secret \n');
    writeFileSync(path.join(folder(), 'ca.crt'), 'authority');
    const user = { tokenFile: 'token', 'client-key-data': Buffer.from('key').toString('base64') };
    const access = await read(toConfig(user, { 'certificate-authority': 'ca.crt' }));
    assert.deepStrictEqual(access, {
      server: 'https://k8s.example:6443',
      namespace: 'default',
      name: 'context a',
      ca: Buffer.from('authority'),
      key: Buffer.from('key'),
      token: 'secret',
    });
  });

  it('is of the context and the namespace that are set', async () => {
    const config = toConfig({ token: 't' });
    const of = async (environment: Readonly<Record<string, string>>) => {
      const { name, namespace } = await read(config, environment);
      return [name, namespace];
    };
    assert.deepStrictEqual(
      [
        await of({ RLM_KUBERNETES_CONTEXT: 'b' }),
        await of({ RLM_KUBERNETES_CONTEXT: 'b', RLM_KUBERNETES_NAMESPACE: 'mine' }),
      ],
      [
        ['context b', 'other'],
        ['context b', 'mine'],
      ],
    );
  });

  const refused: readonly (readonly [what: string, config: object | string, message: RegExp])[] = [
    ['a program', toConfig({ exec: { command: 'aws' } }), /a program \(exec\)/u],
    ['an auth-provider', toConfig({ 'auth-provider': { name: 'gcp' } }), /auth-provider/u],
    ['a password', toConfig({ username: 'a', password: 'hunter2' }), /a password/u],
    ['another user', toConfig({ token: 't', as: 'admin' }), /as another user/u],
    ['no check of the server', toConfig({}, { 'insecure-skip-tls-verify': true }), /insecure/u],
    ['a proxy', toConfig({}, { 'proxy-url': 'http://p' }), /proxy/u],
    ['a server in the clear', toConfig({}, { server: 'http://k8s.example' }), /https/u],
    ['no such context', { ...toConfig({}), 'current-context': 'z' }, /no context “z”/u],
    ['what is no YAML', 'token: [hunter2', /no configuration/u],
    ['something else', 'hunter2', /no configuration/u],
  ];
  for (const [what, config, message] of refused) {
    it(`is refused with words and nothing of the file, with ${what}`, async () => {
      await assert.rejects(read(config), (error: Error & { code?: string; nextStep?: string }) => {
        assert.equal(error.code, 'BACKEND_UNAVAILABLE');
        assert.match(error.message, message);
        assert.ok(!`${error.message}${error.nextStep ?? ''}`.includes('hunter2'));
        return true;
      });
    });
  }

  it('says what to do where there is no file, or more than one', async () => {
    for (const file of ['/no/such/file', '/a:/b']) {
      await assert.rejects(readClusterAccess(parseKubernetesSettings({ KUBECONFIG: file })), {
        code: 'BACKEND_UNAVAILABLE',
      });
    }
  });
});
