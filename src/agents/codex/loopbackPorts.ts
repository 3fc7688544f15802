// Which ports of this machine's loopback a thread's settings name: all that a container without a network lets through.

import type { AgentMcpServer } from '../../core/agent/agentDriver';

const loopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})(?:\/|$)/u;

/**
 * `settings`: as a table, or by dotted names. `isModelNear`: the provider that is chosen in them has its address on the
 * loopback. Servers that are commands are started inside, where they reach nothing.
 */
export function findLoopbackPorts(
  settings: Readonly<Record<string, unknown>>,
  servers: Readonly<Record<string, AgentMcpServer>>,
): { readonly reached: readonly number[]; readonly isModelNear: boolean } {
  const flat = flatten(settings, '');
  const provider = flat.get('model_provider');
  const model = toPort(flat.get(`model_providers.${String(provider)}.base_url`));
  const others = Object.values(servers).map(({ reached }) =>
    reached.kind === 'http' ? toPort(reached.url) : null,
  );
  const ports = [model, ...others].filter((port) => port !== null);
  return { reached: [...new Set(ports)], isModelNear: model !== null };
}

function flatten(table: object, prefix: string): ReadonlyMap<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries<unknown>({ ...table })) {
    const full = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      flatten(value, full).forEach((inner, key) => flat.set(key, inner));
    } else {
      flat.set(full, value);
    }
  }
  return flat;
}

function toPort(url: unknown): number | null {
  const port = typeof url === 'string' ? loopback.exec(url)?.[1] : undefined;
  return port === undefined ? null : Number(port);
}
