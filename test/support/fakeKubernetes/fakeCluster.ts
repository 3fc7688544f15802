// A fake cluster as an engine in one of its pods sees it: its server, and the folder of a service account.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type KubernetesSettings,
  parseKubernetesSettings,
} from '../../../src/core/kubernetesSettings';
import { FakeKubernetes } from './fakeKubernetes';

export const podImage = 'registry.example/python:3.12';

export interface FakeCluster {
  readonly fake: FakeKubernetes;
  readonly settings: KubernetesSettings;
  readonly accountFolder: string;
  /** A file of kubectl’s for it. */
  readonly kubeconfig: string;
  /** As the kubelet does it, an hour before the old one ends. */
  renewToken(): void;
}

export async function startFakeCluster(
  environment: Readonly<Record<string, string>> = {},
): Promise<FakeCluster> {
  const fake = await FakeKubernetes.start();
  const accountFolder = mkdtempSync(path.join(tmpdir(), 'rlm-account-'));
  process.once('exit', () => rmSync(accountFolder, { recursive: true, force: true }));
  const write = (name: string, text: string): void =>
    writeFileSync(path.join(accountFolder, name), text);
  write('token', fake.token);
  write('ca.crt', fake.ca);
  write('namespace', 'team');
  write('kubeconfig', fake.toKubeconfig());
  return {
    fake,
    accountFolder,
    kubeconfig: path.join(accountFolder, 'kubeconfig'),
    settings: parseKubernetesSettings({
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(fake.port),
      ...environment,
    }),
    renewToken: () => {
      fake.token = `renewed-${fake.token}`;
      write('token', fake.token);
    },
  };
}
