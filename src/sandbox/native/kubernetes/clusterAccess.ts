// Where a cluster's server is and what opens it: the service account of the pod that the engine runs in, or a file
// of kubectl's. What is read from files is read again, since a service account's token is renewed while it is in use.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import type { KubernetesSettings } from '../../../core/kubernetesSettings';
import { createUnavailable } from '../unavailable';

/** Source: Kubernetes, "Accessing the Kubernetes API from a Pod". */
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
const maxFileBytes = 2 ** 20;

export interface ClusterAccess {
  /** `https://…`, without a slash at its end. */
  readonly server: string;
  readonly namespace: string;
  /** In words for a status. */
  readonly name: string;
  /** As TLS takes them; left out: the system's authorities, and no certificate of ours. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
  /** Null: the certificate opens it. */
  readonly token: string | null;
}

/** Reads it anew. @throws RlmError 'BACKEND_UNAVAILABLE' */
export async function readClusterAccess(
  settings: KubernetesSettings,
  folder = accountFolder,
): Promise<ClusterAccess> {
  const { kubeconfig, context, service } = settings;
  if (kubeconfig === null && context === null && service !== null && existsSync(folder)) {
    return readServiceAccount(settings, service, folder);
  }
  return readKubeconfig(settings, kubeconfig ?? path.join(homedir(), '.kube', 'config'));
}

async function readServiceAccount(
  { namespace }: KubernetesSettings,
  { host, port }: { readonly host: string; readonly port: number },
  folder: string,
): Promise<ClusterAccess> {
  const read = (name: string): Promise<Buffer> => readPart(path.join(folder, name));
  const [token, ca, own] = await Promise.all([read('token'), read('ca.crt'), read('namespace')]);
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace ?? own.toString('utf8').trim(),
    name: 'the cluster of this pod',
    ca,
    token: token.toString('utf8').trim(),
  };
}

const text = z.string().min(1);
const configSchema = z.object({
  'current-context': z.string().nullish(),
  contexts: z
    .array(
      z.object({
        name: text,
        context: z.object({ cluster: text, user: text, namespace: z.string().nullish() }),
      }),
    )
    .nullish(),
  clusters: z
    .array(
      z.object({
        name: text,
        cluster: z.object({
          server: text,
          'certificate-authority': text.nullish(),
          'certificate-authority-data': text.nullish(),
          'insecure-skip-tls-verify': z.boolean().nullish(),
          'tls-server-name': text.nullish(),
          'proxy-url': text.nullish(),
        }),
      }),
    )
    .nullish(),
  users: z
    .array(
      z.object({
        name: text,
        user: z
          .object({
            token: text.nullish(),
            tokenFile: text.nullish(),
            'client-certificate': text.nullish(),
            'client-certificate-data': text.nullish(),
            'client-key': text.nullish(),
            'client-key-data': text.nullish(),
            exec: z.unknown().optional(),
            'auth-provider': z.unknown().optional(),
            username: z.string().nullish(),
            as: z.string().nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
});
type Config = z.infer<typeof configSchema>;

async function readKubeconfig(settings: KubernetesSettings, file: string): Promise<ClusterAccess> {
  const config = await parseConfig(file);
  const wanted = settings.context ?? config['current-context'] ?? '';
  const context = findNamed(config.contexts, wanted)?.context;
  const cluster = findNamed(config.clusters, context?.cluster)?.cluster;
  const user = findNamed(config.users, context?.user)?.user;
  if (!context || !cluster) {
    throw createUnavailable(
      `The file ${file} has no context “${wanted}” with a cluster.`,
      'Choose one that `kubectl config get-contexts` shows: RLM_KUBERNETES_CONTEXT, or `kubectl config use-context`.',
    );
  }
  checkSupported(cluster, user, file);
  const folder = path.dirname(file);
  const pick = (data: string | null | undefined, name: string | null | undefined) =>
    data
      ? Promise.resolve(Buffer.from(data, 'base64'))
      : name
        ? readPart(path.resolve(folder, name))
        : Promise.resolve(undefined);
  const [ca, cert, key, tokenFile] = await Promise.all([
    pick(cluster['certificate-authority-data'], cluster['certificate-authority']),
    pick(user?.['client-certificate-data'], user?.['client-certificate']),
    pick(user?.['client-key-data'], user?.['client-key']),
    pick(undefined, user?.token ? undefined : user?.tokenFile),
  ]);
  let server = cluster.server;
  while (server.endsWith('/')) {
    server = server.slice(0, -1);
  }
  const servername = cluster['tls-server-name'];
  return {
    server,
    namespace: settings.namespace ?? (context.namespace || 'default'),
    name: `context ${wanted}`,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(servername && { servername }),
    token: user?.token ?? tokenFile?.toString('utf8').trim() ?? null,
  };
}

async function parseConfig(file: string): Promise<Config> {
  if (file.split(path.delimiter).length > 1 && path.delimiter === ':') {
    throw createUnavailable(
      'KUBECONFIG names more than one file, which are not put together here.',
      'Name one: kubectl config view --flatten > FILE, and KUBECONFIG=FILE.',
    );
  }
  const bytes = await readPart(file);
  const { parse } = await import('./yamlLibrary');
  let given: unknown;
  try {
    given = parse(bytes.toString('utf8'), { maxAliasCount: 0 });
  } catch {
    given = undefined; // an error of the parser quotes what the file holds
  }
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    throw createUnavailable(
      `The file ${file} is no configuration of kubectl.`,
      'Check it: kubectl config view.',
    );
  }
  return parsed.data;
}

/** @throws RlmError for what would need another program, a proxy, or trust in whoever answers. */
function checkSupported(
  cluster: NonNullable<Config['clusters']>[number]['cluster'],
  user: NonNullable<Config['users']>[number]['user'],
  file: string,
): void {
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : null;
  const isPlain = url?.username === '' && url.password === '' && url.search === '';
  const reason =
    url?.protocol !== 'https:' || !isPlain
      ? 'the address of its cluster does not begin with https://'
      : cluster['insecure-skip-tls-verify'] === true
        ? 'it does not check whose server answers (insecure-skip-tls-verify)'
        : cluster['proxy-url']
          ? 'it goes by a proxy (proxy-url)'
          : user?.exec !== undefined && user.exec !== null
            ? 'its user is told by a program (exec), and none is run here'
            : user?.['auth-provider'] !== undefined && user['auth-provider'] !== null
              ? 'its user is told by an auth-provider'
              : user?.username
                ? 'its user has a name and a password'
                : user?.as
                  ? 'it acts as another user (as)'
                  : null;
  if (reason !== null) {
    throw createUnavailable(
      `The chosen context of ${file} cannot be used: ${reason}.`,
      'Make one with a certificate or a token: kubectl create serviceaccount rlm, kubectl create token rlm; see docs/deployment.md.',
    );
  }
}

function findNamed<T extends { readonly name: string }>(
  list: readonly T[] | null | undefined,
  name: string | undefined,
): T | undefined {
  return list?.find((one) => one.name === name);
}

async function readPart(file: string): Promise<Buffer> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > maxFileBytes) {
      throw new Error('it is too large');
    }
    return bytes;
  } catch (thrown) {
    const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    const reason = isMissing
      ? 'it is not there'
      : thrown instanceof Error
        ? thrown.message
        : String(thrown);
    throw createUnavailable(
      `Backend kubernetes cannot read ${file}: ${reason}.`,
      'Run the server in the cluster with its chart, or name a file of kubectl’s in KUBECONFIG; or use backend container, local or wasm.',
    );
  }
}
