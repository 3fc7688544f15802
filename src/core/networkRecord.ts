// What the code of a step, or a command, connected to or wanted to: a part of its record.

/** All connections to one place of the network that went alike. */
export interface NetworkUse {
  /** As it was asked for; empty where that could not be read. */
  readonly host: string;
  /** 0 where that could not be read. */
  readonly port: number;
  readonly verdict: 'allowed' | 'refused' | 'failed';
  /** Why it was refused, failed, or cut before its end; null: it was not. */
  readonly reason: string | null;
  readonly connections: number;
  /** By the code. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface NetworkRecord {
  /** In the order of their first connection; at most `maxNetworkUses`. */
  readonly uses: readonly NetworkUse[];
  /** Connections beyond those. */
  readonly unlisted: number;
}

export const maxNetworkUses = 100;
export const maxNetworkHostChars = 260;
export const maxNetworkReasonChars = 200;

const shownUses = 5;

/** `pypi.org:443 (2 connections, 120 bytes sent, 44,100 received)`, `10.0.0.1:80 refused: …` */
export function toNetworkText({ uses, unlisted }: NetworkRecord): string {
  const shown = uses.slice(0, shownUses).map(toUseText);
  const more = uses.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(unlisted > 0
      ? [`${unlisted.toLocaleString('en-US')} connections that are not listed`]
      : []),
  ].join('; ');
}

/** Whether anything of it went out. */
export function hasUsedNetwork({ uses, unlisted }: NetworkRecord): boolean {
  return unlisted > 0 || uses.some(({ verdict }) => verdict === 'allowed');
}

function toUseText(use: NetworkUse): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  const where = use.host === '' ? 'an unnamed host' : `${use.host}:${use.port}`;
  const times = use.connections === 1 ? '' : ` ${count(use.connections)} times`;
  if (use.verdict !== 'allowed') {
    return `${where} ${use.verdict}${times}${use.reason === null ? '' : `: ${use.reason}`}`;
  }
  const what = [
    use.connections === 1 ? '1 connection' : `${count(use.connections)} connections`,
    `${count(use.sentBytes)} bytes sent`,
    `${count(use.receivedBytes)} received`,
    ...(use.reason === null ? [] : [use.reason]),
  ];
  return `${where} (${what.join(', ')})`;
}
