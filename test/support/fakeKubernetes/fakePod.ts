// One pod of the fake: its object as the API shows it, its container, who is attached to it, and what its node keeps
// of its output.

import { createHash, randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import * as z from 'zod';
import { Container } from './container';

const restricted = z.object({
  allowPrivilegeEscalation: z.literal(false),
  privileged: z.literal(false),
  readOnlyRootFilesystem: z.literal(true),
  capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
});
const resources = z.object({ cpu: z.string(), memory: z.string().regex(/^\d+Mi$/u) }).loose();

/** What this fake takes: a pod of one container, by the profile "restricted" of Pod Security, and stricter. */
export const podManifestSchema = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata: z.object({
    name: z.string().regex(/^[a-z0-9][-a-z0-9]{0,62}$/u),
    labels: z.record(z.string(), z.string().regex(/^(?:[A-Za-z0-9][-\w.]{0,62})?$/u)),
    annotations: z.record(z.string(), z.string()).optional(),
    ownerReferences: z.array(z.object({ name: z.string(), uid: z.string() }).loose()).optional(),
  }),
  spec: z.object({
    restartPolicy: z.literal('Never'),
    terminationGracePeriodSeconds: z.literal(0),
    activeDeadlineSeconds: z.number().int().positive(),
    automountServiceAccountToken: z.literal(false),
    enableServiceLinks: z.literal(false),
    hostNetwork: z.literal(false),
    hostPID: z.literal(false),
    hostIPC: z.literal(false),
    runtimeClassName: z.string().optional(),
    nodeSelector: z.record(z.string(), z.string()).optional(),
    imagePullSecrets: z.array(z.object({ name: z.string() })).optional(),
    securityContext: z.object({
      runAsNonRoot: z.literal(true),
      runAsUser: z.number().int().positive(),
      runAsGroup: z.number().int().positive(),
      fsGroup: z.number().int().positive(),
      seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
    }),
    containers: z.tuple([
      z.object({
        name: z.string(),
        image: z.string().min(1),
        imagePullPolicy: z.string(),
        command: z.array(z.string()),
        args: z.array(z.string()),
        workingDir: z.string(),
        stdin: z.literal(true),
        stdinOnce: z.boolean(),
        tty: z.literal(false),
        resources: z.object({ requests: resources, limits: resources }),
        securityContext: restricted,
        volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
      }),
    ]),
    volumes: z.array(
      z.object({
        name: z.string(),
        emptyDir: z.object({ medium: z.literal('Memory'), sizeLimit: z.string() }),
      }),
    ),
  }),
});
export type PodManifest = z.infer<typeof podManifestSchema>;

interface Reason {
  readonly reason: string;
  readonly message: string;
}

export interface PodEnd extends Partial<Reason> {
  readonly exitCode: number;
  /** Of the pod and not of its container. */
  readonly status?: Reason;
}

export class FakePod {
  readonly manifest: PodManifest;
  readonly uid = randomUUID();
  readonly createdAt = new Date().toISOString();
  readonly attached = new Set<WebSocket>();
  /** What the node keeps of its output, and anybody reads who may read logs. */
  log = '';
  /** So many times it is looked at before it goes on. */
  looksLeft = 0;
  version = 0;
  status: Readonly<Record<string, unknown>> & { readonly phase: string } = { phase: 'Pending' };
  isDeleted = false;
  isMute = false;
  /** Its node does not answer. */
  isUnreachable = false;
  #container: Container | null = null;
  readonly #onChange: (pod: FakePod) => void;

  constructor(manifest: PodManifest, onChange: (pod: FakePod) => void) {
    this.manifest = manifest;
    this.#onChange = onChange;
  }

  get name(): string {
    return this.manifest.metadata.name;
  }

  get isRunning(): boolean {
    return this.#container !== null;
  }

  wait({ reason, message }: Reason): void {
    const waiting = { reason, message };
    this.#set({ phase: 'Pending', containerStatuses: [{ state: { waiting } }] });
  }

  leaveUnscheduled(message: string): void {
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    this.#set({ phase: 'Pending', conditions: [condition] });
  }

  start(env: Readonly<Record<string, string>>, hasNetwork: boolean): void {
    const [{ command, args, image, workingDir, volumeMounts }] = this.manifest.spec.containers;
    const sizes = new Map(
      this.manifest.spec.volumes.map(({ name, emptyDir }) => [name, Number(emptyDir.sizeLimit)]),
    );
    const expand = (arg: string): string =>
      arg.replaceAll(/\$(\$)?\(([A-Za-z_]\w*)?/gu, (whole, escaped?: string, name?: string) =>
        escaped ? whole.slice(1) : name !== undefined && name in env ? (env[name] ?? '') : whole,
      );
    this.#container = new Container(
      {
        command: [...command, ...args].map(expand),
        folder: workingDir,
        mounts: new Map(volumeMounts.map((one) => [one.mountPath, sizes.get(one.name) ?? 0])),
        env: { ...env, PATH: '/usr/local/bin:/usr/bin:/bin', HOSTNAME: this.name },
        hasNetwork,
      },
      {
        onOutput: (bytes) => this.#send(1, bytes),
        onErrors: (bytes) => this.#send(2, bytes),
        onExit: (exitCode) => this.end({ exitCode }),
      },
    );
    const digest = createHash('sha256').update(image).digest('hex');
    this.#set({
      phase: 'Running',
      containerStatuses: [
        {
          image,
          imageID: `${image.split(':')[0]}@sha256:${digest}`,
          state: { running: { startedAt: new Date().toISOString() } },
        },
      ],
    });
  }

  /** Its container has ended, for this reason. */
  end({ exitCode, reason, message, status }: PodEnd): void {
    if (!this.#container) {
      return;
    }
    const ended = reason ?? (exitCode === 0 ? 'Completed' : 'Error');
    const terminated = { exitCode, reason: ended, message, finishedAt: new Date().toISOString() };
    this.stop();
    this.#set({
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      ...status,
      containerStatuses: [{ state: { terminated } }],
    });
    const said = Buffer.from(JSON.stringify({ metadata: {}, status: 'Success' }));
    for (const socket of [...this.attached]) {
      socket.send(Buffer.concat([Buffer.from([3]), said]));
      socket.close(1000);
    }
  }

  /** Without a word to anybody. */
  stop(): void {
    this.#container?.kill();
    this.#container = null;
  }

  write(bytes: Buffer): void {
    this.#container?.write(bytes);
  }

  closeInput(): void {
    this.#container?.closeInput();
  }

  cut(): void {
    this.attached.forEach((socket) => socket.terminate());
  }

  toObject(): object {
    const { metadata, ...rest } = this.manifest;
    return {
      ...rest,
      metadata: {
        ...metadata,
        namespace: 'team',
        uid: this.uid,
        resourceVersion: String(this.version),
        creationTimestamp: this.createdAt,
        ...(this.isDeleted && { deletionTimestamp: new Date().toISOString() }),
      },
      status: this.status,
    };
  }

  #set(status: FakePod['status']): void {
    this.status = status;
    this.#onChange(this);
  }

  #send(stream: number, bytes: Buffer): void {
    if (this.#container && !this.isMute) {
      this.log += bytes.toString('latin1');
      const message = Buffer.concat([Buffer.from([stream]), bytes]);
      this.attached.forEach((socket) => socket.send(message));
    }
  }
}
