// The server's log: one JSON object a line. What people and models write never gets into it.

import type { EndedCall } from '../mcp/callGate';
import type { EndedRequest, HttpObserver } from '../mcp/httpObserver';

interface LogParts {
  readonly write: (line: string) => void;
  readonly now: () => number;
  /** Of the request in whose course a line is written; null: of none. */
  readonly readRequestId: () => string | null;
}

/** A method of the protocol: anything else that a client may have sent is not repeated. */
const rpcMethodPattern = /^[a-z]+(?:\/[a-z_]+){0,2}$/iu;
const maxRpcMethodChars = 40;

export class ServerLog implements HttpObserver {
  readonly #parts: LogParts;

  constructor(parts: LogParts) {
    this.#parts = parts;
  }

  /** What the engine, or the server, has to say. */
  say(message: string): void {
    this.#write('info', 'message', { message });
  }

  requestEnded(request: EndedRequest): void {
    const { requestId, isCutShort, durationMs, rpcMethod, status, ...rest } = request;
    this.#write(status >= 500 ? 'error' : 'info', 'request', {
      request_id: requestId,
      ...rest,
      rpc_method: rpcMethod === null ? null : toKnownMethod(rpcMethod),
      status,
      cut_short: isCutShort,
      duration_ms: Math.round(durationMs),
    });
  }

  callEnded({ tool, user, errorCode, durationMs }: EndedCall & { readonly user: string | null }) {
    this.#write(errorCode === 'INTERNAL_ERROR' ? 'error' : 'info', 'call', {
      request_id: this.#parts.readRequestId(),
      user,
      tool,
      error_code: errorCode,
      duration_ms: Math.round(durationMs),
    });
  }

  #write(level: 'info' | 'error', event: string, fields: Readonly<Record<string, unknown>>): void {
    const time = new Date(this.#parts.now()).toISOString();
    const told = Object.entries(fields).filter(([, value]) => value !== null);
    this.#parts.write(JSON.stringify({ time, level, event, ...Object.fromEntries(told) }));
  }
}

function toKnownMethod(method: string): string {
  const isMethod = method.length <= maxRpcMethodChars && rpcMethodPattern.test(method);
  return isMethod ? method : 'other';
}
