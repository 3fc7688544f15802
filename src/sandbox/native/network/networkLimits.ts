// What the code of one session may take of the network.

export interface NetworkLimits {
  readonly maxConnections: number;
  /** Both ways, in the session's life. */
  readonly maxBytes: number;
  readonly maxBytesText: string;
  readonly maxHeadBytes: number;
  /** From a connection's start until its request is whole. */
  readonly headMs: number;
  /** For its name and for a connection each. */
  readonly connectMs: number;
  /** Without a byte either way. */
  readonly idleMs: number;
}

export const networkLimits: NetworkLimits = {
  maxConnections: 64,
  maxBytes: 2 ** 30,
  maxBytesText: 'the session has had its 1,024 MB of network',
  maxHeadBytes: 16_384,
  headMs: 10_000,
  connectMs: 15_000,
  idleMs: 60_000,
};
