// What connections there were since it was last taken, alike ones together.

import {
  type NetworkRecord,
  type NetworkUse,
  maxNetworkHostChars,
  maxNetworkReasonChars,
  maxNetworkUses,
} from '../../../core/networkRecord';

export class NetworkLog {
  readonly #uses = new Map<string, NetworkUse>();
  #unlisted = 0;

  add(use: Omit<NetworkUse, 'connections'>): void {
    const host = use.host.slice(0, maxNetworkHostChars).replaceAll(/[^\x20-\x7e]/gu, '?');
    const reason = use.reason?.slice(0, maxNetworkReasonChars) ?? null;
    const key = JSON.stringify([host, use.port, use.verdict, reason]);
    const known = this.#uses.get(key);
    if (!known && this.#uses.size === maxNetworkUses) {
      this.#unlisted += 1;
      return;
    }
    this.#uses.set(key, {
      ...{ ...use, host, reason },
      connections: (known?.connections ?? 0) + 1,
      sentBytes: (known?.sentBytes ?? 0) + use.sentBytes,
      receivedBytes: (known?.receivedBytes ?? 0) + use.receivedBytes,
    });
  }

  /** Null: there were none. */
  take(): NetworkRecord | null {
    const record = { uses: [...this.#uses.values()], unlisted: this.#unlisted };
    this.#uses.clear();
    this.#unlisted = 0;
    return record.uses.length === 0 ? null : record;
  }
}
