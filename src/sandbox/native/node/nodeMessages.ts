// What the host says and hears, over the bytes: messages as those of every worker.

import type { LoadMessage, ToWorker } from '../../../protocol/worker';
import { gateFrame } from '../../worker/frameGate';
import type { ByteChannel } from './byteChannel';
import type { NodeHost } from './nodeHost';

/** A copy of `maxFrameChars`, whose module would bring zod into the guest. */
const maxFrameChars = 10_000_000;
const digits = 16;

interface LoadedSource {
  readonly path: string;
  readonly lines: number;
  readonly text: string;
}

/** A context as strings; null where one is longer than the engine's strings can be. */
export type NodeLoad = Pick<LoadMessage, 'kind' | 'id' | 'variable' | 'contextIndex' | 'shape'> & {
  readonly texts: readonly LoadedSource[] | null;
};

export type ToNode = Exclude<ToWorker, LoadMessage> | NodeLoad;

interface ToldSource {
  readonly path: string;
  readonly lines: number;
  readonly byteLength: number;
}

type Told =
  | (Exclude<ToWorker, LoadMessage> & { readonly byteLength?: number })
  | (Omit<NodeLoad, 'texts'> & { readonly sources: readonly ToldSource[] });

export class NodeMessages {
  readonly #host: NodeHost;
  readonly #channel: ByteChannel;
  #answered: ToWorker | null = null;

  constructor(host: NodeHost, channel: ByteChannel) {
    this.#host = host;
    this.#channel = channel;
  }

  receive(): ToNode {
    if (this.#answered !== null) {
      const reply = this.#answered as Exclude<ToWorker, LoadMessage>; // it answers a call
      this.#answered = null;
      return reply;
    }
    const head = this.#decode(this.#channel.read(digits * 2));
    const told = JSON.parse(
      this.#decode(this.#channel.read(Number(head.slice(0, digits)))),
    ) as Told; // the host's own JSON
    if (told.kind === 'load') {
      const { sources, ...rest } = told;
      return { ...rest, texts: this.#readTexts(sources) };
    }
    const { byteLength, ...message } = told;
    return byteLength === undefined
      ? message
      : ({ ...message, bytes: this.#channel.read(byteLength) } as Exclude<ToWorker, LoadMessage>); // of a reply
  }

  send(json: string): void {
    const gated = gateFrame(json, maxFrameChars);
    switch (gated.kind) {
      case 'pass':
        this.#channel.write(gated.json);
        return;
      case 'answered':
        this.#answered = gated.reply;
        return;
      case 'broken':
        this.#channel.write(
          JSON.stringify({ kind: 'broken', message: 'it said too much at once' }),
        );
        return;
    }
  }

  #readTexts(sources: readonly ToldSource[]): readonly LoadedSource[] | null {
    const texts: LoadedSource[] = [];
    let isWhole = true;
    for (const { path, lines, byteLength } of sources) {
      const bytes = this.#channel.read(byteLength);
      try {
        const text = this.#host.isAscii(bytes)
          ? this.#host.decodeLatin1(bytes, 0, byteLength)
          : this.#decode(bytes);
        texts.push({ path, lines, text });
      } catch {
        isWhole = false; // what is left is still to be read
      }
    }
    return isWhole ? texts : null;
  }

  #decode(bytes: Uint8Array): string {
    return this.#host.decode(bytes, 0, bytes.length);
  }
}
