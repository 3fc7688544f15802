// What lies in deploy/: that it says what it should, and names only what there is. No cluster and no Helm are asked.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { parseBackendSettings } from '../../src/core/backendSettings';
import { podLabels } from '../../src/sandbox/native/kubernetes/podManifest';
import { renderTemplate } from '../support/helmTemplate';

const chart = path.join('deploy', 'helm', 'rlm-companion');
const read = (...parts: readonly string[]): string => readFileSync(path.join(...parts), 'utf8');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [part: string]: unknown;
  readonly spec: unknown;
}

/** What is at a path of names and numbers; undefined where nothing is. */
function dig(value: unknown, where: string): unknown {
  return where
    .split('.')
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === 'object' && inner !== null
          ? (inner as Readonly<Record<string, unknown>>)[name]
          : undefined,
      value,
    ); // of parsed YAML
}

/** The names in a list of named things. */
function listNames(list: unknown): readonly string[] {
  return (list as readonly { readonly name: string }[]).map(({ name }) => name); // as the kind has them
}

type Values = Readonly<Record<string, unknown>>;

const usual = parse(read(chart, 'values.yaml')) as Values; // checked by the schema below
const users = { usersSecret: 'rlm-users', oidc: { issuer: '', audience: '', scope: '' } };
const issuer = {
  usersSecret: '',
  oidc: { issuer: 'https://issuer.example', audience: 'x', scope: 'rlm' },
};
const shared = { ...(usual['persistence'] as Values), accessMode: 'ReadWriteMany' };
const ingress = {
  ...(usual['ingress'] as Values),
  enabled: true,
  host: 'rlm.example.com',
  tlsSecret: 'rlm-tls',
};
const scaled = { ...(usual['autoscaling'] as Values), enabled: true };

const variants: Readonly<Record<string, Values>> = {
  'with users': { ...usual, auth: users },
  'with an issuer': { ...usual, auth: issuer, publicUrl: 'https://rlm.example.com' },
  'with all': {
    ...usual,
    auth: { ...issuer, usersSecret: 'rlm-users' },
    ingress,
    autoscaling: scaled,
    persistence: { ...shared, storageClass: 'nfs' },
    modelsSecret: 'keys',
    env: { OPENAI_BASE_URL: 'https://models.example' },
    allowedHosts: ['rlm.example.com', 'other.example.com'],
    trustedProxies: ['10.0.0.0/8'],
  },
  'with Daytona': {
    ...usual,
    auth: users,
    backend: 'daytona',
    daytona: { secret: 'daytona', apiUrl: 'https://d.example/api', target: 'eu', snapshot: 'ours' },
  },
  'with a pod per session': {
    ...usual,
    auth: users,
    backend: 'kubernetes',
    sessionPods: {
      ...(usual['sessionPods'] as Values),
      images: ['a:1', 'b:1'],
      nodeSelector: 'pool=sessions',
      reserve: false,
    },
  },
  'with pods that have a network': {
    ...usual,
    auth: users,
    backend: 'kubernetes',
    sessionPods: { ...(usual['sessionPods'] as Values), network: 'open' },
  },
  'without a network policy': {
    ...usual,
    auth: users,
    networkPolicy: { enabled: false },
  },
};

function render(values: Values): readonly Manifest[] {
  const root = { Values: values, Release: { Name: 'team', Namespace: 'rlm' } };
  const files = readdirSync(path.join(chart, 'templates'));
  return files
    .map((file) => parse(renderTemplate(read(chart, 'templates', file), root)) as Manifest | null)
    .filter((manifest) => manifest !== null);
}

function find(values: Values, kind: string): Manifest {
  const found = render(values).filter((manifest) => manifest.kind === kind);
  assert.deepStrictEqual(found.length, 1, kind);
  return found[0] as Manifest; // one, as was just checked
}

