// What Daytona's proxy does for one port of a sandbox: a name of its own, a token unless the sandbox is public, and the
// request goes on to localhost inside. Source: daytonaio/daytona, apps/proxy, auth.go and proxy.go; libs/common-go, proxy.go.

import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  request,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const tokenHeader = 'x-daytona-preview-token';

export interface PreviewTarget {
  readonly readToken: () => string;
  readonly isPublic: boolean;
  readonly port: number;
  /** Rejects where nothing listens. */
  readonly connect: () => Promise<Duplex>;
}

export class Preview {
  readonly #server: Server;
  readonly #target: PreviewTarget;

  private constructor(target: PreviewTarget) {
    this.#target = target;
    this.#server = createServer((asked, response) => void this.#pass(asked, response));
    this.#server.on('connection', (socket) => socket.unref());
  }

  static async open(target: PreviewTarget): Promise<Preview> {
    const preview = new Preview(target);
    await new Promise<void>((resolve) => {
      preview.#server.listen(0, '127.0.0.1', resolve);
    });
    preview.#server.unref();
    return preview;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on TCP
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #pass(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const { isPublic, readToken, port, connect } = this.#target;
    const { [tokenHeader]: token, ...headers } = asked.headers;
    if (!isPublic && token !== readToken()) {
      response.writeHead(307, { location: 'https://app.daytona.io/login' }).end();
      return;
    }
    try {
      const stream = await connect();
      const passed = request({
        ...{ method: asked.method, path: asked.url },
        createConnection: () => stream,
        headers: { ...headers, host: `localhost:${port}`, 'x-forwarded-host': asked.headers.host },
      });
      passed.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      passed.on('error', () => response.destroy());
      response.on('close', () => stream.destroy());
      asked.pipe(passed);
    } catch {
      response.writeHead(502).end();
    }
  }
}
