// What a pod's state says: whether it runs, may yet, or has ended, and why. Source: the API's Pod (core/v1) and the
// kubelet's reasons; what comes from a cluster is only read here.

import * as z from 'zod';

const word = z.string().max(10_000).nullish();
const stateSchema = z.object({
  waiting: z.object({ reason: word, message: word }).nullish(),
  running: z.object({}).nullish(),
  terminated: z
    .object({ exitCode: z.number().int(), reason: word, message: word, finishedAt: word })
    .nullish(),
});

export const podSchema = z.object({
  metadata: z.object({
    name: z.string().regex(/^[a-z0-9][-a-z0-9.]{0,252}$/u),
    uid: z.string().max(200),
    resourceVersion: z.string().max(200).default(''),
    creationTimestamp: word,
    deletionTimestamp: word,
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  status: z
    .object({
      phase: z.string().max(100).default('Pending'),
      reason: word,
      message: word,
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), reason: word, message: word }))
        .nullish(),
      containerStatuses: z
        .array(z.object({ imageID: word, state: stateSchema.nullish() }))
        .nullish(),
    })
    .default({ phase: 'Pending' }),
});
export type Pod = z.infer<typeof podSchema>;

export type PodState =
  | { readonly kind: 'running' }
  /** `lasts`: it does not change by itself soon. */
  | { readonly kind: 'starting'; readonly reason: string; readonly lasts: boolean }
  /** `exitCode` null: its container did not end by itself. */
  | { readonly kind: 'ended'; readonly reason: string; readonly exitCode: number | null };

/** For which waiting longer changes nothing. Source: the kubelet, images/types.go and kuberuntime. */
const lastingReasons: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ErrInvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
]);

export function readPodState(pod: Pod): PodState {
  const { metadata, status } = pod;
  const container = status.containerStatuses?.[0]?.state;
  const disruption = status.conditions?.find(
    ({ type, status: holds }) => type === 'DisruptionTarget' && holds === 'True',
  );
  const { terminated } = container ?? {};
  if (terminated || ['Failed', 'Succeeded'].includes(status.phase)) {
    const of = status.reason ? join(status.reason, status.message) : null;
    const how = terminated ? toEnd(terminated) : 'it ended';
    const why = of ?? (disruption ? join(disruption.reason, disruption.message) : null);
    const reason = why === null ? how : `${how} (${why})`;
    return { kind: 'ended', reason, exitCode: terminated?.exitCode ?? null };
  }
  if (metadata.deletionTimestamp) {
    const why = disruption ? ` (${join(disruption.reason, disruption.message)})` : '';
    return { kind: 'ended', reason: `it was deleted${why}`, exitCode: null };
  }
  if (status.phase === 'Unknown' || status.reason === 'NodeLost') {
    const reason = 'its node does not answer';
    return { kind: 'ended', reason, exitCode: null };
  }
  if (container?.running && status.phase === 'Running') {
    return { kind: 'running' };
  }
  const { waiting } = container ?? {};
  const unscheduled = status.conditions?.find(
    ({ type, status: holds }) => type === 'PodScheduled' && holds === 'False',
  );
  if (waiting?.reason) {
    const lasts = lastingReasons.has(waiting.reason);
    return { kind: 'starting', reason: join(waiting.reason, waiting.message), lasts };
  }
  const reason = unscheduled
    ? join(unscheduled.reason, unscheduled.message)
    : status.phase.toLowerCase();
  return { kind: 'starting', reason, lasts: false };
}

/** Of the image that runs, where the cluster tells it. */
export function readImageDigest({ status }: Pod): string | null {
  const given = status.containerStatuses?.[0]?.imageID ?? '';
  return /sha256:[0-9a-f]{64}$/u.exec(given)?.[0] ?? null;
}

function toEnd({
  exitCode,
  reason,
  message,
}: {
  readonly exitCode: number;
  readonly reason?: string | null | undefined;
  readonly message?: string | null | undefined;
}): string {
  if (reason === 'OOMKilled') {
    return 'it took more memory than its pod may have (OOMKilled)';
  }
  const isPlain = !reason || reason === 'Error' || reason === 'Completed';
  return `its container ended with code ${exitCode}${isPlain ? '' : ` (${join(reason, message)})`}`;
}

function join(reason: string | null | undefined, message: string | null | undefined): string {
  const parts = [reason, message].filter((part) => part).map((part) => String(part).trim());
  return parts.join(': ').replaceAll(/\s+/gu, ' ').slice(0, 300);
}
