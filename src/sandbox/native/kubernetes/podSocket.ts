// One WebSocket to the streams of a pod's container. Source: Kubernetes' remote command protocol, `v5.channel.k8s.io`
// and `v4.channel.k8s.io`: the first byte of a message names its stream (0 stdin, 1 stdout, 2 stderr, 3 the end as a
// Status), the first message of each stream may be empty; v5 adds 255, by which a stream is closed.

import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import * as z from 'zod';
import type { TerminalListener, TerminalSocket } from '../daytona/terminalLink';
import type { ClusterAccess } from './clusterAccess';
import { toRequestOptions } from './kubernetesHttp';
import { podContainer } from './podManifest';

const connectTimeoutMs = 10_000;
/** Below the shortest time after which a proxy cuts what is silent (60 s), and what a guest has patience for. */
const pingEveryMs = 20_000;
const maxPayload = 4 * 2 ** 20;
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;
const streams = { input: 0, output: 1, errors: 2, end: 3 } as const;
/** An empty line: the guest takes it as a sign of life. */
const sign = Buffer.from([streams.input, 10]);

const endSchema = z.object({ status: z.string(), message: z.string().nullish() });

/** What a refused connection was answered. */
export class AttachError extends Error {
  constructor(
    readonly status: number | null,
    message: string,
  ) {
    super(message);
  }
}

/** Settles once the streams are there. */
export function connectPod(
  access: ClusterAccess,
  pod: string,
  listener: TerminalListener,
): Promise<TerminalSocket> {
  const query = new URLSearchParams({
    container: podContainer,
    stdin: 'true',
    stdout: 'true',
    stderr: 'true',
    tty: 'false',
  });
  const { server, namespace } = access;
  const url = `${server.replace(/^http/u, 'ws')}/api/v1/namespaces/${namespace}/pods/${pod}/attach?${query.toString()}`;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], {
      ...toRequestOptions(access),
      handshakeTimeout: connectTimeoutMs,
      maxPayload,
      perMessageDeflate: false,
      followRedirects: false,
    });
    let isAlive = true;
    let isEnded = false;
    const pings = setInterval(() => {
      if (!isAlive) {
        finish();
        return;
      }
      isAlive = false;
      socket.ping();
      socket.send(sign);
    }, pingEveryMs);
    const finish = (): void => {
      if (!isEnded) {
        isEnded = true;
        clearInterval(pings);
        socket.terminate();
        listener.onEnd({ exit: null }); // what has become of the pod says the pod
      }
    };
    const fail = (error: Error): void => {
      reject(error);
      finish();
    };
    socket.on('open', () =>
      resolve({
        send: (bytes) => {
          if (!isEnded) {
            socket.send(Buffer.concat([sign.subarray(0, 1), bytes]));
          }
        },
        close: finish,
      }),
    );
    socket.on('message', (data, isBinary) => {
      isAlive = true;
      const bytes = data.subarray(1);
      if (!isBinary || bytes.length === 0) {
        return;
      }
      if (data[0] === streams.output) {
        listener.onBytes(bytes);
      } else if (data[0] === streams.errors) {
        listener.onErrors?.(bytes.toString('utf8'));
      } else if (data[0] === streams.end) {
        const said = endSchema.safeParse(parseJson(bytes.toString('utf8'))).data;
        listener.onErrors?.(said?.status === 'Failure' ? (said.message ?? '') : '');
        finish();
      }
    });
    socket.on('pong', () => {
      isAlive = true;
    });
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume();
      const status = response.statusCode ?? null;
      fail(new AttachError(status, `the cluster answered ${status ?? 'nothing'} to attach`));
    });
    socket.on('error', (error) => fail(new AttachError(null, error.message)));
    socket.on('close', () => {
      reject(new AttachError(null, 'its connection was closed'));
      finish();
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
