// What the user has set about pods of sessions on Kubernetes.

import { RlmError } from './errors';

export interface KubernetesSettings {
  /** A file of kubectl’s; null: the service account of the pod that the engine runs in, else kubectl’s usual file. */
  readonly kubeconfig: string | null;
  /** Of that file; null: its current one. */
  readonly context: string | null;
  /** Of sessions’ pods; null: that of the service account or context. */
  readonly namespace: string | null;
  /** Where the cluster’s server is for pods, as the cluster tells them; null: this is none of its pods. */
  readonly service: { readonly host: string; readonly port: number } | null;
  readonly runtimeClass: string | null;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly pullSecrets: readonly string[];
  /** In Kubernetes' words: `1`, `500m`. */
  readonly cpu: string;
  /** Of a whole pod; null: what its session may use, and what is beside that. */
  readonly memoryMb: number | null;
  /** Pods are used although they reach the cluster’s network. */
  readonly allowsNetwork: boolean;
  /** One pod waits for the next session; it takes of the cluster what a session takes. */
  readonly keepsReserve: boolean;
  /** By which the pods of one installation are told from those of others in its namespace. */
  readonly home: string;
  /** The pod that this engine runs in, with which the pods of its sessions are to go; null: it runs in none. */
  readonly owner: { readonly name: string; readonly uid: string } | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const label = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/u;
const labelKey = /^(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/u;
const objectName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u;
const quantity = /^(?:\d{1,3}(?:\.\d{1,3})?|[1-9]\d{1,5}m)$/u;
const usualPort = 443;

/** @throws RlmError 'INVALID_INPUT' that says which is not understood. */
export function parseKubernetesSettings(environment: Environment): KubernetesSettings {
  const read = (name: string): string | null => environment[name]?.trim() || null;
  const check = (name: string, pattern: RegExp, what: string): string | null => {
    const value = read(name);
    return value === null || pattern.test(value) ? value : refuse(name, value, what);
  };
  const host = read('KUBERNETES_SERVICE_HOST');
  const port = Number(read('KUBERNETES_SERVICE_PORT') ?? usualPort);
  const podName = check('RLM_POD_NAME', objectName, 'the name of a pod');
  const podUid = check('RLM_POD_UID', /^[\w-]{1,64}$/u, 'the uid of a pod');
  const network = check('RLM_KUBERNETES_NETWORK', /^(?:closed|open)$/u, 'closed or open');
  const reserve = check('RLM_KUBERNETES_RESERVE', /^[01]$/u, '1 or 0');
  const memory = check('RLM_KUBERNETES_MEMORY_MB', /^[1-9]\d{2,6}$/u, 'a number of MiB from 100');
  return {
    kubeconfig: read('KUBECONFIG'),
    context: read('RLM_KUBERNETES_CONTEXT'),
    namespace: check('RLM_KUBERNETES_NAMESPACE', objectName, 'the name of a namespace'),
    service: host === null || !Number.isInteger(port) ? null : { host, port },
    runtimeClass: check('RLM_KUBERNETES_RUNTIME_CLASS', objectName, 'the name of a RuntimeClass'),
    nodeSelector: parseSelector(read('RLM_KUBERNETES_NODE_SELECTOR')),
    pullSecrets: parseNames('RLM_KUBERNETES_PULL_SECRETS', read('RLM_KUBERNETES_PULL_SECRETS')),
    cpu: check('RLM_KUBERNETES_CPU', quantity, 'a number of processors, such as 1 or 500m') ?? '1',
    memoryMb: memory === null ? null : Number(memory),
    allowsNetwork: network === 'open',
    keepsReserve: reserve !== '0',
    home: check('RLM_KUBERNETES_RELEASE', label, 'a label’s value') ?? 'none',
    owner: podName !== null && podUid !== null ? { name: podName, uid: podUid } : null,
  };
}

/** `disktype=ssd,zone=a` */
function parseSelector(given: string | null): Readonly<Record<string, string>> {
  const name = 'RLM_KUBERNETES_NODE_SELECTOR';
  const entries = splitList(given).map((part): [string, string] => {
    const at = part.indexOf('=');
    const [key, value] = [part.slice(0, Math.max(at, 0)), part.slice(at + 1)];
    const isGood = labelKey.test(key) && (value === '' || label.test(value));
    return isGood ? [key, value] : refuse(name, part, 'labels of nodes, as in disktype=ssd,zone=a');
  });
  return Object.fromEntries(entries);
}

function parseNames(name: string, given: string | null): readonly string[] {
  return splitList(given).map((part) =>
    objectName.test(part) ? part : refuse(name, part, 'names of Secrets, with commas'),
  );
}

function splitList(given: string | null): readonly string[] {
  return (given ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function refuse(name: string, value: string, what: string): never {
  throw new RlmError('INVALID_INPUT', `${name} is ${JSON.stringify(value)}.`, {
    nextStep: `Set it to ${what}, or leave it out.`,
  });
}
