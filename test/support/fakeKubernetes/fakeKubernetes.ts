// A Kubernetes API server of our own on loopback, for pods of one namespace: over TLS with an authority of its own, with
// tokens that change, watches with versions that are forgotten, and the streams of containers over WebSockets. It is a
// fake: nothing is scheduled, and a container is a process behind bubblewrap. What it does and refuses is as the API's
// documents say (API concepts, Pod lifecycle, Pod Security Standards, the remote command protocol in client-go).
// It keeps no process open that has nothing else to do.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { createSelfSigned } from '../selfSigned';
import { FakePod, podManifestSchema } from './fakePod';

/** Of an attachment. Source: gorilla/websocket has none; a proxy's usual one. */
const maxMessageBytes = 4 * 2 ** 20;
const pods = '/api/v1/namespaces/team/pods';

export interface KubernetesFault {
  readonly method: string;
  /** With its query. */
  readonly path: RegExp;
  readonly status: number;
  readonly reason?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request is carried out all the same: only its answer is lost. */
  readonly isDone?: boolean;
}

export interface KubernetesCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

class ApiFault extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

interface Watch {
  readonly response: ServerResponse;
  readonly name: string | null;
}

export class FakeKubernetes {
  /** Of the authority that signed its certificate. */
  readonly ca: string;
  token = `token-${randomUUID()}`;
  readonly pods = new Map<string, FakePod>();
  readonly calls: KubernetesCall[] = [];
  /** Each is used up by one request. */
  readonly faults: KubernetesFault[] = [];
  /** Of pods made from now on. */
  looksBeforeStart = 0;
  waits: { readonly reason: string; readonly message: string } | null = null;
  unschedulable: string | null = null;
  reachesNetwork = false;
  hasPython = true;
  /** A pod is made, and its making answered, once this has settled. */
  creating: Promise<void> = Promise.resolve();
  /** What containers say reaches nobody. */
  isMute = false;
  /** Subprotocols that it speaks; before 1.30 only the older. */
  protocols: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
  /** Nothing is answered: connections are cut as they come. */
  isDown = false;
  /** So many watches are answered that their version is no longer known. */
  forgets = 0;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #watches = new Set<Watch>();
  readonly #watchers = new Set<() => void>();
  #version = 1;

