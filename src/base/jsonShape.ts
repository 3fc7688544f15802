// How large the structure of a JSON text is, before anything is built from it: a short text can hold
// millions of values. One pass, linear in the length of the text, whether or not it is valid JSON.

export interface JsonBounds {
  /** Levels of arrays and objects. */
  readonly maxDepth: number;
  /** Members of all arrays and objects; names of properties do not count. */
  readonly maxValues: number;
}

export type JsonShape = 'fits' | 'too deep' | 'too many values';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

export function checkJsonShape(text: string, bounds: JsonBounds): JsonShape {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = findStringEnd(text, at + 1);
        if (end === -1) {
          return 'fits'; // a parser refuses it at this point
        }
        at = end;
        break;
      }
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        values += 1;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case comma:
        values += 1;
        break;
    }
    if (depth > bounds.maxDepth) {
      return 'too deep';
    }
    if (values > bounds.maxValues) {
      return 'too many values';
    }
  }
  return 'fits';
}

/** Where the quote stands that closes a JSON string, from its first character on; -1: nowhere. Linear. */
export function findStringEnd(text: string, start: number): number {
  let from = start;
  for (;;) {
    const end = text.indexOf('"', from);
    if (end === -1) {
      return -1;
    }
    let slashes = 0;
    while (end - slashes > from && text.charCodeAt(end - slashes - 1) === backslash) {
      slashes += 1;
    }
    if (slashes % 2 === 0) {
      return end;
    }
    from = end + 1;
  }
}
