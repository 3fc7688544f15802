// The connection to an engine over HTTP on loopback, opened by the token of its endpoint file.

import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { JoinableEngine } from './joinableEngines';
import type { LinkEnd } from './link';
import { createLoopbackFetch } from './loopbackFetch';

/** An engine that hangs must not keep the pipe from ending. */
const farewellMs = 1_000;
/** A stream that ended means a lost engine here; looking for the next one is the pipe's part. */
const neverReconnect = {
  initialReconnectionDelay: 0,
  maxReconnectionDelay: 0,
  reconnectionDelayGrowFactor: 1,
  maxRetries: 0,
};

export function connectEngine({ url, token }: JoinableEngine): LinkEnd {
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: createLoopbackFetch(() => void transport.close()),
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
    reconnectionOptions: neverReconnect,
  });
  return {
    transport,
    async end() {
      const timer = setTimeout(() => void transport.close(), farewellMs);
      await transport.terminateSession().catch(() => undefined);
      clearTimeout(timer);
      await transport.close();
    },
  };
}
