// Where code may connect to, as the user has set it: rules by name and port, and what each step connected to. Names
// are compared here; whether an address may be reached is judged where it is resolved.

import { RlmError } from './errors';

export interface NetworkHost {
  readonly kind: 'name' | 'ipv4' | 'ipv6';
  /** In lower case without a final dot; an IPv6 address in its one canonical form, without brackets. */
  readonly text: string;
}

export interface NetworkTarget {
  readonly host: NetworkHost;
  readonly port: number;
}

interface NetworkRule {
  readonly host: NetworkHost;
  /** Every name below it, and not itself. */
  readonly isDomain: boolean;
  /** Null: `webPorts`. */
  readonly port: number | null;
}

/** Of a rule that names no port. */
const webPorts: readonly number[] = [80, 443];
const maxRules = 200;
const maxHostChars = 253;

export class NetworkRules {
  readonly #rules: readonly NetworkRule[];

  /** @throws RlmError 'INVALID_INPUT' for a pattern that names nothing clearly. */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns.map(parseRule);
  }

  /** Whether the user has listed it: a name, a name below a domain, or an address. */
  allows({ host, port }: NetworkTarget): boolean {
    return this.#rules.some((rule) => isHostOf(rule, host) && isPortOf(rule, port));
  }

  /** Whether the host is among them with any port: its own, and not only as one below a domain. */
  names(host: string): boolean {
    return this.#rules.some((rule) => !rule.isDomain && rule.host.text === host);
  }
}

/**
 * `none`, or patterns between commas or blanks: `pypi.org`, `*.pythonhosted.org`, `example.org:8443`,
 * `10.0.0.7:8080`, `[fd00::7]:8080`. Empty: none.
 * @throws RlmError 'INVALID_INPUT'
 */
export function parseNetworkPatterns(text: string): readonly string[] {
  const patterns = [...new Set(text.split(/[\s,]+/u).filter((one) => one !== ''))];
  if (patterns.length === 1 && patterns[0]?.toLowerCase() === 'none') {
    return [];
  }
  if (patterns.length > maxRules) {
    throw ruleError(`${patterns.length} patterns`, `at most ${maxRules} are taken`);
  }
  return patterns.map((pattern) => toPattern(parseRule(pattern)));
}

/** As it is written where nothing else could be meant; null: it is no host, or is written in another way. */
export function parseHost(text: string): NetworkHost | null {
  if (text.startsWith('[') && text.endsWith(']')) {
    const address = toCanonicalIpv6(text.slice(1, -1));
    return address === null ? null : { kind: 'ipv6', text: address };
  }
  if (isIpv4(text)) {
    return { kind: 'ipv4', text };
  }
  const name = text.toLowerCase().replace(/\.$/u, '');
  return isName(name) ? { kind: 'name', text: name } : null;
}

/** `host:port`; null: it is not that. */
export function parseTarget(text: string, usualPort: number | null = null): NetworkTarget | null {
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/u.exec(text);
  const host = parseHost(parts?.[1] ?? '');
  const port = parts?.[2] === undefined ? usualPort : Number(parts[2]);
  return host && port !== null && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** `pypi.org:443`, `[fd00::7]:8080` */
export function toTargetText({ host, port }: NetworkTarget): string {
  return `${toHostText(host)}:${port}`;
}

function toHostText({ kind, text }: NetworkHost): string {
  return kind === 'ipv6' ? `[${text}]` : text;
}

function toPattern({ host, isDomain, port }: NetworkRule): string {
  return `${isDomain ? '*.' : ''}${toHostText(host)}${port === null ? '' : `:${port}`}`;
}

function isHostOf({ host, isDomain }: NetworkRule, { kind, text }: NetworkHost): boolean {
  return isDomain
    ? kind === 'name' && text.endsWith(`.${host.text}`)
    : kind === host.kind && text === host.text;
}

function isPortOf(rule: NetworkRule, port: number): boolean {
  return rule.port === null ? webPorts.includes(port) : rule.port === port;
}

function parseRule(pattern: string): NetworkRule {
  const isDomain = pattern.startsWith('*.');
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/u.exec(
    isDomain ? pattern.slice(2) : pattern,
  );
  const host = parseHost(toAscii(parts?.[1] ?? ''));
  const port = parts?.[2] === undefined ? null : Number(parts[2]);
  if (host === null || (port !== null && (port < 1 || port > 65_535))) {
    throw ruleError(JSON.stringify(pattern.slice(0, maxHostChars)), 'it names no host');
  }
  if (isDomain && (host.kind !== 'name' || !host.text.includes('.'))) {
    throw ruleError(JSON.stringify(pattern), 'a wildcard needs a domain of two parts or more');
  }
  return { host, isDomain, port };
}

/** A name of other scripts as the network has it. */
function toAscii(name: string): string {
  if (!/[^\x20-\x7e]/u.test(name)) {
    return name;
  }
  try {
    return new URL(`http://${name}`).hostname;
  } catch {
    return '';
  }
}

/** Decimal, each part without a leading zero: other notations mean other addresses to other programs. */
function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return (
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/u.test(part) && +part <= 255)
  );
}

/** Null where it has a zone, or is none. */
function toCanonicalIpv6(text: string): string | null {
  if (!/^[0-9a-f:.]{2,45}$/iu.test(text)) {
    return null;
  }
  try {
    return new URL(`http://[${text}]`).hostname.slice(1, -1);
  } catch {
    return null;
  }
}

/** Nothing that a resolver takes for a number: `2130706433`, `0x7f.1`, `127.1`. */
function isName(text: string): boolean {
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  return (
    text.length <= maxHostChars &&
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/u.test(label)) &&
    !/^(?:\d+|0x[0-9a-f]*)$/u.test(last)
  );
}

function ruleError(what: string, why: string): RlmError {
  return new RlmError('INVALID_INPUT', `${what} cannot be allowed as a network: ${why}.`, {
    nextStep:
      'Set rlm.sandbox.network (RLM_SANDBOX_NETWORK) to none, or to hosts such as pypi.org, *.pythonhosted.org or 10.0.0.7:8080.',
  });
}
