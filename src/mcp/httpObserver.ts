// Port: is told of what a server over HTTP does, for its log and its metrics. Never of texts, keys or tokens.

import type { EndedCall } from './callGate';
import type { CertificateState } from './httpCertificate';
import type { RouteName } from './httpGuard';

/** One request, when its response has ended. */
export interface EndedRequest {
  readonly requestId: string;
  /** Null: nobody was identified, or there is only one. */
  readonly user: string | null;
  readonly address: string;
  readonly method: string;
  /** Null: none that is served. */
  readonly route: RouteName | null;
  /** Of a JSON-RPC request or notification, as it came: not to be made a label. */
  readonly rpcMethod: string | null;
  readonly status: number;
  readonly durationMs: number;
  /** The client left before the response was whole. */
  readonly isCutShort: boolean;
}

export interface HttpObserver {
  requestEnded(request: EndedRequest): void;
  /** In the course of its request. */
  callEnded(call: EndedCall & { readonly user: string | null }): void;
}

/** What the server itself has open. */
export interface HttpCounts {
  readonly mcpSessions: number;
  readonly openCalls: number;
  readonly openResponses: number;
  /** Set apart for bodies that are being read. */
  readonly bodyBytes: number;
  /** Null: it has none of its own. */
  readonly certificate: CertificateState | null;
}
