// What a JSON-RPC message is and its id, from its first and last bytes alone: for messages that are not parsed,
// being too large or nested too deeply. Only whole members of the outermost object count, so that nothing
// within `params` is taken for them. Time and memory are bounded by the ends that are given.

import type { RequestId } from '@modelcontextprotocol/sdk/types.js';
import { findStringEnd } from '../base/jsonShape';

export interface Envelope {
  /** `unknown`: the ends do not tell, or it is no single message. */
  readonly kind: 'request' | 'response' | 'unknown';
  readonly id: RequestId | null;
}

/** Names to the JSON of scalar values; null: an array or object. */
type Members = Map<string, string | null>;

/** Longer ones are not looked at. */
const windowBytes = 64 * 1024;
const unknownEnvelope: Envelope = { kind: 'unknown', id: null };

/** `head` and `tail`: of one message's bytes; each may be all of it. */
export function scanEnvelope(head: Uint8Array, tail: Uint8Array): Envelope {
  const first = toBytesText(head.subarray(0, windowBytes));
  const last = toBytesText(tail.subarray(Math.max(0, tail.length - windowBytes)));
  const [from, back] = [scanForward(first), scanBackward(last)];
  if (!from || !back) {
    return unknownEnvelope;
  }
  const members: Members = new Map([...from, ...back]); // a name given twice has its last value, as in JSON.parse
  const isResponse = members.has('result') || members.has('error');
  const id = parseId(members.get('id'));
  if (id === null || members.has('method') === isResponse) {
    return unknownEnvelope;
  }
  return { kind: isResponse ? 'response' : 'request', id };
}

/** A character a byte. */
function toBytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

const space = ' \t\r\n';
const word = /[-+.\w]/u;

/** Null where no object begins. */
function scanForward(source: string): Members | null {
  const members: Members = new Map();
  const scanner = new Scanner(source, 1);
  if (!scanner.take('{')) {
    return null;
  }
  for (;;) {
    const key = scanner.takeText();
    if (key === null || !scanner.take(':')) {
      return members;
    }
    const scalar = scanner.takeText() ?? scanner.takeWord();
    // The name counts even where the value goes on beyond what is given.
    members.set(parseText(key) ?? key, scalar);
    if ((scalar === null && !scanner.skipNested()) || !scanner.take(',')) {
      return members;
    }
  }
}

/** Null where no object ends. */
function scanBackward(source: string): Members | null {
  const members: Members = new Map();
  const scanner = new Scanner(source, -1);
  if (!scanner.take('}')) {
    return null;
  }
  for (;;) {
    const scalar = scanner.takeText() ?? scanner.takeWord();
    if ((scalar === null && !scanner.skipNested()) || !scanner.take(':')) {
      return members;
    }
    const key = scanner.takeText();
    // A name may begin before what is given, where no comma or brace is seen before it.
    const isFirst = scanner.take('{');
    if (key === null || (!isFirst && !scanner.take(','))) {
      return members;
    }
    const name = parseText(key) ?? key;
    if (!members.has(name)) {
      members.set(name, scalar);
    }
    if (isFirst) {
      return members;
    }
  }
}

/** Reads the parts of JSON one after another, from its first character on, or from its last one back. */
class Scanner {
  readonly #source: string;
  readonly #step: 1 | -1;
  #at: number;

  constructor(source: string, step: 1 | -1) {
    this.#source = source;
    this.#step = step;
    this.#at = step === 1 ? 0 : source.length - 1;
  }

  /** False, and no move but over spaces, where `character` does not stand here. */
  take(character: string): boolean {
    this.#skipSpace();
    const isHere = this.#source[this.#at] === character;
    this.#at += isHere ? this.#step : 0;
    return isHere;
  }

  /** A string with its quotes; null where none stands here, or it goes on beyond the source. */
  takeText(): string | null {
    this.#skipSpace();
    const other = this.#source[this.#at] === '"' ? this.#findOtherQuote() : -1;
    return other < 0 ? null : this.#takeTo(other);
  }

  /** A number, `true`, `false` or `null` that ends within the source. */
  takeWord(): string | null {
    this.#skipSpace();
    let end = this.#at;
    while (word.test(this.#source[end] ?? '')) {
      end += this.#step;
    }
    const isWhole = end !== this.#at && this.#source[end] !== undefined;
    return isWhole ? this.#takeTo(end - this.#step) : null;
  }

  /** Over one array or object; false where none stands here, or it goes on beyond the source. */
  skipNested(): boolean {
    const [opens, closes] = this.#step === 1 ? ['{[', '}]'] : ['}]', '{['];
    let depth = 0;
    do {
      const character = this.#source[this.#at];
      if (character === undefined || (depth === 0 && !opens.includes(character))) {
        return false;
      }
      if (character === '"') {
        if (this.takeText() === null) {
          return false;
        }
      } else {
        depth += opens.includes(character) ? 1 : closes.includes(character) ? -1 : 0;
        this.#at += this.#step;
      }
    } while (depth > 0);
    return true;
  }

  #takeTo(last: number): string {
    const taken =
      this.#step === 1
        ? this.#source.slice(this.#at, last + 1)
        : this.#source.slice(last, this.#at + 1);
    this.#at = last + this.#step;
    return taken;
  }

  #findOtherQuote(): number {
    if (this.#step === 1) {
      return findStringEnd(this.#source, this.#at + 1);
    }
    for (let at = this.#source.lastIndexOf('"', this.#at - 1); at > 0;) {
      let before = at - 1;
      while (this.#source[before] === '\\') {
        before -= 1;
      }
      if (before < 0) {
        return -1; // whether the quote is escaped is not seen
      }
      if ((at - before) % 2 === 1) {
        return at;
      }
      at = this.#source.lastIndexOf('"', before);
    }
    return -1;
  }

  #skipSpace(): void {
    while (space.includes(this.#source[this.#at] ?? 'end')) {
      this.#at += this.#step;
    }
  }
}

/** Null for what is no JSON string of UTF-8. */
function parseText(json: string): string | null {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const parsed: unknown = JSON.parse(decoder.decode(Buffer.from(json, 'latin1')));
    return typeof parsed === 'string' ? parsed : null;
  } catch {
    return null;
  }
}

function parseId(json: string | null | undefined): RequestId | null {
  if (json?.startsWith('"')) {
    return parseText(json);
  }
  const id = /^-?(?:0|[1-9]\d*)$/u.test(json ?? '') ? Number(json) : NaN;
  return Number.isSafeInteger(id) ? id : null;
}