/** The names that `serve` and the backends read, by their own source. */
const knownVariables = [
  ...read('src/cli/commands/serve.ts').matchAll(/\.env\(\s*'(\w+)'/gu),
  ...read('src/core/backendSettings.ts').matchAll(/'((?:RLM|DAYTONA)_\w+)'/gu),
  ...read('src/core/kubernetesSettings.ts').matchAll(/'((?:RLM|KUBERNETES)_\w+)'/gu),
].map((match) => match[1]);

describe('the chart', () => {
  const validate = new Ajv({ strict: false }).compile(
    JSON.parse(read(chart, 'values.schema.json')) as object,
  );

  it('takes good values, and none without users or with what would lose sessions', () => {
    for (const [what, values] of Object.entries(variants)) {
      assert.ok(validate(values), `${what}: ${JSON.stringify(validate.errors)}`);
    }
    const good = { ...usual, auth: users };
    const bad: Readonly<Record<string, Values>> = {
      'nobody may call': usual,
      'two servers on a volume of one': { ...good, replicas: 2 },
      'many servers on a volume of one': { ...good, autoscaling: scaled },
      'an issuer in the clear': {
        ...usual,
        auth: { usersSecret: '', oidc: { issuer: 'http://issuer.example' } },
      },
      'an ingress without TLS': { ...good, ingress: { ...ingress, tlsSecret: '' } },
      'a name nobody knows': { ...good, replica: 1 },
      'a backend nobody knows': { ...good, backend: 'local' },
      'Daytona without its key': { ...good, backend: 'daytona' },
      'pods with what is no number of processors': {
        ...good,
        backend: 'kubernetes',
        sessionPods: { ...(usual['sessionPods'] as Values), cpu: 'many' },
      },
    };
    for (const [what, values] of Object.entries(bad)) {
      assert.deepStrictEqual(validate(values), false, what);
    }
  });

  for (const [what, values] of Object.entries(variants)) {
    it(`runs the server ${what} as nobody, with no rights and nothing to write but its volume`, () => {
      const { spec } = find(values, 'Deployment');
      const pod = dig(spec, 'template.spec');
      assert.deepStrictEqual(
        {
          user: dig(pod, 'securityContext.runAsUser'),
          nonRoot: dig(pod, 'securityContext.runAsNonRoot'),
          seccomp: dig(pod, 'securityContext.seccompProfile.type'),
          token: dig(pod, 'automountServiceAccountToken'),
          server: dig(pod, 'containers.0.securityContext'),
          containers: dig(pod, 'containers.length'),
        },
        {
          user: 65_532,
          nonRoot: true,
          seccomp: 'RuntimeDefault',
          token: values['backend'] === 'kubernetes',
          server: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          containers: 1,
        },
      );
      const isShared = dig(values, 'persistence.accessMode') === 'ReadWriteMany';
      const isScaled = dig(values, 'autoscaling.enabled') === true;
      assert.deepStrictEqual(
        [dig(spec, 'strategy.type'), dig(spec, 'replicas')],
        [isShared ? 'RollingUpdate' : 'Recreate', isScaled ? undefined : 1],
      );
      const server = dig(pod, 'containers.0');
      const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'];
      assert.deepStrictEqual(
        probes.map((probe) => dig(server, `${probe}.httpGet.path`)),
        ['/healthz', '/readyz', '/healthz'],
      );
      const given = Object.keys((values['env'] as Values | undefined) ?? {}); // by the schema
      const own = listNames(dig(server, 'env')).filter((name) => !given.includes(name));
      assert.deepStrictEqual(
        own.filter((name) => !knownVariables.includes(name)),
        [],
      );
      assert.deepStrictEqual(
        listNames(dig(server, 'volumeMounts')),
        listNames(dig(pod, 'volumes')),
      );
    });
  }

  it('says the rest as it was asked to', () => {
    const values = variants['with all'] ?? {};
    const env = dig(find(values, 'Deployment').spec, 'template.spec.containers.0.env');
    const readVariable = (wanted: string): unknown =>
      (env as readonly Values[]).find(({ name }) => name === wanted)?.['value']; // a list, as above
    assert.deepStrictEqual(
      ['RLM_ALLOW_HOST', 'RLM_TRUST_PROXY', 'RLM_OIDC_SCOPE', 'OPENAI_BASE_URL'].map(readVariable),
      ['rlm.example.com,other.example.com', '10.0.0.0/8', 'rlm', 'https://models.example'],
    );
    const { spec: scaler } = find(values, 'HorizontalPodAutoscaler');
    assert.deepStrictEqual(dig(scaler, 'metrics.0.pods.metric.name'), 'rlm_live_sessions');
    assert.ok(read('src/team/metrics.ts').includes("'rlm_live_sessions'"));
    const { spec: policy } = find(values, 'NetworkPolicy');
    assert.deepStrictEqual(
      [dig(policy, 'policyTypes'), dig(policy, 'ingress.0.ports')],
      [['Ingress', 'Egress'], [{ port: 8_080, protocol: 'TCP' }]],
    );
    const { spec: claim } = find(values, 'PersistentVolumeClaim');
    assert.deepStrictEqual(dig(claim, 'storageClassName'), 'nfs');
    assert.deepStrictEqual(dig(find(values, 'Ingress').spec, 'tls.0.hosts'), ['rlm.example.com']);
    const given = variants['with Daytona'] ?? {};
    const [secret] = dig(find(given, 'Deployment').spec, 'template.spec.containers.0.envFrom') as [
      Values,
    ];
    assert.deepStrictEqual(secret, { secretRef: { name: 'daytona' } });
    const kinds = render(variants['without a network policy'] ?? {}).map(({ kind }) => kind);
    assert.deepStrictEqual(kinds.sort(), ['Deployment', 'PersistentVolumeClaim', 'Service']);
  });
});

describe('the chart with a pod per session', () => {
  const values = variants['with a pod per session'] ?? {};

  it('gives the server the rights to pods and their streams in its namespace, and no other', () => {
    const account = find(values, 'ServiceAccount');
    const role = find(values, 'Role');
    const binding = find(values, 'RoleBinding');
    assert.deepStrictEqual(role['rules'], [
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'get', 'list', 'watch', 'delete'] },
      { apiGroups: [''], resources: ['pods/attach'], verbs: ['get', 'create'] },
    ]);
    assert.deepStrictEqual(
      [binding['roleRef'], binding['subjects'], account['automountServiceAccountToken']],
      [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
        [{ kind: 'ServiceAccount', name: account.metadata.name, namespace: 'rlm' }],
        false,
      ],
    );
    const pod = dig(find(values, 'Deployment').spec, 'template.spec');
    assert.equal(dig(pod, 'serviceAccountName'), account.metadata.name);
  });

  it('denies all traffic of the pods that the backend makes, by the label it gives them', () => {
    const [policy] = render(values).filter(({ metadata }) => metadata.name === 'team-sessions');
    assert.deepStrictEqual(policy?.spec, {
      podSelector: { matchLabels: podLabels.name },
      policyTypes: ['Ingress', 'Egress'],
    });
    const open = render(variants['with pods that have a network'] ?? {});
    assert.ok(open.every(({ metadata }) => metadata.name !== 'team-sessions'));
  });

  it('lets the server call the cluster, and hands on what was set', () => {
    const [policy] = render(values).filter(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'team',
    );
    assert.deepStrictEqual(
      (dig(policy?.spec, 'egress.1.ports') as readonly Values[]).map(({ port }) => port),
      [443, 6_443],
    );
    const env = dig(find(values, 'Deployment').spec, 'template.spec.containers.0.env');
    const given = Object.fromEntries(
      (env as readonly Values[]).map(({ name, value }) => [String(name), String(value)]),
    );
    const settings = parseBackendSettings({ ...given, RLM_POD_NAME: 'p', RLM_POD_UID: 'u' });
    const { backend, kubernetesImages, kubernetes } = settings;
    assert.deepStrictEqual(
      [backend, kubernetesImages, kubernetes.nodeSelector, kubernetes.keepsReserve],
      ['kubernetes', ['python:3.12-slim', 'a:1', 'b:1'], { pool: 'sessions' }, false],
    );
    assert.deepStrictEqual([kubernetes.home, kubernetes.allowsNetwork], ['team', false]);
  });

  it('makes nothing of it for the other backends', () => {
    const kinds = new Set(render(variants['with Daytona'] ?? {}).map(({ kind }) => kind));
    assert.deepStrictEqual([...kinds].sort(), [
      'Deployment',
      'NetworkPolicy',
      'PersistentVolumeClaim',
      'Service',
    ]);
  });
});

