// Which untitled documents belong to which session. The editor brings such documents back after a
// reload, so what they belong to is kept as well.

import type { Memory } from './memory';

interface ScratchLink {
  readonly uri: string;
  readonly sessionId: string;
}

const memoryKey = 'rlm.scratches';
const maxKept = 100;

export class ScratchLinks {
  readonly #memory: Memory;
  #links: readonly ScratchLink[];

  constructor(memory: Memory) {
    this.#memory = memory;
    const kept = memory.get(memoryKey);
    this.#links = Array.isArray(kept) ? kept.filter(isScratchLink) : [];
  }

  get uris(): readonly string[] {
    return this.#links.map(({ uri }) => uri);
  }

  find(uri: string): string | undefined {
    return this.#links.find((one) => one.uri === uri)?.sessionId;
  }

  async add(uri: string, sessionId: string): Promise<void> {
    await this.#keep([{ uri, sessionId }, ...this.#others(uri)].slice(0, maxKept));
  }

  async remove(uri: string): Promise<void> {
    if (this.find(uri) !== undefined) {
      await this.#keep(this.#others(uri));
    }
  }

  #others(uri: string): readonly ScratchLink[] {
    return this.#links.filter((one) => one.uri !== uri);
  }

  async #keep(links: readonly ScratchLink[]): Promise<void> {
    this.#links = links;
    await this.#memory.update(memoryKey, links);
  }
}

function isScratchLink(value: unknown): value is ScratchLink {
  return (
    typeof value === 'object' &&
    value !== null &&
    'uri' in value &&
    typeof value.uri === 'string' &&
    'sessionId' in value &&
    typeof value.sessionId === 'string'
  );
}
