// What is used of the package `ws`, which has no types of its own.

declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';
  import type { SecureContextOptions } from 'node:tls';

  interface ClientOptions extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
    readonly headers: Readonly<Record<string, string>>;
    readonly handshakeTimeout: number;
    readonly maxPayload: number;
    readonly perMessageDeflate: false;
    readonly followRedirects?: false;
    readonly servername?: string;
  }

  export class WebSocket extends EventEmitter {
    constructor(address: string, options: ClientOptions);
    constructor(address: string, protocols: readonly string[], options: ClientOptions);
    readonly protocol: string;
    on(event: 'open' | 'pong', listener: () => void): this;
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
    on(event: 'close', listener: (code: number, reason: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(
      event: 'unexpected-response',
      listener: (request: unknown, response: IncomingMessage) => void,
    ): this;
    send(data: Buffer | string): void;
    ping(): void;
    close(code?: number, reason?: string): void;
    terminate(): void;
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: {
      readonly noServer: true;
      readonly maxPayload: number;
      readonly handleProtocols?: (offered: ReadonlySet<string>) => string | false;
    });
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      take: (socket: WebSocket) => void,
    ): void;
    close(): void;
  }
}
