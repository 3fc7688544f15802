// Contexts inside a guest: their bytes become the guest's own strings, and those are known again by
// where they are, since comparing such strings by content costs their length.

import type { FromWorker, LoadMessage } from '../../protocol/worker';
import { decodeStart, measureText, writeUnits } from './contextText';
import type { GuestRepl } from './guestRepl';
import type { QuickJs } from './quickJs';

type ContextSizes = NonNullable<Extract<FromWorker, { kind: 'loaded' }>['sizes']>;

interface AddedTexts {
  readonly sizes: ContextSizes;
  /** In the guest's memory. */
  readonly bytes: number;
  /** By source; 0 for empty texts, which are one value to the engine. */
  readonly addresses: readonly number[];
}

const previewChars = 500;
const shownSources = 50;
// As in repl.guest.txt.
const narrowFiller = 'x';
const wideFiller = '\u0100';

export class GuestContexts {
  readonly #engine: QuickJs;
  readonly #repl: GuestRepl;
  /** Numbers of the loaded texts by address. */
  readonly #numbers = new Map<number, number>();
  #textCount = 0;

  constructor(engine: QuickJs, repl: GuestRepl) {
    this.#engine = engine;
    this.#repl = repl;
  }

  findText(address: number): number {
    return this.#numbers.get(address) ?? -1;
  }

  /** Null when there is no memory for it; nothing has changed then. */
  load(message: LoadMessage): Omit<AddedTexts, 'addresses'> | null {
    const added = this.#addTexts(message);
    if (!added) {
      this.#repl.ask('abandonContext', null);
      return null;
    }
    for (const [source, address] of added.addresses.entries()) {
      if (address !== 0) {
        this.#numbers.set(address, this.#textCount + source);
        this.#engine.hashes.addLoaded(address);
      }
    }
    this.#textCount += added.addresses.length;
    const { variable, contextIndex } = message;
    const names = message.sources.map(({ path }) => path);
    const paths = message.shape === 'string' ? null : names;
    this.#repl.ask('commitContext', { variable, contextIndex, paths, names });
    return added;
  }

  #addTexts(message: LoadMessage): AddedTexts | null {
    const sizes = { totalChars: 0, totalLines: 0, sourceChars: [] as number[], preview: '' };
    const addresses: number[] = [];
    let bytes = 0;
    let at = 0;
    for (const { byteLength } of message.sources) {
      const source = message.bytes.subarray(at, at + byteLength);
      at += byteLength;
      const added = this.#addText(source);
      if (!added) {
        return null;
      }
      addresses.push(added.address);
      bytes += added.bytes;
      sizes.totalChars += added.chars;
      sizes.totalLines += added.lines;
      if (sizes.sourceChars.length < shownSources) {
        sizes.sourceChars.push(added.chars);
      }
      sizes.preview += decodeStart(source, previewChars - sizes.preview.length);
    }
    return { sizes, bytes, addresses };
  }

  /** The guest makes a string of the right length, which is then filled in place. */
  #addText(
    source: Uint8Array,
  ): { address: number; bytes: number; chars: number; lines: number } | null {
    const text = measureText(source);
    const { units: chars, lines, width } = text;
    const isWide = width === 'bmp' || width === 'astral';
    const parameters = JSON.stringify({ length: chars, isWide });
    const added = this.#repl.call('addText', this.#engine.createString(parameters));
    if (!added.ok) {
      this.#engine.free(added.error);
      return null;
    }
    let address = 0;
    if (chars > 0) {
      const filler = isWide ? wideFiller : narrowFiller;
      writeUnits(text, this.#engine.strings.open(added.value, chars, filler));
      address = this.#engine.strings.addressOf(added.value);
    }
    this.#engine.free(added.value);
    return { address, bytes: chars * (isWide ? 2 : 1), chars, lines };
  }
}
