// The walls of a pod, as what is asked of the cluster. One pure function: what it leaves out (volumes of others, a
// service account, privileges, the host's namespaces) a pod does not get.

import type { KubernetesSettings } from '../../../core/kubernetesSettings';

const mebibyte = 2 ** 20;
/** Of each file system that may be written to; they are in memory, and count there. */
export const podFileBytes = 512 * mebibyte;
/** Beside what its session may use: interpreter and libraries (512), files (512), texts while they are loaded (512). */
const besideMb = 1_536;
/** A pod whose engine is gone ends by itself long before; this bounds what no engine ends. */
const deadlineSeconds = 24 * 60 * 60;
const user = 65_532;
export const podContainer = 'session';
export const podFolder = '/work';

/** By which pods are known to be ours, and of what they are. */
export const podLabels = {
  /** Which the chart's network policy names. */
  name: { 'app.kubernetes.io/name': 'rlm-companion-session' },
  home: 'rlm.home',
  session: 'rlm.session',
  engine: 'rlm.engine',
} as const;
/** Machine and process: see owner.ts. No label's value may hold it. */
export const ownerAnnotation = 'rlm-companion/owner';
/** Among whose processes that is. */
export const machineAnnotation = 'rlm-companion/machine';

export const podWalls: readonly string[] = [
  'Kubernetes',
  'a pod of its own',
  'system only read',
  'files in memory',
  'processes of its own',
  'no privileges',
  'no service account',
  'limits of memory and processors',
];

/** A policy is the cluster’s, and no account of ours may read it: nothing is said but what was tried. */
export const networkWalls = {
  closed: 'cluster’s network closed, as tried at its start',
  open: 'cluster’s network NOT closed (RLM_KUBERNETES_NETWORK)',
  untried: 'cluster’s network closed by a policy, which is tried at each start',
} as const;

export interface PodOptions {
  readonly name: string;
  readonly image: string;
  readonly settings: KubernetesSettings;
  readonly maxMemoryMb: number;
  readonly sessionId: string | null;
  /** Of this process, and no other one ever. */
  readonly engine: string;
  /** By which an engine on the same machine knows whether that process runs. */
  readonly owner: string;
  readonly machine: string;
  readonly pythonArgs: readonly string[];
}

export function toPodMemoryMb({ memoryMb }: KubernetesSettings, maxMemoryMb: number): number {
  return memoryMb ?? maxMemoryMb + besideMb;
}

export function createPodManifest(options: PodOptions): object {
  const { settings, sessionId } = options;
  const resources = {
    cpu: settings.cpu,
    memory: `${toPodMemoryMb(settings, options.maxMemoryMb)}Mi`,
  };
  const folder = { emptyDir: { medium: 'Memory', sizeLimit: String(podFileBytes) } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: options.name,
      labels: {
        ...podLabels.name,
        [podLabels.home]: settings.home,
        [podLabels.engine]: options.engine,
        ...(sessionId !== null && { [podLabels.session]: sessionId }),
      },
      annotations: { [ownerAnnotation]: options.owner, [machineAnnotation]: options.machine },
      ...(settings.owner && {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', ...settings.owner, blockOwnerDeletion: false },
        ],
      }),
    },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: deadlineSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      hostNetwork: false,
      hostPID: false,
      hostIPC: false,
      ...(settings.runtimeClass !== null && { runtimeClassName: settings.runtimeClass }),
      ...(Object.keys(settings.nodeSelector).length > 0 && { nodeSelector: settings.nodeSelector }),
      ...(settings.pullSecrets.length > 0 && {
        imagePullSecrets: settings.pullSecrets.map((name) => ({ name })),
      }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: podContainer,
          image: options.image,
          imagePullPolicy: 'IfNotPresent',
          command: ['python3'],
          args: escapeReferences(options.pythonArgs),
          workingDir: podFolder,
          stdin: true,
          stdinOnce: false, // a connection that is cut is made again
          tty: false,
          resources: {
            requests: { ...resources, 'ephemeral-storage': '64Mi' },
            // Nothing but what the kubelet keeps of the output, and rotates.
            limits: { ...resources, 'ephemeral-storage': '1Gi' },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            privileged: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'work', mountPath: podFolder },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'work', ...folder },
        { name: 'tmp', ...folder },
      ],
    },
  };
}

/** The cluster puts variables in place of `$(NAME)`. */
function escapeReferences(args: readonly string[]): readonly string[] {
  return args.map((arg) => arg.replaceAll('$(', '$$$$('));
}