describe('the image', () => {
  const dockerfile = read('deploy', 'Dockerfile');

  it('runs as nobody, names only what the server knows, and has what it copies', () => {
    const [, environment = ''] = /^ENV ((?:.*\\\n)*.*)$/mu.exec(dockerfile) ?? [];
    const names = [...environment.matchAll(/(\w+)=/gu)].map(([, name]) => name);
    const others = ['NODE_ENV', 'RLM_HOME'];
    assert.deepStrictEqual(
      names.filter((name) => ![...knownVariables, ...others].includes(name)),
      [],
    );
    assert.match(dockerfile, /^USER 65532:65532$/mu);
    assert.match(dockerfile, /^HEALTHCHECK .*"node", "\/app\/probe\.mjs"/mu);
    const ignored = read('.dockerignore').split('\n');
    for (const file of ['LICENSE', 'deploy/probe.mjs', 'package-lock.json', 'src', 'dist']) {
      assert.ok(ignored.includes(`!${file}`), file);
    }
    assert.deepStrictEqual(ignored[0], '*');
  });

  it('is composed with no rights and nothing to write but its volume', () => {
    const { services } = parse(read('deploy', 'compose.yaml')) as {
      services: { rlm: Values };
    };
    const { read_only, user, cap_drop, security_opt, ports, environment } = services.rlm;
    assert.deepStrictEqual(
      { read_only, user, cap_drop, security_opt, ports },
      {
        read_only: true,
        user: '65532:65532',
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        ports: ['127.0.0.1:8080:8080'],
      },
    );
    const names = Object.keys(environment as object);
    assert.deepStrictEqual(
      names.filter((name) => !knownVariables.includes(name)),
      [],
    );
  });

  it('is composed with the folder of what changes while it runs: a mounted file would stay as it was', () => {
    const { services } = parse(read('deploy', 'compose.yaml')) as {
      services: { rlm: { volumes: readonly string[] } };
    };
    const [, usersFile = ''] = /RLM_USERS_FILE=(\S+)/u.exec(dockerfile) ?? [];
    const targets = services.rlm.volumes.map((volume) => volume.split(':')[1]);
    assert.deepStrictEqual(targets, ['/data', path.posix.dirname(usersFile)]);
  });
});