  private constructor() {
    const { certificate, key } = createSelfSigned(7);
    this.ca = certificate;
    this.#server = createServer({ cert: certificate, key }, (request, response) => {
      void this.#serve(request, response);
    });
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: maxMessageBytes,
      handleProtocols: (offered) => this.protocols.find((one) => offered.has(one)) ?? false,
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#server.on('connection', (socket: Socket) => socket.unref());
    this.#server.on('tlsClientError', () => undefined); // a client that knows another authority
  }

  static async start(): Promise<FakeKubernetes> {
    const fake = new FakeKubernetes();
    await new Promise<void>((resolve) => {
      fake.#server.listen(0, '127.0.0.1', resolve);
    });
    fake.#server.unref();
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on TCP
  }

  /** As kubectl writes it. */
  toKubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'fake',
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'us', namespace: 'team' } }],
      clusters: [
        {
          name: 'fake',
          cluster: {
            server: `https://127.0.0.1:${this.port}`,
            'certificate-authority-data': Buffer.from(this.ca).toString('base64'),
          },
        },
      ],
      users: [{ name: 'us', user: { token: this.token } }],
    });
  }

  /** Settles once what is asked for holds; it is looked at whenever something has changed. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  /** One with nothing inside. */
  addPod(
    name: string,
    labels: Readonly<Record<string, string>>,
    annotations: Readonly<Record<string, string>> = {},
  ): FakePod {
    const [first] = this.pods.values();
    const manifest = { metadata: { name, labels, annotations }, spec: first?.manifest.spec };
    const pod = new FakePod(manifest as FakePod['manifest'], (one) => this.#announce(one)); // never started
    this.pods.set(name, pod);
    return pod;
  }

  /** As a proxy or a network does it: without a word. */
  cutSockets(): void {
    this.pods.forEach((pod) => pod.cut());
  }

  /** By hand, or by whoever collects what has no owner. */
  deletePod(pod: FakePod): void {
    this.pods.delete(pod.name);
    pod.isDeleted = true;
    pod.stop();
    this.#announce(pod, 'DELETED');
    pod.cut();
  }

  /** Its node is cut off: its streams are silent and then gone, and after a while it is marked so. */
  loseNode(pod: FakePod): void {
    pod.isUnreachable = true;
    pod.stop();
    pod.status = { ...pod.status, phase: 'Running', reason: 'NodeLost', message: 'Node is lost' };
    pod.isDeleted = true;
    this.#announce(pod);
    pod.cut();
  }

  stop(): void {
    [...this.pods.values()].forEach((pod) => this.deletePod(pod));
    this.#sockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #changed(): void {
    [...this.#watchers].forEach((watcher) => watcher());
  }

  #announce(pod: FakePod, type = 'MODIFIED'): void {
    this.#version += 1;
    pod.version = this.#version;
    for (const { name, response } of this.#watches) {
      if (name === null || name === pod.name) {
        response.write(`${JSON.stringify({ type, object: pod.toObject() })}\n`);
      }
    }
    this.#changed();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.isDown) {
      request.socket.destroy();
      return;
    }
    const url = new URL(request.url ?? '/', 'https://fake');
    const method = request.method ?? 'GET';
    const path = url.pathname;
    try {
      const pieces: Buffer[] = [];
      for await (const piece of request) {
        pieces.push(piece as Buffer); // no encoding is set
      }
      const body = Buffer.concat(pieces).toString('utf8');
      this.calls.push({ method, path, query: url.searchParams, body });
      this.#authorize(request);
      const fault = this.#takeFault(method, url);
      if (fault && fault.isDone !== true) {
        this.#fail(response, fault);
      } else if (url.searchParams.get('watch') === '1') {
        this.#watch(url.searchParams, response);
      } else {
        if (method === 'POST') {
          await this.creating;
        }
        const answer = this.#answer(method, url, body);
        if (fault) {
          this.#fail(response, fault);
        } else {
          response.writeHead(method === 'POST' ? 201 : 200, { 'content-type': 'application/json' });
          response.end(JSON.stringify(answer));
        }
      }
    } catch (thrown) {
      const isApi = thrown instanceof ApiFault;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const { status, reason } = isApi ? thrown : { status: 500, reason: 'InternalError' };
      this.#fail(response, { status, reason, message });
    }
    this.#changed();
  }

  #fail(
    response: ServerResponse,
    fault: Pick<KubernetesFault, 'status' | 'reason' | 'message' | 'headers'>,
  ): void {
    const { status: code, reason = 'Fault', message = 'as the test asked for', headers } = fault;
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(
      JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message,
        reason,
        code,
      }),
    );
  }

  #authorize({ headers }: IncomingMessage): void {
    if (headers.authorization !== `Bearer ${this.token}`) {
      throw new ApiFault(401, 'Unauthorized', 'Unauthorized');
    }
  }

  #takeFault(method: string, { pathname, search }: URL): KubernetesFault | undefined {
    const at = this.faults.findIndex(
      (one) => one.method === method && one.path.test(`${pathname}${search}`),
    );
    return at === -1 ? undefined : this.faults.splice(at, 1)[0];
  }

  #answer(method: string, url: URL, body: string): object {
    if (!url.pathname.startsWith('/api/v1/namespaces/team/')) {
      throw new ApiFault(404, 'NotFound', 'namespaces "other" not found');
    }
    const name = url.pathname.slice(pods.length + 1);
    if (name === '') {
      return method === 'POST' ? this.#create(body) : this.#list(url.searchParams);
    }
    const pod = this.#find(name);
    if (method === 'DELETE') {
      this.deletePod(pod);
    } else {
      this.#look(pod);
    }
    return pod.toObject();
  }

  #find(name: string): FakePod {
    const pod = this.pods.get(name);
    if (!pod) {
      throw new ApiFault(404, 'NotFound', `pods "${name}" not found`);
    }
    return pod;
  }

  #create(body: string): object {
    const parsed = podManifestSchema.safeParse(JSON.parse(body));
    if (!parsed.success) {
      const isForbidden = JSON.stringify(parsed.error.issues).includes('securityContext');
      throw isForbidden
        ? new ApiFault(
            403,
            'Forbidden',
            `violates PodSecurity "restricted": ${parsed.error.message}`,
          )
        : new ApiFault(422, 'Invalid', `Pod is invalid: ${parsed.error.message}`);
    }
    const { name } = parsed.data.metadata;
    if (this.pods.has(name)) {
      throw new ApiFault(409, 'AlreadyExists', `pods "${name}" already exists`);
    }
    const pod = new FakePod(parsed.data, (one) => this.#announce(one));
    this.pods.set(name, pod);
    this.#announce(pod, 'ADDED');
    pod.looksLeft = this.looksBeforeStart;
    const { waits, unschedulable } = this;
    if (unschedulable !== null) {
      pod.leaveUnscheduled(unschedulable);
    } else if (waits) {
      pod.wait(waits);
    } else if (pod.looksLeft > 0) {
      pod.wait({ reason: 'ContainerCreating', message: '' });
    } else {
      setImmediate(() => this.#start(pod));
    }
    return pod.toObject();
  }

  #start(pod: FakePod): void {
    if (pod.isDeleted) {
      return;
    }
    const env = {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(this.port),
    };
    pod.isMute = this.isMute;
    pod.start(env, this.reachesNetwork);
    if (!this.hasPython) {
      const message = 'exec: "python3": executable file not found in $PATH';
      pod.end({ exitCode: 128, reason: 'StartError', message });
    }
  }

  #look(pod: FakePod): void {
    if (pod.looksLeft > 0) {
      pod.looksLeft -= 1;
      if (pod.looksLeft === 0) {
        setImmediate(() => this.#start(pod));
      }
    }
  }

  #list(query: URLSearchParams): object {
    const wanted = (query.get('labelSelector') ?? '').split(',').filter((one) => one !== '');
    const limit = Number(query.get('limit') ?? 500);
    const from = Number(query.get('continue') ?? 0);
    const found = [...this.pods.values()].filter(({ manifest }) =>
      wanted.every((one) => {
        const [name = '', value] = one.split('=');
        return manifest.metadata.labels[name] === value;
      }),
    );
    const isMore = found.length > from + limit;
    return {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {
        resourceVersion: String(this.#version),
        ...(isMore && { continue: String(from + limit) }),
      },
      items: found.slice(from, from + limit).map((pod) => pod.toObject()),
    };
  }

  /** First what has changed since the version that is named, then what changes. */
  #watch(query: URLSearchParams, response: ServerResponse): void {
    const [, name = null] = /^metadata\.name=(.+)$/u.exec(query.get('fieldSelector') ?? '') ?? [];
    response.writeHead(200, { 'content-type': 'application/json' });
    if (this.forgets > 0) {
      this.forgets -= 1;
      const message = `too old resource version: ${query.get('resourceVersion') ?? ''}`;
      const object = { kind: 'Status', status: 'Failure', message, reason: 'Expired', code: 410 };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    const watch = { response, name };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    response.flushHeaders();
    const pod = name === null ? undefined : this.pods.get(name);
    if (pod && pod.version > Number(query.get('resourceVersion'))) {
      response.write(`${JSON.stringify({ type: 'MODIFIED', object: pod.toObject() })}\n`);
    }
    if (pod) {
      this.#look(pod);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'https://fake');
    const [, name = ''] = /\/pods\/([^/]+)\/attach$/u.exec(url.pathname) ?? [];
    const method = 'CONNECT';
    this.calls.push({ method, path: url.pathname, query: url.searchParams, body: '' });
    const fault = this.#takeFault(method, url);
    try {
      if (this.isDown) {
        throw new ApiFault(503, 'ServiceUnavailable', 'down');
      }
      this.#authorize(request);
      if (fault) {
        throw new ApiFault(fault.status, fault.reason ?? 'Fault', fault.message ?? '');
      }
      const pod = this.#find(name);
      if (pod.isUnreachable) {
        throw new ApiFault(500, 'InternalError', 'error dialing backend: no route to host');
      }
      const [container] = pod.manifest.spec.containers;
      if (!pod.isRunning || url.searchParams.get('container') !== container.name) {
        throw new ApiFault(400, 'BadRequest', `container is not running in pod ${name}`);
      }
      this.#sockets.handleUpgrade(request, socket, head, (connection) =>
        this.#attach(pod, container.stdinOnce, connection),
      );
    } catch (thrown) {
      const status = thrown instanceof ApiFault ? thrown.status : 500;
      socket.end(this.isDown ? '' : `HTTP/1.1 ${status} Error\r\nconnection: close\r\n\r\n`);
    }
    this.#changed();
  }

  #attach(pod: FakePod, stdinOnce: boolean, connection: WebSocket): void {
    const isV5 = connection.protocol === 'v5.channel.k8s.io';
    pod.attached.add(connection);
    connection.on('error', () => undefined); // too long a message; it is closed then
    connection.on('message', (data, isBinary) => {
      if (!isBinary) {
        connection.close(1003);
      } else if (isV5 && data[0] === 255) {
        pod.closeInput();
      } else if (data[0] === 0) {
        pod.write(data.subarray(1));
      }
    });
    connection.on('close', () => {
      pod.attached.delete(connection);
      if (stdinOnce) {
        pod.closeInput();
      }
      this.#changed();
    });
    for (const stream of [1, 2, 3]) {
      connection.send(Buffer.from([stream]));
    }
    this.#changed();
  }
}
